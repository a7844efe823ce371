import type { Record } from '../../../../sdk/model.ts'
import { counted } from '../model/instants.ts'
import { type JobState, jobRunOf } from '../model/job-board.ts'
import { jobRow, runningRow, runRow } from '../model/job-rows.ts'
import { moreRows } from '../model/more-row.ts'
import { PagedList } from '../model/paged-list.ts'
import type { RowIcon, StoreView, TreeNode } from '../model/rows.ts'
import { type CurrentClient, recordPages } from '../model/store-reads.ts'
import type { StoreSummary } from '../model/store-summary.ts'

/** The jobs of a store: what runs, what fails, what is flaky, and all. Told from what the summary has read. */
export function jobsView(summary: StoreSummary, client: CurrentClient): StoreView {
  const runs = new RunLists(client)
  return {
    concerns: (type) => type === 'JobResult' || type === 'OrionActionLog',
    roots: async () => {
      const { jobs, running, failing } = summary
      if (jobs.length === 0 && running.length === 0) return []
      const groups = [
        { key: 'failing', label: 'Failing', icon: failingIcon, jobs: failing },
        { key: 'flaky', label: 'Flaky', icon: flakyIcon, jobs: jobs.filter((job) => job.isFlaky) },
        { key: 'all', label: 'All Jobs', icon: { name: 'list-unordered' }, jobs },
      ]
      return [
        {
          row: { key: 'running', ...grouped('Running', running.length), icon: runningIcon },
          open: true,
          children: async () => running.map((job) => ({ row: runningRow(job, new Date()) })),
        },
        ...groups.map(({ key, label, icon, jobs: members }) => ({
          row: { key, ...grouped(label, members.length), icon },
          open: key !== 'all',
          children: async () => [
            ...members.slice(0, jobsMax).map((job) => jobNode(job, key, runs)),
            ...(key === 'flaky' ? [] : moreRows(key, summary.results)),
          ],
        })),
      ]
    },
  }
}

function grouped(label: string, count: number) {
  return { label, description: String(count), spoken: `${label}, ${counted(count, 'job')}` }
}

function jobNode(job: JobState, group: string, runs: RunLists): TreeNode {
  return {
    row: jobRow(job, group, new Date()),
    children: async () => {
      const list = await runs.of(job.jobId)
      const now = new Date()
      const rows = list.items.map((record) => ({ row: runRow(jobRunOf(record), group, now) }))
      return [...rows, ...moreRows(`${group}/${job.jobId}`, list)]
    },
  }
}

/** The lists of runs that are open: of so many jobs, of the others it starts again. */
class RunLists {
  readonly #client: CurrentClient
  readonly #lists = new Map<string, PagedList<Record>>()

  constructor(client: CurrentClient) {
    this.#client = client
  }

  async of(jobId: string): Promise<PagedList<Record>> {
    const list = this.#lists.get(jobId) ?? this.#begin(jobId)
    await list.load()
    return list
  }

  #begin(jobId: string): PagedList<Record> {
    const oldest = this.#lists.keys().next()
    if (this.#lists.size >= listsMax && !oldest.done) this.#lists.delete(oldest.value)
    const selection = { type: 'JobResult', where: { jobId }, fields: runFields }
    const list = new PagedList(recordPages(this.#client, selection), { pageSize: 20 })
    this.#lists.set(jobId, list)
    return list
  }
}

const runFields = ['jobId', 'runId', 'attempt', 'status', 'metrics']
const failingIcon: RowIcon = { name: 'error', colour: 'testing.iconFailed' }
const flakyIcon: RowIcon = { name: 'warning', colour: 'list.warningForeground' }
const runningIcon: RowIcon = { name: 'sync', colour: 'testing.iconQueued' }
/** Most jobs of one group, and most jobs whose runs are remembered as open. */
const jobsMax = 1_000
const listsMax = 200
