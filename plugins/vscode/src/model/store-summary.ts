import { isOrionError } from '../../../../sdk/errors.ts'
import type { Record } from '../../../../sdk/model.ts'
import {
  type JobRun,
  type JobState,
  jobRunOf,
  jobsOf,
  type RunningJob,
  runningJobOf,
} from './job-board.ts'
import { PagedList } from './paged-list.ts'
import { isOwn } from './record-rows.ts'
import { type CurrentClient, recordPages } from './store-reads.ts'

/** What a store’s state is about, in a few numbers, and what is new since the last look. */
export interface SummaryNews {
  /** Results that did not succeed and were not there before, newest first. */
  readonly failures: readonly JobRun[]
  /** Proposals that wait for this reader and did not before, newest first. */
  readonly proposals: readonly Record[]
}

/**
 * How the jobs of a store are and what waits for its reader: read as a whole, within bounds, and so the same however many
 * events led to it. The first look is no news.
 */
export class StoreSummary {
  readonly #results: PagedList<Record>
  readonly #running: PagedList<Record>
  readonly #waiting: PagedList<Record>
  readonly #principal: () => string
  #jobs: readonly JobState[] = []
  #failures: ReadonlyMap<string, JobRun> | undefined
  #known: ReadonlySet<string> | undefined
  #newestResult = ''

  constructor(client: CurrentClient) {
    const pages = { pageSize: resultsPage, max: resultsMax }
    this.#results = new PagedList(recordPages(client, jobResults), pages)
    this.#running = new PagedList(recordPages(client, runningLogs), { pageSize: 100, max: 500 })
    this.#waiting = new PagedList(recordPages(client, pendingProposals), {
      pageSize: 200,
      max: 1_000,
    })
    this.#principal = () => client().server.principal
  }

  /** The jobs behind the newest results. */
  get jobs(): readonly JobState[] {
    return this.#jobs
  }

  get running(): readonly RunningJob[] {
    return this.#running.items.map(runningJobOf)
  }

  /** Jobs that failed or were stopped when they ran last. */
  get failing(): readonly JobState[] {
    return this.#jobs.filter(({ isFailing }) => isFailing)
  }

  /** Pending proposals that somebody else made. */
  get waiting(): readonly Record[] {
    const principal = this.#principal()
    return this.#waiting.items.filter((record) => !isOwn(record, principal))
  }

  /** The results that were looked at; more can be asked for. */
  get results(): PagedList<Record> {
    return this.#results
  }

  /** Whether what happened to records of a type matters here. */
  static concerns(type: string): boolean {
    return type === 'JobResult' || type === 'Proposal' || type === 'OrionActionLog'
  }

  /** Looks again at what may have changed, and tells what is new. @throws what reading throws. */
  async refresh(types: ReadonlySet<string>): Promise<SummaryNews> {
    const jobsMoved = types.has('JobResult')
    await Promise.all([
      ...(jobsMoved ? [loadReadable(this.#results)] : []),
      ...(types.has('OrionActionLog') ? [loadReadable(this.#running)] : []),
      ...(types.has('Proposal') ? [loadReadable(this.#waiting)] : []),
    ])
    const failures = jobsMoved ? this.#takeResults() : []
    const proposals = types.has('Proposal') ? this.#takeProposals() : []
    return { failures, proposals }
  }

  #takeResults(): JobRun[] {
    const runs = this.#results.items.map(jobRunOf)
    this.#jobs = jobsOf(runs)
    const before = this.#failures
    const newest = this.#newestResult
    const failed = runs.filter(({ status }) => status !== 'SUCCESS')
    this.#failures = new Map(failed.map((run) => [run.id, run]))
    this.#newestResult = runs[0]?.endedAt ?? newest
    if (before === undefined) return []
    // What more pages brought is not new, only older.
    return failed.filter((run) => !before.has(run.id) && run.endedAt >= newest)
  }

  #takeProposals(): Record[] {
    const { waiting } = this
    const before = this.#known
    this.#known = new Set(waiting.map(({ id }) => id))
    return before === undefined ? [] : waiting.filter(({ id }) => !before.has(id))
  }
}

/** What a token may not read is as if it were not there. */
async function loadReadable(list: PagedList<Record>): Promise<void> {
  try {
    await list.load()
  } catch (error) {
    if (!isOrionError(error, 'forbidden')) throw error
    list.reset()
  }
}

const jobResults = {
  type: 'JobResult',
  fields: ['jobId', 'runId', 'attempt', 'status', 'metrics'],
} as const
const runningLogs = {
  type: 'OrionActionLog',
  where: { actionType: 'run', status: 'PENDING' },
  fields: ['parameters', 'status', 'actionType'],
} as const
const pendingProposals = {
  type: 'Proposal',
  where: { status: 'pending' },
  fields: ['status', 'reason', 'actionType', 'priority', 'submittedBy'],
} as const

/** How many of the newest results the jobs are told from at first, and at most. */
const resultsPage = 500
const resultsMax = 2_000
