import type { Record } from '../../../../sdk/model.ts'
import { moreRows } from '../model/more-row.ts'
import { PagedList } from '../model/paged-list.ts'
import { logRow, patternRow } from '../model/record-rows.ts'
import type { Row, StoreView } from '../model/rows.ts'
import { type CurrentClient, type RecordSelection, recordPages } from '../model/store-reads.ts'

/** The log of actions, newest first. */
export function logView(client: CurrentClient): StoreView {
  const fields = ['actionType', 'status', 'error', 'durationMs', 'agentId', 'affectedIds']
  return listView(client, { type: 'OrionActionLog', fields }, logRow)
}

/** The patterns, those used most often first. */
export function patternsView(client: CurrentClient): StoreView {
  return listView(
    client,
    {
      type: 'OrionPattern',
      fields: ['trigger', 'frequencyCount', 'successRate'],
      orderBy: [{ field: 'frequencyCount', direction: 'desc' }],
    },
    (record, now) => patternRow(record, 'patterns', now),
  )
}

/** One list of records of one type, page by page. */
function listView(
  client: CurrentClient,
  selection: RecordSelection,
  toRow: (record: Record, now: Date) => Row,
): StoreView {
  const list = new PagedList(recordPages(client, selection), { pageSize: 100 })
  return {
    concerns: (type) => type === selection.type,
    roots: async () => {
      await list.load()
      const now = new Date()
      const rows = list.items.map((record) => ({ row: toRow(record, now) }))
      return [...rows, ...moreRows(selection.type, list)]
    },
  }
}
