import { counted, duration, shortTime } from './instants.ts'
import { isSuccess, type JobRun, type JobState, type RunningJob } from './job-board.ts'
import type { Row, RowIcon } from './rows.ts'
import { visibleLine } from './visible-text.ts'

/** A job that runs. */
export function runningRow(job: RunningJob, now: Date): Row {
  const ranMs = now.getTime() - new Date(job.startedAt).getTime()
  const isOld = ranMs > abandonedMs
  const label = visibleLine(job.jobId)
  const since = `since ${shortTime(job.startedAt, now)}`
  const doubt = isOld ? ', perhaps killed without a word' : ''
  return {
    key: `running/${job.logId}`,
    label,
    description: `${since}${doubt}`,
    tooltip: [label, visibleLine(job.command), `runs ${since}${doubt}`].join('\n'),
    spoken: `${label}, running ${since}${doubt}`,
    icon: isOld ? { name: 'question' } : { name: 'sync', colour: 'testing.iconQueued' },
    context: 'record.log',
    record: { type: 'OrionActionLog', id: job.logId, version: job.version },
  }
}

/** A job by how it ended last. */
export function jobRow(job: JobState, group: string, now: Date): Row {
  const { latest, runs } = job
  const label = visibleLine(job.jobId)
  const failures = runs.filter((run) => !isSuccess(run)).length
  const counts = job.isFlaky ? [`${failures} of ${runs.length} failed`] : []
  const description = [...counts, outcome(latest), shortTime(latest.endedAt, now)].join(' · ')
  return {
    key: `${group}/${job.jobId}`,
    label,
    description,
    tooltip: [
      label,
      `ended ${shortTime(latest.endedAt, now)}: ${outcome(latest)}`,
      ...(job.isFlaky
        ? [`flaky: ${failures} of its newest ${counted(runs.length, 'run')} failed`]
        : []),
    ].join('\n'),
    spoken: `${label}, ${description}`,
    icon: job.isFlaky && isSuccess(latest) ? flakyIcon : iconOf(latest.status),
    context: 'record.job',
    record: { type: 'JobResult', id: latest.id, version: latest.version },
  }
}

/** One run of a job. */
export function runRow(run: JobRun, group: string, now: Date): Row {
  const attempt = run.attempt === undefined ? visibleLine(run.id, 60) : `Run ${run.attempt}`
  const description = `${outcome(run)} · ${shortTime(run.endedAt, now)}`
  return {
    key: `${group}/${run.jobId}/${run.id}`,
    label: attempt,
    description,
    tooltip: visibleLine(run.id),
    spoken: `${attempt}, ${description}`,
    icon: iconOf(run.status),
    context: 'record.job',
    record: { type: 'JobResult', id: run.id, version: run.version },
  }
}

/** How it ended, in words: `failed with exit code 2 after 3.1 s`. */
export function outcome({ status, exitCode, durationMs }: JobRun): string {
  const took = durationMs === undefined ? '' : ` after ${duration(durationMs)}`
  switch (status) {
    case 'SUCCESS':
      return `succeeded${took}`
    case 'FAILURE':
      return exitCode === undefined || exitCode === 0
        ? `failed${took}`
        : `failed (${exitCode})${took}`
    case 'BLOCKED':
      return `blocked${took}`
    default:
      return visibleLine(status.toLowerCase(), 40)
  }
}

/** The icon of an outcome. Shapes differ, so that colours need not be seen. */
export function iconOf(status: string): RowIcon {
  switch (status) {
    case 'SUCCESS':
      return { name: 'pass', colour: 'testing.iconPassed' }
    case 'FAILURE':
      return { name: 'error', colour: 'testing.iconFailed' }
    case 'BLOCKED':
      return { name: 'circle-slash', colour: 'testing.iconErrored' }
    case 'PENDING':
      return { name: 'sync', colour: 'testing.iconQueued' }
    default:
      return { name: 'circle-outline' }
  }
}

const flakyIcon: RowIcon = { name: 'warning', colour: 'list.warningForeground' }
/** A run that is older than this has probably been killed. */
const abandonedMs = 24 * 60 * 60 * 1_000
