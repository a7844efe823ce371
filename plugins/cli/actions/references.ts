/** What the commands about references do. */
import { RecordReferrers } from '../../../sdk/protocol/references.ts'
import type { Action } from '../command.ts'
import { defined, unlessEmpty } from '../defined.ts'
import type { ReferrersFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'

/** `orion referrers` */
export const showReferrers: Action<ReferrersFlags, [string, string]> = async (
  cli,
  flags,
  type,
  id,
) => {
  const { from, field, limit, after, lifecycle } = flags
  const value = await withClient(cli, flags, (client) =>
    client.request(RecordReferrers, {
      type,
      id,
      ...defined({ from, field, limit, after, lifecycle: unlessEmpty(lifecycle) }),
    }),
  )
  await printResult(cli, flags, {
    value,
    people: async () =>
      (await import('../present/record-line.ts')).referrersText(value, styleOf(cli)),
  })
  return 0
}
