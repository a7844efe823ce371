/** What the commands that compare versions of a record do. */
import type { Client } from '../../../sdk/client/client.ts'
import { differencesBetween } from '../../../sdk/data-difference.ts'
import { BlameRecord, GetRecord } from '../../../sdk/protocol/records.ts'
import type { Action } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import { printResult, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion diff` */
export const showDifference: Action<GlobalFlags, [string, string, number?, number?]> = async (
  cli,
  flags,
  type,
  id,
  from,
  to,
) => {
  const value = await withClient(cli, flags, async (client) => {
    const after = await readVersion(client, { type, id, version: to })
    const version = from ?? after.version - 1
    if (version < 1) {
      throw new UsageError(`${type} ${id} has one version only`, {
        remedy: 'there is nothing to compare it with; `orion get` shows it',
      })
    }
    const before = await readVersion(client, { type, id, version })
    const fields = differencesBetween(before.data, after.data)
    return { type, id, from: before.version, to: after.version, fields }
  })
  await printResult(cli, flags, {
    value,
    people: async () =>
      (await import('../present/difference.ts')).differenceText(value, styleOf(cli)),
  })
  return 0
}

/** `orion blame` */
export const showBlame: Action<GlobalFlags, [string, string]> = async (cli, flags, type, id) => {
  const { blame, record } = await withClient(cli, flags, async (client) => {
    const blame = await client.request(BlameRecord, { type, id })
    return { blame, record: await readVersion(client, { type, id, version: blame.version }) }
  })
  await printResult(cli, flags, {
    value: blame,
    people: async () =>
      (await import('../present/blame.ts')).blameText(blame, record.data, styleOf(cli)),
  })
  return 0
}

async function readVersion(
  client: Client,
  { type, id, version }: { type: string; id: string; version: number | undefined },
) {
  return await client.request(GetRecord, {
    type,
    id,
    ...(version === undefined ? {} : { version }),
  })
}
