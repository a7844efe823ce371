import type { Client } from '../../sdk/client/client.ts'
import type { Page } from '../../sdk/client/queries.ts'
import type { Repository } from '../../sdk/client/repository.ts'
import type { Record } from '../../sdk/model.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { JobResult } from './record-types.ts'
import { type PageOf, usualLimit } from './selection.ts'

/** How the newest runs of a job went. Attempts of one `runId` are one run; a result without one is a run of its own. */
export interface JobHealth {
  /** How many runs were looked at. */
  readonly runs: number
  /** Runs whose newest attempt ended so. */
  readonly succeeded: number
  readonly failed: number
  readonly blocked: number
  /** Runs of which one attempt failed and another one succeeded. */
  readonly flaky: number
  /** `flaky` of `runs`, from 0 to 1; 0 without runs. */
  readonly flakeRate: number
}

/** The results of jobs, each run of which has one of its own. */
export class JobResults {
  /** Everything else that can be done with these records. */
  readonly records: Repository<typeof JobResult>

  constructor(client: Client) {
    this.records = client.repository(JobResult)
  }

  /** The newest result of a job; undefined if it never ran. */
  async latest(
    jobId: string,
    page: Omit<PageOf<typeof JobResult>, 'limit' | 'after'> = {},
  ): Promise<Record<RecordData<typeof JobResult>> | undefined> {
    const { records } = await this.records.list({ ...page, where: { jobId }, orderBy, limit: 1 })
    return records[0]
  }

  /** A page of the results of a job, newest first. */
  async byJob(jobId: string, page: PageOf<typeof JobResult> = {}): Promise<Page<typeof JobResult>> {
    return await this.records.list({ limit: usualLimit, ...page, where: { jobId }, orderBy })
  }

  /** The attempts of one run, first to last. */
  async attempts(
    runId: string,
    page: Omit<PageOf<typeof JobResult>, 'limit' | 'after'> = {},
  ): Promise<Record<RecordData<typeof JobResult>>[]> {
    const found: Record<RecordData<typeof JobResult>>[] = []
    const order = [{ field: 'attempt' }, { field: 'createdAt' }] as const
    const all = this.records.listAll({ ...page, where: { runId }, orderBy: order })
    for await (const result of all) found.push(result)
    return found
  }

  /** How the job did, by its newest `results` results: 100 unless said otherwise, at most 1000. */
  async health(
    jobId: string,
    {
      results = usualLimit,
      ...page
    }: { readonly results?: number } & Omit<PageOf<typeof JobResult>, 'limit' | 'after'> = {},
  ): Promise<JobHealth> {
    const { records } = await this.records.list({
      ...page,
      where: { jobId },
      orderBy,
      limit: results,
      fields: ['runId', 'status'],
    })
    const runs = new Map<string, Status[]>()
    for (const { id, data } of records) {
      // A result's own id is no run's, but for a program that made it so: the prefix keeps them apart.
      const run = data.runId === undefined ? `result ${id}` : `run ${data.runId}`
      runs.set(run, [...(runs.get(run) ?? []), data.status])
    }
    const ended = [...runs.values()]
    const endedAs = (status: Status): number => ended.filter(([last]) => last === status).length
    const isFlaky = (statuses: Status[]): boolean =>
      statuses.includes('SUCCESS') && statuses.includes('FAILURE')
    const flaky = ended.filter(isFlaky).length
    return {
      runs: ended.length,
      succeeded: endedAs('SUCCESS'),
      failed: endedAs('FAILURE'),
      blocked: endedAs('BLOCKED'),
      flaky,
      flakeRate: ended.length === 0 ? 0 : flaky / ended.length,
    }
  }
}

type Status = RecordData<typeof JobResult>['status']

const orderBy = [{ field: 'createdAt', direction: 'desc' }] as const
