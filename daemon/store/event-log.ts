/**
 * The log: every committed change, in seq order, without holes. Writers append inside their transaction;
 * readers see only what is on disk, from memory while they keep up, else from the file.
 */
import type { Instant } from '../../sdk/instant.ts'
import type { Json } from '../../sdk/json.ts'
import type { Actor, Event, Operation, Record, Seq, Token, Version } from '../../sdk/model.ts'
import type { Connection, SqlRow } from './engine/engine.ts'
import { eventOfRow, logFlags } from './log-row.ts'
import { LogTail } from './log-tail.ts'
import type { SqlCompiler } from './sql.ts'
import type { StoreLog } from './store-api.ts'

/** Who writes, when and why: the same for all events of one request. */
export interface Authorship {
  readonly actor: Actor
  readonly at: Instant
  readonly reason?: string | undefined
  readonly cause?: Token | undefined
}

/** A change of a record, about to be appended. */
export interface ChangeEntry {
  readonly topic: string
  readonly op: Operation
  readonly record: Record
  /** The record's data as JSON text: it was encoded once, to be measured. */
  readonly encodedData: string
  readonly previousVersion?: Version | undefined
  /** The event that changed the record before, if one did. */
  readonly previousSeq?: number | undefined
  readonly changedFields: readonly string[]
  readonly imported?: boolean | undefined
  /** Whether its topic says more than what was done to the record: how a method of the daemon moved it. */
  readonly isMove?: boolean | undefined
}

/** A change of a record, or an event of a client's own. */
export type LogEntry =
  | ChangeEntry
  | {
      readonly topic: string
      readonly payload: Json | undefined
      readonly encodedData: string | undefined
    }

/** Where the log's end is, to go back to when a request is rolled back. */
export type LogMark = number

const columns = [
  'seq',
  'txn',
  'topic',
  'type',
  'id',
  'op',
  'version',
  'previous_version',
  'previous_seq',
  'changed_fields',
  'lifecycle',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  'at',
  'actor',
  'reason',
  'cause',
  'flags',
  'data',
] as const

/** The log of one open store. */
export class EventLog implements StoreLog {
  readonly #connection: Connection
  readonly #tokenAt: (seq: number) => Token
  readonly #tail: LogTail
  readonly #insert: string
  readonly #read: string
  #onReset: (type: string, id: string) => void = () => {}
  readonly #listeners = new Set<(seq: Seq) => void>()
  readonly #holds = new Set<() => number>()
  /** Events of the open SQLite transaction and of commits that are not on disk yet. */
  #unsynced: { readonly event: Event; readonly bytes: number }[] = []
  /** Seq of the newest event; changed only in `append` and `reset`. */
  #lastSeq: number
  #durableSeq: number
  #floorSeq: number
  #lastActor: { readonly actor: Actor; readonly encoded: string } | undefined
  /** Seq of the first event of the request under way. */
  #txn = 1

  constructor(parts: {
    readonly connection: Connection
    readonly compiler: SqlCompiler
    readonly tokenAt: (seq: number) => Token
    readonly tailMaxEvents: number
    readonly tailMaxBytes: number
    readonly floorSeq: number
  }) {
    const { connection, compiler } = parts
    this.#connection = connection
    this.#tokenAt = parts.tokenAt
    this.#tail = new LogTail(parts.tailMaxEvents, parts.tailMaxBytes)
    this.#insert = compiler
      .insertInto('log')
      .columns(columns)
      .values(Object.fromEntries(columns.map((column) => [column, ''])) as never)
      .compile().sql
    this.#read = compiler
      .selectFrom('log')
      .select(columns)
      .where('seq', '>', 0)
      .where('seq', '<=', 0)
      .orderBy('seq')
      .limit(1)
      .compile().sql
    this.#floorSeq = parts.floorSeq
    const newest = connection.prepare('SELECT max(seq) AS seq FROM log').get()?.seq
    this.#lastSeq = Math.max(Number(newest ?? 0), parts.floorSeq)
    this.#durableSeq = this.#lastSeq
  }

  get durableSeq(): number {
    return this.#durableSeq
  }

  get floorSeq(): number {
    return this.#floorSeq
  }

