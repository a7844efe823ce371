/**
 * Where the untyped JSON of the wire meets the static types of a record type. The daemon checks all data against
 * the type, so what comes from it is taken to fit, unless the record says that it is quarantined.
 */
import { isJsonObject, type JsonObject } from '../json.ts'
import type { Blame, Record, RecordVersion, Token, WriteResult } from '../model.ts'
import type { ApplyOperator } from '../protocol/records.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { LiveChange, LivePage } from './live-change.ts'
import type { Page } from './queries.ts'
import type { FieldName } from './where.ts'
import type { WriteOptions, Written } from './write-options.ts'

/** A record from the wire, as one of its type. */
export function parseRecord<T extends RecordType>(record: Record): Record<RecordData<T>> {
  return record as Record<RecordData<T>>
}

/** Records from the wire, as those of their type. */
export function parseRecords<T extends RecordType>(
  records: readonly Record[],
): readonly Record<RecordData<T>>[] {
  return records as readonly Record<RecordData<T>>[]
}

/** The changes of a set of records, for one loop. */
export type LiveChanges<T extends RecordType> = AsyncIterableIterator<
  LiveChange<Record<RecordData<T>>>,
  undefined,
  undefined
>

/** Changes of a set of records from the wire, as of records of their type. */
export function parseChanges<T extends RecordType>(
  changes: AsyncIterableIterator<LiveChange, undefined, undefined>,
): LiveChanges<T> {
  return changes as LiveChanges<T>
}

/** The result of a write from the wire, as one of its type. */
export function parseWritten<T extends RecordType, O extends WriteOptions>(
  result: WriteResult,
): Written<T, O> {
  return result as Written<T, O>
}

/** A version from the wire, as one of its type. */
export function parseVersion<T extends RecordType>(
  version: RecordVersion,
): RecordVersion<RecordData<T>> {
  return version as RecordVersion<RecordData<T>>
}

/** Where values come from, as of a record of its type. */
export function parseBlame<T extends RecordType>(blame: Blame): Blame<FieldName<T>> {
  return blame as Blame<FieldName<T>>
}

/** A page from the wire, whose records hold the fields that were asked for. */
export function parsePage<T extends RecordType, F extends FieldName<T>>(page: {
  readonly records: readonly Record[]
  readonly next?: string | undefined
  readonly token: Token
}): Page<T, F> {
  return page as Page<T, F>
}

/** A page, as the wire has it. */
export function pageOf<T extends RecordType>({ records, next, token }: Page<T>): LivePage {
  return { records: records as readonly Record[], next, token }
}

/** Operators for the wire; what they may do is checked by the compiler, and by the daemon. */
export function toOperators(operators: readonly unknown[]): ApplyOperator[] {
  return operators as ApplyOperator[]
}

/** Data for the wire. JSON leaves out members that are undefined. */
export function toJsonObject(value: object): JsonObject {
  if (isJsonObject(value)) return value
  throw new TypeError('expected an object, got a list')
}
