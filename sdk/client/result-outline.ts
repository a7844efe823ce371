/** Checks the answers of the daemon, cheaply where there are many. */
import type { Record } from '../model.ts'
import type { RequestDefinition, ResultOf } from '../protocol/define.ts'
import { PublishEvent } from '../protocol/events.ts'
import * as records from '../protocol/records.ts'
import { typedError } from './typed-errors.ts'

/**
 * The result of a request, checked.
 *
 * Answers that carry records are checked in outline only: the daemon has checked them against their type, and a deep
 * check of each would cost more than the rest of the call. All others are checked by the declared schema.
 *
 * @throws OrionError `internal` for an answer that is not what the declaration says.
 */
export function parseResult<D extends RequestDefinition>(definition: D, raw: unknown): ResultOf<D> {
  const fits = outlines.get(definition.method)
  if (fits?.(raw)) return raw as ResultOf<D>
  const parsed = fits === undefined ? definition.result.safeParse(raw) : undefined
  if (parsed?.success) return parsed.data as ResultOf<D>
  throw typedError('internal', `expected the result of ${definition.method}, got something else`, {
    data: { incident: 'unreadable-answer', remedy: 'upgrade the older of daemon and client' },
  })
}

interface Members {
  readonly [name: string]: unknown
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

/** Whether a value has the members that every record has. */
export function isRecord(value: unknown): value is Record {
  return (
    isObject(value) &&
    typeof value.type === 'string' &&
    typeof value.id === 'string' &&
    typeof value.version === 'number' &&
    typeof value.token === 'string' &&
    isObject(value.data)
  )
}

function isWriteResult(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.type === 'string' &&
    typeof value.id === 'string' &&
    typeof value.version === 'number' &&
    typeof value.changed === 'boolean' &&
    typeof value.token === 'string'
  )
}

function isRecordPage(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.records) && value.records.every(isRecord)
}

function isRecordRow(value: unknown): boolean {
  if (!isObject(value) || !Array.isArray(value.records)) return false
  return value.records.every((record) => record === null || isRecord(record))
}

function isHistoryPage(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.versions) && value.versions.every(isObject)
}

function isTransactResult(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.results) && value.results.every(isWriteResult)
}

function isPublished(value: unknown): boolean {
  return isObject(value) && typeof value.seq === 'number' && typeof value.token === 'string'
}

const outlines: ReadonlyMap<string, (raw: unknown) => boolean> = new Map([
  [records.GetRecord.method, isRecord],
  [records.GetManyRecords.method, isRecordRow],
  [records.ListRecords.method, isRecordPage],
  [records.RecordHistory.method, isHistoryPage],
  [records.CreateRecord.method, isWriteResult],
  [records.UpdateRecord.method, isWriteResult],
  [records.DeleteRecord.method, isWriteResult],
  [records.RestoreRecord.method, isWriteResult],
  [records.ArchiveRecord.method, isWriteResult],
  [records.PurgeRecord.method, isWriteResult],
  [records.Transact.method, isTransactResult],
  [records.ImportRecords.method, isTransactResult],
  [PublishEvent.method, isPublished],
])
