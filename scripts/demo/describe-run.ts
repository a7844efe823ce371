import type { JobResult } from '../../plugins/orion/index.ts'
import type { RecordData } from '../../sdk/index.ts'

/** What can be said of a run from its recorded numbers alone. */
export function describeRun({
  jobId,
  status,
  attempt = 1,
  metrics,
}: Pick<RecordData<typeof JobResult>, 'jobId' | 'status' | 'attempt' | 'metrics'>): string {
  const { durationMs, peakMemoryBytes, stdoutBytes } = numbersOf(metrics)
  const parts = [
    ...(durationMs === undefined ? [] : [`${(durationMs / 1000).toFixed(1)} s`]),
    ...(peakMemoryBytes === undefined
      ? []
      : [`${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB of memory at its peak`]),
    ...(stdoutBytes === undefined ? [] : [`${(stdoutBytes / 1000).toFixed(1)} kB of output`]),
  ]
  return `${jobId}, attempt ${attempt}: ${status} in ${parts.join(', ')}`
}

/** The members of a JobResult's metrics that are numbers. */
export function numbersOf(metrics: unknown): { readonly [name: string]: number | undefined } {
  return Object.fromEntries(
    Object.entries(Object(metrics)).flatMap(([name, value]) =>
      typeof value === 'number' ? [[name, value]] : [],
    ),
  )
}
