import type { JsonObject } from '../../../../sdk/json.ts'
import type { Record } from '../../../../sdk/model.ts'
import { numberAt, objectAt, textAt } from './data-access.ts'

/** How one attempt of a job ended, as far as the board needs it. */
export interface JobRun {
  readonly id: string
  readonly version: number
  readonly jobId: string
  /** The run it belongs to; undefined for a run of its own. */
  readonly runId: string | undefined
  readonly attempt: number | undefined
  readonly status: string
  readonly endedAt: string
  readonly durationMs: number | undefined
  readonly exitCode: number | undefined
}

/** A job with what is known of its newest runs. */
export interface JobState {
  readonly jobId: string
  /** Newest first; at least one. */
  readonly runs: readonly JobRun[]
  readonly latest: JobRun
  /** Whether it failed or was stopped when it ran last. */
  readonly isFailing: boolean
  readonly isFlaky: boolean
}

/** A run that has begun and not ended. */
export interface RunningJob {
  readonly logId: string
  readonly version: number
  readonly jobId: string
  readonly command: string
  readonly startedAt: string
}

/**
 * The jobs behind some results, the one that ended last first.
 *
 * A job is flaky when attempts of one run both failed and succeeded, or when its newest runs keep changing sides: it went from
 * one outcome to the other at least three times in its newest ten results. Twice is a job that was broken and then mended.
 */
export function jobsOf(results: readonly JobRun[]): JobState[] {
  const byJob = new Map<string, JobRun[]>()
  for (const run of results) {
    const runs = byJob.get(run.jobId)
    if (runs === undefined) byJob.set(run.jobId, [run])
    else runs.push(run)
  }
  return [...byJob].flatMap(([jobId, runs]) => {
    const [latest] = runs
    if (latest === undefined) return []
    return [{ jobId, runs, latest, isFailing: !isSuccess(latest), isFlaky: isFlaky(runs) }]
  })
}

/** A result as the board needs it. */
export function jobRunOf({ id, version, createdAt, data }: Record): JobRun {
  const metrics = objectAt(data, 'metrics')
  return {
    id,
    version,
    jobId: textAt(data, 'jobId') || id,
    runId: textAt(data, 'runId') || undefined,
    attempt: numberAt(data, 'attempt'),
    status: textAt(data, 'status') || 'UNREADABLE',
    endedAt: createdAt,
    durationMs: numberAt(metrics, 'durationMs'),
    exitCode: numberAt(metrics, 'exitCode'),
  }
}

/** A log of a run that has not ended, as the board needs it. */
export function runningJobOf({ id, version, createdAt, data }: Record): RunningJob {
  const parameters = objectAt(data, 'parameters')
  const command = commandOf(parameters)
  const jobId = textAt(parameters, 'jobId') || command || id
  return { logId: id, version, jobId, command, startedAt: createdAt }
}

/** Whether a run ended well. */
export function isSuccess({ status }: Pick<JobRun, 'status'>): boolean {
  return status === 'SUCCESS'
}

function commandOf(parameters: JsonObject): string {
  const words = parameters.arguments
  const rest = Array.isArray(words) ? words.filter((word) => typeof word === 'string') : []
  return [textAt(parameters, 'command'), ...rest].filter((word) => word !== '').join(' ')
}

function isFlaky(runs: readonly JobRun[]): boolean {
  const outcomes = new Map<string, Set<boolean>>()
  for (const run of runs) {
    if (run.runId === undefined) continue
    const seen = outcomes.get(run.runId) ?? new Set()
    outcomes.set(run.runId, seen.add(isSuccess(run)))
  }
  if ([...outcomes.values()].some((seen) => seen.size > 1)) return true
  const newest = runs.slice(0, alternatingRuns).map(isSuccess)
  return newest.filter((ok, index) => index > 0 && ok !== newest[index - 1]).length >= 3
}

/** How many of the newest runs are looked at. */
const alternatingRuns = 10
