/** The update that reads, asks a function what to change, and goes on until nobody else was faster. */
import type { Record, Version, WriteResult } from '../model.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { CallOptions } from './caller.ts'
import type { Changes } from './changes.ts'
import { ConflictError, typedError } from './typed-errors.ts'

/** What the function is given, and what it may answer: changes, or undefined to leave the record as it is. */
export type ChangeFunction<T extends RecordType> = (
  record: Record<RecordData<T>>,
) => Changes<T> | undefined | Promise<Changes<T> | undefined>

/** What the loop needs of a repository. */
export interface UpdateAccess<T extends RecordType> {
  /** The epoch that reads made now belong to. */
  epoch(): string | undefined
  read(options: CallOptions): Promise<Record<RecordData<T>>>
  write(attempt: UpdateAttempt<T>, options: CallOptions): Promise<WriteResult<RecordData<T>>>
  parse(record: Record): Record<RecordData<T>>
}

/** One write of the loop, against what the function saw. */
export interface UpdateAttempt<T extends RecordType> {
  readonly changes: Changes<T>
  readonly expectedVersion: Version
  readonly expectedEpoch: string | undefined
}

/**
 * Reads a record, asks `change` what to do, and writes against the version it saw. After a lost race it asks again with
 * the record that won, which the conflict carries.
 *
 * @throws ConflictError of the last attempt when the time is over, or when trying again can't help.
 */
export async function updateWithRetry<T extends RecordType>(
  access: UpdateAccess<T>,
  change: ChangeFunction<T>,
  options: CallOptions & { readonly timeoutMs: number },
): Promise<WriteResult<RecordData<T>>> {
  const end = performance.now() + options.timeoutMs
  const timed = (): CallOptions => ({ ...options, timeoutMs: Math.max(1, end - performance.now()) })
  let expectedEpoch = access.epoch()
  let record = await access.read(timed())
  for (let attempt = 0; ; attempt++) {
    const changes = await change(record)
    if (changes === undefined) return unchanged(record)
    try {
      return await access.write(
        { changes, expectedVersion: record.version, expectedEpoch },
        timed(),
      )
    } catch (error) {
      if (!mayRetry(error, record) || performance.now() >= end) throw error
      await pause(attempt, options.signal)
      expectedEpoch = access.epoch()
      const { current } = error
      record = current === undefined ? await access.read(timed()) : access.parse(current)
    }
  }
}

function mayRetry(error: unknown, seen: Record<unknown>): error is ConflictError {
  if (!(error instanceof ConflictError)) return false
  const { reason } = error.data
  if (reason === 'epoch') return true
  // The same version again would lose again: what is in the way is not another writer.
  return reason === 'version' && error.data.current?.version !== seen.version
}

/**
 * Spreads writers that lost together. Who has lost more often waits less, so that nobody starves: with pauses that
 * grow, one of ten writers was seen to wait for half of all their updates.
 */
async function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = (Math.random() * firstPauseMs) / (attempt + 1)
  if (ms >= 1) await new Promise((resolve) => setTimeout(resolve, ms))
  if (signal?.aborted) {
    throw typedError('cancelled', 'the update was cancelled by its caller', {
      data: {},
      cause: signal.reason,
    })
  }
}

const firstPauseMs = 8

function unchanged<Data>(record: Record<Data>): WriteResult<Data> {
  const { type, id, version, token } = record
  return { type, id, version, changed: false, token }
}
