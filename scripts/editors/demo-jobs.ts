/** How the jobs of the repository went in the last days. */

/** How one attempt ended. */
export interface DemoRun {
  readonly jobId: string
  readonly runId: string
  readonly attempt: number
  readonly status: 'SUCCESS' | 'FAILURE' | 'BLOCKED'
  readonly durationMs: number
  readonly exitCode: number
  readonly hoursAgo: number
}

/**
 * Outcomes of a job, oldest first: `s` succeeded, `f` failed, `b` was stopped, `r` failed and succeeded when it was tried
 * again.
 */
interface DemoJob {
  readonly jobId: string
  readonly outcomes: string
  readonly seconds: number
  readonly exitCode: number
  /** Hours between two runs, and since the last. */
  readonly every: number
  readonly last: number
}

const job = (
  jobId: string,
  outcomes: string,
  [seconds, exitCode, every, last]: readonly [number, number, number, number],
): DemoJob => ({ jobId, outcomes, seconds, exitCode, every, last })

const jobs: readonly DemoJob[] = [
  job('typecheck', 'sssssssfsssssss', [8, 2, 3, 1.2]),
  job('lint', 'ssssfsssssss', [3, 1, 3, 1.3]),
  job('unit-tests', 'sssssfssssssss', [21, 1, 3, 1.1]),
  job('integration-tests', 'ssrssrsssrs', [94, 1, 5, 2.4]),
  job('build-image', 'sssssssff', [212, 137, 7, 0.6]),
  job('e2e-checkout', 'sfssrsfsrs', [148, 1, 6, 3.5]),
  job('migration-dry-run', 'ssssf', [37, 3, 26, 4.2]),
  job('deploy-preview', 'ssssssb', [65, 143, 9, 5.8]),
  job('docs-links', 'sssss', [6, 1, 24, 8]),
]

/** Every attempt of every job, oldest first. */
export function demoRuns(): DemoRun[] {
  return jobs.flatMap(runsOf).sort((left, right) => right.hoursAgo - left.hoursAgo)
}

function runsOf({ jobId, outcomes, seconds, exitCode, every, last }: DemoJob): DemoRun[] {
  let attempt = 0
  return [...outcomes].flatMap((outcome, index) => {
    const hoursAgo = last + (outcomes.length - 1 - index) * every
    // Runs take about as long as usual, never exactly.
    const durationMs = Math.round(seconds * 1000 * (0.9 + ((index * 37) % 23) / 100))
    const runId = `ci-${4100 + Math.round(900 - hoursAgo * 4)}`
    const end = (status: DemoRun['status'], later = 0): DemoRun => ({
      jobId,
      runId,
      attempt: ++attempt,
      status,
      durationMs,
      exitCode: status === 'SUCCESS' ? 0 : exitCode,
      hoursAgo: hoursAgo - later,
    })
    if (outcome === 'r') return [end('FAILURE'), end('SUCCESS', 0.1)]
    return [end(outcome === 's' ? 'SUCCESS' : outcome === 'b' ? 'BLOCKED' : 'FAILURE')]
  })
}
