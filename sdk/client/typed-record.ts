/**
 * Where the untyped JSON of the wire meets the static types of a record type. The daemon checks all data against
 * the type, so what comes from it is taken to fit, unless the record says that it is quarantined.
 */
import type { Issue } from '../errors.ts'
import { isJsonObject, type JsonObject } from '../json.ts'
import type {
  Blame,
  Expansion,
  Record,
  RecordVersion,
  Referrer,
  Token,
  WriteResult,
} from '../model.ts'
import type { ResultOf } from '../protocol/define.ts'
import type { ApplyOperator } from '../protocol/records.ts'
import type { SearchRecords } from '../protocol/search.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import { jsonDepthMax } from '../storable-json.ts'
import { expandRecords, type WithExpanded } from './expansion.ts'
import type { LiveChange, LivePage } from './live-change.ts'
import type { FoundPage, Page, TypedHit } from './queries.ts'
import type { ReferrerPage } from './referrers.ts'
import { typedError } from './typed-errors.ts'
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

/** A page from the wire, whose records hold the fields that were asked for, and what their references name. */
export function parsePage<T extends RecordType, F extends FieldName<T>, E extends string>(
  type: RecordType,
  expand: readonly string[] | undefined,
  page: Expansion & {
    readonly records: readonly Record[]
    readonly next?: string | undefined
    readonly token: Token
  },
): Page<T, F, E> {
  if (expand === undefined) return page as unknown as Page<T, F, E>
  const { next, token } = page
  const records = expandRecords(type, expand, page)
  return { records, ...(next === undefined ? {} : { next }), token } as unknown as Page<T, F, E>
}

/** A record from the wire, with what its references name if that was asked for. */
export function parseExpanded<T extends RecordType, E extends string>(
  type: RecordType,
  expand: readonly string[] | undefined,
  answer: Record & Expansion,
): Record<RecordData<T>> & WithExpanded<T, E> {
  if (expand === undefined) return answer as Record<RecordData<T>> & WithExpanded<T, E>
  const { included, omitted, incomplete, ...record } = answer
  const expansion = { included, omitted, incomplete }
  const [expanded] = expandRecords(type, expand, { ...expansion, records: [record] })
  return expanded as unknown as Record<RecordData<T>> & WithExpanded<T, E>
}

/** A page of referrers from the wire, as records of their type. */
export function parseReferrers<From extends RecordType>(page: {
  readonly referrers: readonly Referrer[]
  readonly next?: string | undefined
  readonly token: Token
}): ReferrerPage<From> {
  return page as ReferrerPage<From>
}

/** Hits from the wire, whose records are of the types that were searched. */
export function parseFound<T extends RecordType>(
  page: ResultOf<typeof SearchRecords>,
): FoundPage<T> {
  const { hits, ...rest } = page
  return { ...rest, hits: hits as readonly unknown[] as readonly TypedHit<T>[] }
}

/** A page, as the wire has it. */
export function pageOf<T extends RecordType>({ records, next, token }: Page<T>): LivePage {
  return { records: records as readonly Record[], next, token }
}

/** Operators for the wire; what they may do is checked by the compiler, and by the daemon. */
export function toOperators(operators: readonly unknown[]): ApplyOperator[] {
  return operators as ApplyOperator[]
}

/**
 * Data for the wire. JSON leaves out members that are undefined.
 *
 * @throws InvalidRecordError for what JSON would write as null: a number that is none, a hole in a list.
 */
export function toJsonObject(value: object): JsonObject {
  return checked(value, 'invalid_record')
}

/**
 * A filter for the wire.
 *
 * @throws InvalidRequestError for what JSON would write as null, which in a filter asks for what is missing.
 */
export function toWhere(value: object): JsonObject {
  return checked(value, 'invalid_request')
}

function checked(value: object, kind: 'invalid_record' | 'invalid_request'): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('expected an object, got a list')
  const issue = unwritable(value, '', 0)
  if (issue === undefined) return value
  const { path, message } = issue
  throw typedError(kind, `${path}: ${message}`, { data: { issues: [issue] } })
}

/** The first value that JSON would write as null. What it can't write at all is told when it is sent. */
function unwritable(value: unknown, path: string, depth: number): Issue | undefined {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return undefined
    return { path, message: `expected a finite number, got ${value}` }
  }
  if (typeof value !== 'object' || value === null || depth > jsonDepthMax) return undefined
  if (Array.isArray(value)) {
    // Not `findIndex` of the missing: a hole has no value that a callback would see.
    for (let at = 0; at < value.length; at++) {
      const item: unknown = value[at]
      const place = `${path}.${at}`
      if (item === undefined || typeof item === 'function' || typeof item === 'symbol') {
        return { path: place, message: `expected a value, got ${typeof item}` }
      }
      const found = unwritable(item, place, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  for (const name in value) {
    const found = unwritable(
      Reflect.get(value, name),
      path === '' ? name : `${path}.${name}`,
      depth + 1,
    )
    if (found !== undefined) return found
  }
  return undefined
}
