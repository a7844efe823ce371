/** What the commands about record types do. */
import { GetType, ListTypes } from '../../../sdk/protocol/types.ts'
import type { Action } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import { printResult, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'

/** `orion types` */
export const listTypes: Action<GlobalFlags, []> = async (cli, flags) => {
  const value = await withClient(cli, flags, (client) => client.request(ListTypes, { count: true }))
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/type-text.ts')).typeTable(value, styleOf(cli)),
  })
  return 0
}

/** `orion types show` */
export const showType: Action<GlobalFlags, [string]> = async (cli, flags, type) => {
  const value = await withClient(cli, flags, (client) => client.request(GetType, { type }))
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/type-text.ts')).typeText(value, styleOf(cli)),
  })
  return 0
}
