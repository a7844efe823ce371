/** What reads of a repository are told, and what they answer. */
import type { Json, JsonObject } from '../json.ts'
import type { Lifecycle, Operation, Record, Token } from '../model.ts'
import type { ResultOf } from '../protocol/define.ts'
import type { ExplainRecords } from '../protocol/explain.ts'
import type { Snippet } from '../protocol/search.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { CallOptions } from './caller.ts'
import type { WithExpanded } from './expansion.ts'
import type { FieldName, Order, SortableName, Where } from './where.ts'

/** Options of a read of one record. `E` are the references that are followed. */
export interface GetOptions<E extends string = never> extends CallOptions {
  /** Fields that hold references: what they name comes with the record, in `expanded`. */
  readonly expand?: readonly E[]
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

/** Options of a list. `F` are the fields that are asked for, `E` the references that are followed. */
export interface ListOptions<
  T extends RecordType,
  F extends FieldName<T> = FieldName<T>,
  E extends string = never,
> extends Selection<T> {
  /** Fields that hold references: what they name comes with the records, in `expanded`. */
  readonly expand?: readonly E[]
  readonly orderBy?: readonly Order<T>[]
  /** Most records of one page, up to 1000. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: string
  /** Only these fields of the data; all of them when left out. */
  readonly fields?: readonly F[]
}

/** One page of a list. */
export interface Page<
  T extends RecordType,
  F extends FieldName<T> = FieldName<T>,
  E extends string = never,
> {
  readonly records: readonly (Record<Pick<RecordData<T>, F>> & WithExpanded<T, E>)[]
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
  readonly groupBy?: SortableName<T>
}

/** How many records there are. */
export interface RecordCount {
  readonly count: number
  readonly groups?: readonly { readonly value: Json; readonly count: number }[] | undefined
  readonly token: Token
}

/** Options of a search of one type. */
export interface SearchOptions<T extends RecordType> extends CallOptions {
  /** Only records that fit it too. */
  readonly where?: Where<T>
  /** Active records alone unless said otherwise. */
  readonly lifecycle?: readonly Lifecycle[]
  /** Most hits of one page, up to 1000; 20 unless said otherwise. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: string
  /** Gives with each hit the part of its text that shows why it was found. */
  readonly highlight?: boolean
  /** Waits until the store has this position. */
  readonly atLeast?: Token
}

/** Options of a search of several types: a filter names fields that each of them has. */
export interface WideSearchOptions<T extends RecordType> extends Omit<SearchOptions<T>, 'where'> {
  /** The types that are searched; all that may be read and have searchable fields when left out. */
  readonly types?: readonly T[]
  readonly where?: JsonObject
}

/** A record that was found. Of several types its `type` tells which of them it is, to the compiler too. */
export type TypedHit<T extends RecordType> = T extends RecordType
  ? {
      readonly record: Record<RecordData<T>> & { readonly type: T['name'] }
      /** How well it fits; it means something beside the scores of the same search alone. */
      readonly score: number
      readonly snippet?: Snippet
    }
  : never

/** One page of hits, the best first. */
export interface FoundPage<T extends RecordType> {
  readonly hits: readonly TypedHit<T>[]
  /** Where the next page begins; absent at the end. */
  readonly next?: string | undefined
  /** Everything up to here was searched. */
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
