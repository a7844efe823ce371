/** What `orion search` does. */
import { SearchRecords } from '../../../sdk/protocol/search.ts'
import type { Action } from '../command.ts'
import { defined, unlessEmpty } from '../defined.ts'
import type { SearchFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { readObject } from '../read-argument.ts'
import { withClient } from '../store-client.ts'

/** `orion search` */
export const searchRecords: Action<SearchFlags, string[]> = async (cli, flags, ...words) => {
  const { type, where, limit, after, lifecycle } = flags
  const filter = where === undefined ? undefined : await readObject(cli, '--where', where)
  const value = await withClient(cli, flags, (client) =>
    client.request(SearchRecords, {
      query: words.join(' '),
      highlight: true,
      ...defined({ types: unlessEmpty(type), where: filter, limit, after }),
      ...defined({ lifecycle: unlessEmpty(lifecycle) }),
    }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/found.ts')).foundText(value, styleOf(cli)),
  })
  return 0
}
