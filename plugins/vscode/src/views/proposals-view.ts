import type { Record } from '../../../../sdk/model.ts'
import { counted } from '../model/instants.ts'
import { moreRows } from '../model/more-row.ts'
import { PagedList } from '../model/paged-list.ts'
import { isOwn, proposalRow } from '../model/record-rows.ts'
import type { RowIcon, StoreView, TreeNode } from '../model/rows.ts'
import { type CurrentClient, recordPages } from '../model/store-reads.ts'

/** Proposals by what can be done about them: what waits for the reader comes first. */
export function proposalsView(client: CurrentClient): StoreView {
  const listOf = (where: { readonly status: string | { readonly in: string[] } }) =>
    new PagedList(recordPages(client, { type, fields, where }), { pageSize: 100 })
  const pending = listOf({ status: 'pending' })
  const approved = listOf({ status: 'approved' })
  const drafts = listOf({ status: 'draft' })
  const decided = listOf({ status: { in: over } })
  return {
    concerns: (changed) => changed === type,
    roots: async () => {
      await Promise.all([pending, approved, drafts].map((list) => list.load()))
      await decided.load()
      const reader = { principal: client().server.principal, now: new Date() }
      const own = pending.items.filter((record) => isOwn(record, reader.principal))
      const waiting = pending.items.filter((record) => !isOwn(record, reader.principal))
      const groups: Group[] = [
        {
          key: 'waiting',
          label: 'Waiting for Me',
          icon: waitingIcon,
          records: waiting,
          list: pending,
        },
        {
          key: 'approved',
          label: 'Approved',
          icon: approvedIcon,
          records: approved.items,
          list: approved,
        },
        { key: 'own', label: 'Waiting for Others', icon: { name: 'clock' }, records: own },
        {
          key: 'drafts',
          label: 'Drafts',
          icon: { name: 'edit' },
          records: drafts.items,
          list: drafts,
        },
        {
          key: 'decided',
          label: 'Done',
          icon: { name: 'history' },
          records: decided.items,
          list: decided,
        },
      ]
      return groups
        .filter(({ key, records }) => records.length > 0 || key === 'waiting')
        .filter((_, __, all) => all.length > 1 || waiting.length > 0)
        .map((group) => groupNode(group, (record) => proposalRow(record, group.key, reader)))
    },
  }
}

interface Group {
  readonly key: string
  readonly label: string
  readonly icon: RowIcon
  readonly records: readonly Record[]
  readonly list?: PagedList<Record>
}

function groupNode(group: Group, toRow: (record: Record) => TreeNode['row']): TreeNode {
  const { key, label, icon, records, list } = group
  const more = list?.more === 'none' ? '' : '+'
  const counts = `${records.length}${list === undefined ? '' : more}`
  return {
    row: {
      key,
      label,
      description: counts,
      spoken: `${label}, ${counted(records.length, 'proposal')}`,
      icon,
    },
    open: key === 'waiting' || key === 'approved',
    children: async () => [
      ...records.map((record) => ({ row: toRow(record) })),
      ...(list === undefined ? [] : moreRows(key, list)),
    ],
  }
}

const type = 'Proposal'
const fields = ['status', 'reason', 'actionType', 'priority', 'submittedBy']
const over = ['rejected', 'executed', 'failed', 'cancelled', 'expired', 'stale']
const waitingIcon: RowIcon = { name: 'git-pull-request', colour: 'charts.yellow' }
const approvedIcon: RowIcon = { name: 'pass', colour: 'charts.green' }
