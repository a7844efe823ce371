/**
 * The seam through which the daemon's own methods write: one transaction in which they may read, compare, set managed
 * fields and try things out. What they decide inside it can't be overtaken, because the write queue runs one at a time.
 */
import type { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Event, Record, Token, WriteResult } from '../../sdk/model.ts'
import type { Guard, TransactOperation } from '../../sdk/protocol/records.ts'
import type { WriteOptions } from '../../sdk/protocol/schemas.ts'

/** A request of the daemon's own that is one transaction. */
export interface ManagedRequest<T extends ManagedAnswer> {
  readonly method: string
  readonly params: WriteOptions & object
  /** Runs inside the transaction and must not wait; what it throws as an `OrionError` undoes all of it. */
  readonly run: (work: ManagedTransaction) => T
}

/** What such a request answers. Values of records stay out of what is kept for repetition. */
export interface ManagedAnswer extends WriteResult {
  /** Something was stored, but not what was asked for: the answer is not kept for repetition. */
  readonly refused?: OrionError
}

/** How an attempt ended that may be undone alone. */
export type Attempt<T> =
  | { readonly outcome: 'done'; readonly value: T }
  | { readonly outcome: 'refused'; readonly error: OrionError }

/** What one operation did. `record` is the record after it, or before it when nothing changed. */
export interface Effect {
  readonly changed: boolean
  readonly record: Record
  readonly seq: number
}

/** The open transaction of one managed request. */
export interface ManagedTransaction {
  /** The instant of everything that is written in it; never before that of an earlier one. */
  readonly at: Instant
  /** The position before the next event. */
  readonly lastSeq: number
  /** The record as it is now, whatever its lifecycle. */
  read(type: string, id: string): Record | undefined
  /** @throws OrionError `conflict` unless the record has this version; null: unless there is none. */
  guard(guard: Guard, reason?: 'guard' | 'version'): void
  /**
   * Writes as a client would in one transaction: managed fields are refused, and what an operation names may be made by
   * a later one. The refusal says which operation it is about.
   */
  batch<T>(run: (perform: (operation: TransactOperation) => Effect) => T): T
  /** Creates a record, managed fields included. `move` is the last word of the event's topic. */
  create(
    fresh: { readonly type: string; readonly id: string; readonly data: JsonObject },
    move: string,
  ): Effect
  /** Changes a record that was read in this transaction, managed fields included. */
  change(record: Record, set: JsonObject, move: string): Effect
  /**
   * Does something that can be undone without undoing the rest: when it is refused, or in any case.
   *
   * @param kept - `never`: it is only looked at.
   */
  attempt<T>(run: () => T, kept?: 'when done' | 'never'): Attempt<T>
  /** What was written, as the methods for records answer it. */
  resultOf(effect: Effect): WriteResult
  /** The token of a position, as an answer may tell it. */
  tokenOf(seq: number): Token
  /** The events that were written after a position, oldest first. */
  eventsSince(seq: number): readonly Event[]
}
