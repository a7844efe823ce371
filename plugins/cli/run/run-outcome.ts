/** How a run ended, in the words that are recorded. */
import type { JsonObject } from '../../../sdk/json.ts'
import { defined } from '../defined.ts'
import type { Artifact } from './artifacts.ts'
import { exitCodeOf, type Outcome, type OutputSizes } from './child.ts'

/** What is known of a run after its end. */
export interface RunFacts {
  readonly outcome: Outcome
  /** The signal by which somebody asked `orion run` itself to end, if one did. */
  readonly stoppedBy: NodeJS.Signals | undefined
  readonly durationMs: number
  readonly peakMemoryBytes: number | undefined
  readonly sizes: OutputSizes
  /** The end of the error output, masked. */
  readonly errorTail: string | undefined
  readonly artifacts: readonly Artifact[]
}

/** The status of a JobResult. */
export type RunStatus = 'SUCCESS' | 'FAILURE' | 'BLOCKED'

/**
 * SUCCESS for exit code 0. BLOCKED if the command could not be started or was stopped from outside: by a signal, or by itself
 * with another code than 0 after `orion run` was asked to end. FAILURE else.
 */
export function statusOf({ outcome, stoppedBy }: RunFacts): RunStatus {
  if (outcome.how !== 'exited') return 'BLOCKED'
  if (outcome.code === 0) return 'SUCCESS'
  return stoppedBy === undefined ? 'FAILURE' : 'BLOCKED'
}

/** Why it did not succeed; undefined if it did. */
export function errorOf(facts: RunFacts): string | undefined {
  if (statusOf(facts) === 'SUCCESS') return undefined
  const { outcome, errorTail } = facts
  if (outcome.how === 'unstartable') return outcome.message
  const how =
    outcome.how === 'signalled' ? `stopped by ${outcome.signal}` : `exit code ${outcome.code}`
  return errorTail ? `${how}\n${errorTail}` : how
}

/** What was measured. */
export function metricsOf(facts: RunFacts): JsonObject {
  const { outcome, durationMs, peakMemoryBytes, sizes, stoppedBy } = facts
  return defined({
    exitCode: exitCodeOf(outcome),
    signal: outcome.how === 'signalled' ? outcome.signal : stoppedBy,
    durationMs,
    peakMemoryBytes,
    ...sizes,
  })
}
