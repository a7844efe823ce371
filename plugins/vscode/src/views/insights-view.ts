import type { Record } from '../../../../sdk/model.ts'
import { counted } from '../model/instants.ts'
import { moreRows } from '../model/more-row.ts'
import { PagedList } from '../model/paged-list.ts'
import { insightRow } from '../model/record-rows.ts'
import type { RowIcon, StoreView, TreeNode } from '../model/rows.ts'
import { type CurrentClient, countGroups, recordPages } from '../model/store-reads.ts'
import { visibleLine } from '../model/visible-text.ts'

/** What was learned: the newest, and by domain the surest first. */
export function insightsView(client: CurrentClient): StoreView {
  const newest = new PagedList(recordPages(client, { type, fields }), { pageSize: 20 })
  const domains = new Map<string, PagedList<Record>>()
  return {
    concerns: (changed) => changed === type,
    roots: async () => {
      const groups = await countGroups(client, type, 'domain')
      if (groups.length === 0) return []
      const shown = groups.slice(0, domainsMax)
      const names = new Set(shown.map(({ value }) => value))
      for (const name of domains.keys()) if (!names.has(name)) domains.delete(name)
      const hidden = groups.length - shown.length
      return [
        insightGroup({ key: 'newest', label: 'Newest', icon: { name: 'history' } }, newest, true),
        ...shown.map(({ value, count }) => {
          const row = {
            key: `domain/${value}`,
            label: visibleLine(value, 80) || '(no domain)',
            description: count.toLocaleString('en'),
            spoken: `${visibleLine(value, 80)}, ${counted(count, 'insight')}`,
            icon: { name: 'folder' },
          }
          return insightGroup(row, domainList(value))
        }),
        ...(hidden === 0 ? [] : [tooManyDomains(hidden)]),
      ]
    },
  }

  function domainList(domain: string): PagedList<Record> {
    const there = domains.get(domain)
    if (there !== undefined) return there
    const selection = { type, fields, where: { domain }, orderBy: surestFirst }
    const list = new PagedList(recordPages(client, selection), { pageSize: 100 })
    domains.set(domain, list)
    return list
  }
}

function insightGroup(
  row: TreeNode['row'] & { readonly icon: RowIcon },
  list: PagedList<Record>,
  open = false,
): TreeNode {
  return {
    row,
    open,
    children: async () => {
      await list.load()
      const now = new Date()
      const rows = list.items.map((record) => ({ row: insightRow(record, row.key, now) }))
      return [...rows, ...moreRows(row.key, list)]
    },
  }
}

function tooManyDomains(hidden: number): TreeNode {
  const label = `${counted(hidden, 'further domain')}: search for it…`
  return { row: { key: 'domains', label, icon: { name: 'search' }, command: 'search' } }
}

const type = 'OrionInsight'
const fields = ['summary', 'domain', 'tags', 'confidenceScore']
const surestFirst = [{ field: 'confidenceScore', direction: 'desc' }] as const
/** Most domains that are shown, the largest first. */
const domainsMax = 200
