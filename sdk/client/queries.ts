/** What reads of a repository are told, and what they answer. */
import type { Json } from '../json.ts'
import type { Lifecycle, Operation, Record, Token } from '../model.ts'
import type { ResultOf } from '../protocol/define.ts'
import type { ExplainRecords } from '../protocol/explain.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { CallOptions } from './caller.ts'
import type { EnvelopeConditions, FieldName, Order, Where } from './where.ts'

/** Options of a read of one record. */
export interface GetOptions extends CallOptions {
  /** An old version instead of the current one. */
  readonly version?: number
  /** Waits until the store has this position. */
  readonly atLeast?: Token
}

/** Which records a list or a count is about. */
export interface Selection<T extends RecordType> extends CallOptions {
  readonly where?: Where<T>
  /** Active records alone unless said otherwise. */
  readonly lifecycle?: readonly Lifecycle[]
  /** Waits until the store has this position. */
  readonly atLeast?: Token
}

/** Options of a list. `F` are the fields that are asked for. */
export interface ListOptions<T extends RecordType, F extends FieldName<T> = FieldName<T>>
  extends Selection<T> {
  readonly orderBy?: readonly Order<T>[]
  /** Most records of one page, up to 1000. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: string
  /** Only these fields of the data; all of them when left out. */
  readonly fields?: readonly F[]
}

/** One page of a list. */
export interface Page<T extends RecordType, F extends FieldName<T> = FieldName<T>> {
  readonly records: readonly Record<Pick<RecordData<T>, F>>[]
  /** Where the next page begins; absent at the end. */
  readonly next?: string | undefined
  /** The position the page was read at. */
  readonly token: Token
}

/** How a list would be answered. */
export type ListExplanation = ResultOf<typeof ExplainRecords>

/** Options of a count. */
export interface CountOptions<T extends RecordType> extends Selection<T> {
  /** Also counts by the values of this field. */
  readonly groupBy?: FieldName<T> | keyof EnvelopeConditions | `${string}.${string}`
}

/** How many records there are. */
export interface RecordCount {
  readonly count: number
  readonly groups?: readonly { readonly value: Json; readonly count: number }[] | undefined
  readonly token: Token
}

/** Options of a list of versions. */
export interface PageOptions extends CallOptions {
  /** Most items of one page, up to 1000. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: string
}

/** Which records a live query is about, and in which order. */
export interface LiveQueryOptions<T extends RecordType> {
  readonly where?: Where<T>
  /** As `record/list` orders: newest first unless said otherwise. */
  readonly orderBy?: readonly Order<T>[]
  /** Only the first so many, at most 1000; all of them when left out. */
  readonly limit?: number
  /** Active records alone unless said otherwise. */
  readonly lifecycle?: readonly Lifecycle[]
  /** Closes the query. */
  readonly signal?: AbortSignal
}

/** Options of a wait for an event. */
export interface WaitOptions {
  /** Also events between this position and now: give the token of the last answer, and nothing can slip through. */
  readonly after?: Token
  /** Longest time to wait, in milliseconds; for ever when left out. */
  readonly timeoutMs?: number
  /** Ends the wait. */
  readonly signal?: AbortSignal
  /** Takes patterns that match no topic known so far. */
  readonly allowUnknown?: boolean
}

/** Options of a wait for an event of a record type. */
export interface RecordWaitOptions extends WaitOptions {
  /** Only these; all of them when left out. */
  readonly operations?: readonly Operation[]
}
