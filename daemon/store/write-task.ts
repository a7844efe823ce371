/** What the write queue is given to do. */
import { OrionError } from '../../sdk/errors.ts'
import type { Caller } from './store-api.ts'

/** One request that writes. */
export interface WriteTask<T> {
  /** Does the work inside the open transaction; throws an `OrionError` to refuse. */
  readonly run: () => T
  /** Whether a refusal may come after something was written, or the work must be undone anyway. */
  readonly undo: 'nothing' | 'on-refusal' | 'always'
  /** Has a transaction of its own: what follows depends on its commit. */
  readonly alone?: boolean
  /** The whole transaction is rolled back whatever happens, and not a byte of a file changes. Implies `alone`. */
  readonly discarded?: boolean
  /**
   * Goes before all that wait, alone, and is on disk before anything else is done: what reads see changes with it.
   * `undone` is called when its transaction was rolled back after it ran.
   */
  readonly decisive?: { undone(): void }
  /** How long it may wait for its transaction; then it is refused as `overloaded`. Without one, as long as it takes. */
  readonly waitMaxMs?: number
  /** Called once the work is on disk, before the answer. */
  readonly committed?: (value: T) => void
}

/** A task on its way, with the type of its value closed over. */
export interface Waiting {
  readonly undo: WriteTask<unknown>['undo']
  readonly alone: boolean
  readonly discarded: boolean
  readonly undone: (() => void) | undefined
  readonly caller: Pick<Caller, 'cancelled'>
  /** By when its transaction must have begun. */
  readonly beginByMs: number
  readonly run: () => void
  readonly committed: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Refuses a task whose caller waits no longer; whether it did. */
export function rejectIfLate({ caller, beginByMs, reject }: Waiting): boolean {
  if (caller.cancelled) {
    reject(new OrionError('cancelled', 'cancelled before it was begun', {}))
    return true
  }
  // What its maker no longer waits for would only delay those that are waited for.
  if (performance.now() <= beginByMs) return false
  const message = 'the write waited too long for its transaction; nothing was written'
  reject(new OrionError('overloaded', message, { retryAfterMs: 100 }))
  return true
}
