import type { Record, Token, WriteResult } from '../model.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { CallOptions } from './caller.ts'

/** What every write may be told. */
export interface WriteOptions extends CallOptions {
  /** Kept with the event, for people. */
  readonly reason?: string
  /** The event that made the caller write this. */
  readonly cause?: Token
  /** Taken in place of a fresh one, to repeat a write whose outcome is unknown. */
  readonly idempotencyKey?: string
  /** The epoch in which the caller read what it bases the write on; by default the one the client knows. */
  readonly expectedEpoch?: string
  /** Everything is checked and answered, nothing is kept, there is no event. */
  readonly dryRun?: boolean
  /** What the caller calls the step of its own that made it write; kept among the claims of the event, never trusted. */
  readonly toolCall?: string
  /** The result carries the record as it is after the write. */
  readonly return?: 'record'
}

/** The result of a write; with its record if the options asked for it. */
export type Written<T extends RecordType, O extends WriteOptions> = O extends {
  readonly return: 'record'
}
  ? WriteResult<RecordData<T>> & { readonly record: Record<RecordData<T>> }
  : WriteResult<RecordData<T>>

/** The part of the options that travels; JSON leaves out what is undefined. */
export function wireOptions(options: WriteOptions | undefined) {
  if (options === undefined) return {}
  const { reason, cause, idempotencyKey, expectedEpoch, dryRun, toolCall } = options
  return { reason, cause, idempotencyKey, expectedEpoch, dryRun, toolCall, return: options.return }
}
