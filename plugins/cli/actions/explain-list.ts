import { ExplainRecords } from '../../../sdk/protocol/explain.ts'
import type { Action } from '../command.ts'
import { defined, unlessEmpty } from '../defined.ts'
import type { ExplainFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { readObject } from '../read-argument.ts'
import { withClient } from '../store-client.ts'

/** `orion explain` */
export const explainList: Action<ExplainFlags, [string]> = async (cli, flags, type) => {
  const { order, limit, after, lifecycle, verbose } = flags
  const where =
    flags.where === undefined ? undefined : await readObject(cli, '--where', flags.where)
  const value = await withClient(cli, flags, (client) =>
    client.request(ExplainRecords, {
      type,
      ...defined({ where, orderBy: unlessEmpty(order), limit, after }),
      ...defined({ lifecycle: unlessEmpty(lifecycle) }),
    }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => {
      const { explanationText } = await import('../present/explanation.ts')
      return explanationText(value, { ...styleOf(cli), verbose })
    },
  })
  return 0
}
