/** What the commands that read records do. */
import {
  CountRecords,
  GetRecord,
  ListRecords,
  RecordHistory,
} from '../../../sdk/protocol/records.ts'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import { defined, unlessEmpty } from '../defined.ts'
import type { CountFlags, GetFlags, HistoryFlags, ListFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { readObject } from '../read-argument.ts'
import { withClient } from '../store-client.ts'

/** `orion get` */
export const getRecord: Action<GetFlags, [string, string]> = async (cli, flags, type, id) => {
  const { version, expand } = flags
  const value = await withClient(cli, flags, (client) =>
    client.request(GetRecord, { type, id, ...defined({ version, expand: unlessEmpty(expand) }) }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => {
      const { recordText } = await import('../present/record.ts')
      const { expansionText } = await import('../present/record-line.ts')
      return recordText(value, styleOf(cli)) + expansionText(value, styleOf(cli))
    },
  })
  return 0
}

/** `orion list` */
export const listRecords: Action<ListFlags, [string]> = async (cli, flags, type) => {
  const { order, limit, after, lifecycle, fields, expand } = flags
  const where = await readWhere(cli, flags.where)
  const value = await withClient(cli, flags, (client) =>
    client.request(ListRecords, {
      type,
      ...where,
      ...defined({ orderBy: unlessEmpty(order), limit, after }),
      ...defined({ lifecycle: unlessEmpty(lifecycle), fields: unlessEmpty(fields) }),
      ...defined({ expand: unlessEmpty(expand) }),
    }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => {
      const { recordTable } = await import('../present/record-table.ts')
      const { expansionText } = await import('../present/record-line.ts')
      const table = recordTable({ type, page: value, fields: unlessEmpty(fields) }, styleOf(cli))
      return table + expansionText(value, styleOf(cli))
    },
  })
  return 0
}

/** `orion count` */
export const countRecords: Action<CountFlags, [string]> = async (cli, flags, type) => {
  const { groupBy, lifecycle } = flags
  const where = await readWhere(cli, flags.where)
  const value = await withClient(cli, flags, (client) =>
    client.request(CountRecords, {
      type,
      ...where,
      ...defined({ groupBy, lifecycle: unlessEmpty(lifecycle) }),
    }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/record-table.ts')).countText(value, styleOf(cli)),
  })
  return 0
}

/** `orion history` */
export const showHistory: Action<HistoryFlags, [string, string]> = async (cli, flags, type, id) => {
  const { limit, after } = flags
  const value = await withClient(cli, flags, (client) =>
    client.request(RecordHistory, { type, id, ...defined({ limit, after }) }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/history.ts')).historyText(value, styleOf(cli)),
  })
  return 0
}

async function readWhere(cli: Cli, where: string | undefined) {
  return where === undefined ? {} : { where: await readObject(cli, '--where', where) }
}