  /** Seq of the newest event, on disk or not. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  /** The seq that the next event will have. */
  get nextSeq(): Seq {
    return (this.#lastSeq + 1) as Seq
  }

  /** Begins the events of one request: they share the seq of the first. */
  beginRequest(): LogMark {
    this.#txn = this.#lastSeq + 1
    return this.#lastSeq
  }

  /** Takes back every event after a mark; its caller rolls the rows back. */
  reset(mark: LogMark): void {
    const count = Math.min(this.#unsynced.length, this.#lastSeq - mark)
    for (const { event } of this.#unsynced.splice(this.#unsynced.length - count)) {
      if (event.type !== undefined && event.id !== undefined) this.#onReset(event.type, event.id)
    }
    this.#lastSeq = mark
  }

  /** The events after a position that are not on disk yet, oldest first: what an open transaction has said so far. */
  unsyncedAfter(seq: number): Event[] {
    return this.#unsynced.flatMap(({ event }) => (event.seq > seq ? [event] : []))
  }

  /** Has somebody told of each record whose change is taken back. */
  onReset(listener: (type: string, id: string) => void): void {
    this.#onReset = listener
  }

  /** Appends one event to the open transaction. */
  append(entry: LogEntry, authorship: Authorship): Event {
    const event = this.#eventOf(entry, authorship)
    const encoded = event.op === 'purged' ? null : (entry.encodedData ?? null)
    const record = 'record' in entry ? entry.record : undefined
    const { actor, at } = authorship
    this.#connection
      .prepare(this.#insert)
      .run([
        event.seq,
        event.txn,
        record === undefined || ('isMove' in entry && entry.isMove) ? event.topic : null,
        event.type ?? null,
        event.id ?? null,
        event.op ?? null,
        event.version ?? null,
        event.previousVersion ?? null,
        'record' in entry ? (entry.previousSeq ?? null) : null,
        event.changedFields === undefined ? null : JSON.stringify(event.changedFields),
        record?.lifecycle ?? null,
        record?.createdAt ?? null,
        record?.createdBy ?? null,
        record === undefined || record.updatedAt === at ? null : record.updatedAt,
        record === undefined || record.updatedBy === actor.principal ? null : record.updatedBy,
        at,
        this.#encodedActor(actor),
        event.reason ?? null,
        event.cause ?? null,
        event.imported ? logFlags.imported : 0,
        encoded,
      ])
    this.#lastSeq = event.seq
    this.#unsynced.push({ event, bytes: (encoded?.length ?? 0) + eventOverheadBytes })
    return event
  }

  /** The actor as JSON text; most events have the actor of the one before. */
  #encodedActor(actor: Actor): string {
    if (this.#lastActor?.actor !== actor) {
      this.#lastActor = { actor, encoded: JSON.stringify(actor) }
    }
    return this.#lastActor.encoded
  }

  #eventOf(entry: LogEntry, authorship: Authorship): Event {
    const seq = this.nextSeq
    // Built member by member: there is one for each write, and spreading many small objects costs more.
    const event: Writable<Event> = {
      seq,
      txn: this.#txn as Seq,
      topic: entry.topic,
      actor: authorship.actor,
      at: authorship.at,
      token: this.#tokenAt(seq),
    }
    if (authorship.reason !== undefined) event.reason = authorship.reason
    if (authorship.cause !== undefined) event.cause = authorship.cause
    if (!('record' in entry)) {
      if (entry.payload !== undefined) event.payload = entry.payload
      return event
    }
    const { record, op, previousVersion } = entry
    event.type = record.type
    event.id = record.id
    event.op = op
    event.version = record.version
    if (previousVersion !== undefined) event.previousVersion = previousVersion
    event.changedFields = entry.changedFields
    if (entry.imported) event.imported = true
    if (op === 'purged') event.redacted = true
    else event.record = record
    return event
  }

  /** Everything up to this seq is on disk: shows it to readers and wakes the listeners. */
  markDurable(seq: number): void {
    if (seq <= this.#durableSeq) return
    this.#durableSeq = seq
    const ready = this.#unsynced.findIndex(({ event }) => event.seq > seq)
    const count = ready === -1 ? this.#unsynced.length : ready
    for (const { event, bytes } of this.#unsynced.splice(0, count)) this.#tail.push(event, bytes)
    for (const listener of this.#listeners) listener(seq as Seq)
  }

  /** Forgets the events held in memory: their values were erased from the file. */
  forgetTail(): void {
    this.#tail.clear()
  }

  onDurable(listener: (seq: Seq) => void): { dispose(): void } {
    this.#listeners.add(listener)
    return { dispose: () => void this.#listeners.delete(listener) }
  }

  holdFloor(lowestSeq: () => number): { dispose(): void } {
    this.#holds.add(lowestSeq)
    return { dispose: () => void this.#holds.delete(lowestSeq) }
  }

  /** The lowest position that somebody still has to read from; without any, more than every position. */
  get heldSeq(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#holds].map((lowest) => lowest()))
  }

  /** Serves no event up to this one any more. What is left of them stays as history. */
  raiseFloor(seq: number): void {
    this.#floorSeq = Math.max(this.#floorSeq, seq)
  }

  readEvents(position: number, limit: number): readonly Event[] {
    if (position >= this.#durableSeq) return []
    const after = Math.max(position, this.#floorSeq)
    const remembered = this.#tail.after(after, limit)
    if (remembered !== undefined) return remembered
    const events: Event[] = []
    let length = 0
    let isCut = false
    this.#connection.prepare(this.#read).walk([after, this.#durableSeq, limit + 1], (row) => {
      isCut = events.length >= limit || length > readMaxLength
      events.push(this.#decode(row))
      length += String(row.data ?? '').length
      return !isCut
    })
    return isCut ? this.#wholeTransactions(events, events.length - 1) : events
  }

  /** Cuts a page after its last whole transaction; a first one that is larger is read to its end. */
  #wholeTransactions(events: Event[], limit: number): readonly Event[] {
    const next = events[limit]
    const cut = events.findIndex((event) => event.txn === next?.txn)
    if (cut > 0) return events.slice(0, cut)
    const txn = events[0]?.txn ?? 0
    const rest = this.#connection
      .prepare(readTransaction)
      .all([txn, events.at(-1)?.seq ?? 0, this.#durableSeq])
    const whole = events.filter((event) => event.txn === txn)
    return whole.concat(rest.map((row) => this.#decode(row)))
  }

  #decode(row: SqlRow): Event {
    return eventOfRow(row, this.#tokenAt)
  }
}

/** An object while it is being built. */
type Writable<T> = { -readonly [K in keyof T]: T[K] }

const readTransaction = `SELECT ${columns.join(', ')} FROM log WHERE txn = ? AND seq > ? AND seq <= ? ORDER BY seq`

/** Text of the events that are read at once, in characters; the last of them may be longer. */
const readMaxLength = 512 * 1024

/** What an event takes in memory beside its data, roughly. */
const eventOverheadBytes = 400
