/** Which jobs are failing now. */
import type { Record } from '../../sdk/model.ts'
import type { HookContext } from '../../sdk/plugin/plugin-context.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { JobResult } from '../orion/record-types.ts'
import { filterOfPattern, fitsPattern } from './job-pattern.ts'

/** How a run of a job ended. */
export type Result = Record<RecordData<typeof JobResult>>

/** The part of a hook's context that is needed here. */
export type ResultReader = Pick<HookContext, 'list'>

/** Most failing jobs that are looked at for one pattern; a rule about more is too wide to be kept. */
export const jobsMax = 200

/**
 * The newest result of each job that fits a pattern and whose newest result is no success, the newest first. What was
 * archived or deleted does not count: so a failure is closed by hand.
 *
 * @throws Error for a pattern that more jobs fit than can be looked at.
 */
export async function openFailures(pattern: string, { list }: ResultReader): Promise<Result[]> {
  const open: Result[] = []
  const seen = new Set<string>()
  for (;;) {
    const where = {
      jobId: { ...filterOfPattern(pattern), ...(seen.size === 0 ? {} : { notIn: [...seen] }) },
      status: { ne: 'SUCCESS' as const },
    }
    const failed = await list(JobResult, { where, orderBy: newestFirst, limit: pageSize })
    const jobs = new Set(failed.map(({ data }) => data.jobId))
    for (const job of jobs) {
      if (seen.size >= jobsMax) {
        throw new Error(`more than ${jobsMax} jobs that fit ${pattern} have failed: name fewer`)
      }
      seen.add(job)
      if (!fitsPattern(pattern, job)) continue
      const [newest] = await list(JobResult, {
        where: { jobId: job },
        orderBy: newestFirst,
        limit: 1,
      })
      if (newest !== undefined && newest.data.status !== 'SUCCESS') open.push(newest)
    }
    if (failed.length < pageSize) return open
  }
}

const newestFirst = [{ field: 'createdAt', direction: 'desc' }] as const
/** Of one job there may be many. */
const pageSize = 100
