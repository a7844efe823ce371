/**
 * What the rest of the daemon may ask of a store. The store knows no connection and no JSON-RPC: requests
 * come as parsed values with a caller, and answers are given only when they are on disk.
 *
 * Every method that fails on account of the request throws an `OrionError` of the kind WIRE names.
 */

import type { z } from 'zod'
import type { Instant } from '../../sdk/instant.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Claims, Event, Record, Seq, Token, WriteResult } from '../../sdk/model.ts'
import type * as daemon from '../../sdk/protocol/daemon.ts'
import type * as events from '../../sdk/protocol/events.ts'
import type * as explanation from '../../sdk/protocol/explain.ts'
import type * as records from '../../sdk/protocol/records.ts'
import type * as references from '../../sdk/protocol/references.ts'
import type * as searching from '../../sdk/protocol/search.ts'
import type * as types from '../../sdk/protocol/types.ts'
import type * as upkeep from '../../sdk/protocol/upkeep.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { ManagedAnswer, ManagedRequest, ManagedTransaction } from './managed-api.ts'

/** On whose behalf a request is made; the session proved it. */
export interface Caller {
  readonly principal: string
  /** The connection that it came by: those that have much to read share the daemon by it. Else the principal. */
  readonly connectionId?: string
  /** `name/version` of the client program. */
  readonly client: string
  readonly claims?: Claims
  /** What the caller was allowed to do, for its events; undefined when it was everything. */
  readonly scopes?: readonly string[] | undefined
  /** Whether records of this type may be shown to the caller; a conflict hides `current` otherwise. */
  readonly mayRead: (type: string) => boolean
  /** Aborts a read while it waits. */
  readonly signal?: AbortSignal
  /** Whether nobody wants the answer any more. A write is given up only before its transaction begins. */
  readonly cancelled?: boolean
  /** What was asked for, where a hook has changed it: a repetition is known by that. */
  readonly askedFor?: object
  /** Only what was answered before is answered again; all else is refused with `notAnswered`. */
  readonly repeatsOnly?: true
  /** Milliseconds the caller still waits; a write that would wait longer is answered `overloaded`. */
  readonly deadlineMs?: number
}

type Params<D extends { readonly params: z.ZodType }> = z.output<D['params']>
type Result<D extends { readonly result: z.ZodType }> = z.output<D['result']>

/** A request that moves a record between lifecycles, or removes it. */
export type MoveParams = Params<typeof records.DeleteRecord>

/** Reads. A record younger than the last sync is held back until it is on disk. */
export interface StoreReads {
  get(
    params: Params<typeof records.GetRecord>,
    caller: Caller,
  ): Promise<Result<typeof records.GetRecord>>
  getMany(
    params: Params<typeof records.GetManyRecords>,
    caller: Caller,
  ): Promise<Result<typeof records.GetManyRecords>>
  list(
    params: Params<typeof records.ListRecords>,
    caller: Caller,
  ): Promise<Result<typeof records.ListRecords>>
  count(
    params: Params<typeof records.CountRecords>,
    caller: Caller,
  ): Promise<Result<typeof records.CountRecords>>
  search(
    params: Params<typeof searching.SearchRecords>,
    caller: Caller,
  ): Promise<Result<typeof searching.SearchRecords>>
  explain(
    params: Params<typeof explanation.ExplainRecords>,
    caller: Caller,
  ): Promise<Result<typeof explanation.ExplainRecords>>
  history(
    params: Params<typeof records.RecordHistory>,
    caller: Caller,
  ): Promise<Result<typeof records.RecordHistory>>
  blame(
    params: Params<typeof records.BlameRecord>,
    caller: Caller,
  ): Promise<Result<typeof records.BlameRecord>>
  referrers(
    params: Params<typeof references.RecordReferrers>,
    caller: Caller,
  ): Promise<Result<typeof references.RecordReferrers>>
}

/** Writes. Each resolves after its transaction is on disk. */
export interface StoreWrites {
  create(params: Params<typeof records.CreateRecord>, caller: Caller): Promise<WriteResult>
  update(params: Params<typeof records.UpdateRecord>, caller: Caller): Promise<WriteResult>
  delete(params: MoveParams, caller: Caller): Promise<WriteResult>
  restore(params: MoveParams, caller: Caller): Promise<WriteResult>
  archive(params: MoveParams, caller: Caller): Promise<WriteResult>
  purge(params: MoveParams, caller: Caller): Promise<WriteResult>
  transact(
    params: Params<typeof records.Transact>,
    caller: Caller,
  ): Promise<Result<typeof records.Transact>>
  import(
    params: Params<typeof records.ImportRecords>,
    caller: Caller,
  ): Promise<Result<typeof records.ImportRecords>>
  publish(
    params: Params<typeof events.PublishEvent>,
    caller: Caller,
  ): Promise<Result<typeof events.PublishEvent>>
  defineType(
    params: Params<typeof types.DefineType>,
    caller: Caller,
  ): Promise<Result<typeof types.DefineType>>
  /**
   * Runs the migrations that a type lacks, or goes back. Reads and writes go on meanwhile; what is answered before the
   * decisive transaction is of the type as it was, what comes after it as it became.
   */
  migrateType(
    params: Params<typeof types.MigrateType>,
    caller: Caller,
    onProgress?: (progress: MigrationProgress) => void,
  ): Promise<Result<typeof types.MigrateType>>
}

/** How far a migration is: records, of how many. */
export interface MigrationProgress {
  readonly stage: 'looking' | 'backup' | 'copying' | 'switching'
  readonly done: number
  readonly total: number
}

/** What the daemon's own methods may do with records beyond what clients may: see `managed-api.ts`. */
export interface StoreManagement {
  /** Runs a request of the daemon's own as one transaction; resolves after it is on disk. */
  manage<T extends ManagedAnswer>(request: ManagedRequest<T>, caller: Caller): Promise<T>
  /**
   * Runs something in a transaction that is rolled back whatever happens: nothing of it is seen by anybody else, and
   * neither the file nor its log changes by a byte.
   */
  tryOut<T>(run: (work: ManagedTransaction) => T, caller: Caller): Promise<T>
}

/** What a subscriber may have of each event. */
export type Include = 'none' | 'changes' | 'record'

/** How a change moved a record across the filter of a subscription. */
export type Match = NonNullable<Event['match']>

/** A filter on the records of one type. */
export interface RecordFilter {
  /** Whether a record fits. */
  fits(record: Record): boolean
  /**
   * How the record of some events moved from before `first` to after `last`, which may be the same event; undefined
   * when it fitted neither before nor after.
   */
  match(last: Event, first: Event): Match | undefined
}

/** Some records of a type as of a position. */
export interface SnapshotRequest {
  readonly type: string
  /** At or above the floor, on disk. */
  readonly seq: number
  /** The row after which the slice begins; 0 for the first. */
  readonly afterRow: number
  /** Most rows that are looked at, from 1 up. */
  readonly limit: number
}

/** A part of a snapshot. It may hold no record and yet not be the last. */
export interface SnapshotSlice {
  readonly records: readonly Record[]
  /** Where the next slice begins; undefined after the last. */
  readonly afterRow: number | undefined
}

/** Reading the log. Nothing that is not on disk is ever returned. */
export interface StoreLog {
  /** The newest seq on disk; 0 when the log is empty. */
  readonly durableSeq: number
  /** Events with a seq above this one are still served. */
  readonly floorSeq: number
  /**
   * Events after a position, in seq order, whole transactions only (a transaction that would pass the limit
   * is returned whole if it is the first). From memory while the reader keeps up, else from the file.
   * Events are shared and frozen by convention: never change one. They hold `record` whenever it is known.
   *
   * @param after - Exclusive.
   */
  readEvents(after: number, limit: number): readonly Event[]
  /**
   * Calls back after each group of commits is on disk, with the new durable seq. The callback must not throw
   * and should return at once.
   */
  onDurable(listener: (seq: Seq) => void): { dispose(): void }
  /**
   * Keeps what somebody has yet to read: compaction asks for the lowest position that is still needed, and stops
   * there, up to a bound.
   */
  holdFloor(lowestSeq: () => number): { dispose(): void }
}

/** Whose named position it is. */
export interface PositionOwner {
  readonly principal: string
  readonly name: string
}

/** A named position as it is kept. */
export interface NamedPosition {
  readonly epoch: string
  readonly seq: number
}

/** Positions that last, by principal and name. Compaction does not pass them while they live, up to a bound. */
export interface StorePositions {
  find(owner: PositionOwner): NamedPosition | undefined
  /**
   * Moves a position forward, or makes it; never back within one epoch. Resolves with the position when it is on disk.
   *
   * @throws OrionError `too_large` when there are too many already.
   */
  keep(owner: PositionOwner, seq: number): Promise<number>
  /** Uses a position until it is disposed of. Whoever uses it already is told that somebody took it over. */
  use(owner: PositionOwner, onTaken: () => void): { dispose(): void }
}

/** Which store this is, as far as it was asked. */
export interface StoreIdentityApi {
  /** Whose copy this store is, as long as nobody has said whether it was copied or moved. */
  readonly copiedFrom: { readonly storeId: string; readonly path: string } | undefined
  /**
   * Answers that question: a copy stays a store of its own; what was moved gets its old id back, once it is opened again.
   *
   * @throws OrionError `invalid_request` when nobody asks, or when the original is still where it was.
   */
  settle(
    as: 'moved' | 'copied',
    options?: { readonly force?: boolean | undefined },
  ): Promise<{ readonly storeId: string; readonly reopen: boolean }>
}

/** The backups of a store. */
export interface StoreBackupsApi {
  /** The newest that the store knows of. */
  readonly last: Backup | undefined
  readonly isRunning: boolean
  /** Why the last one that was due failed; undefined when it did not. */
  readonly problem: string | undefined
  /** Those beside the store, newest first. */
  list(): readonly Backup[]
  /** When the next one is due, if it is, and why or why not. */
  next(): { readonly at?: Instant; readonly because: string }
  /** Makes a copy of the store as it is now, and removes it when `use` is done with it. */
  withCopy<T>(use: (path: string) => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** A backup that was made. */
export type Backup = Result<typeof upkeep.ListBackups>['backups'][number]

/** What is to be made anew. */
export interface Derived {
  /** Indexes, by their names in the file. */
  readonly indexes?: readonly string[]
  /** Types whose rows in the table of references are wrong; also such as are there no more. */
  readonly references?: readonly string[]
}

/** The store as the session, the events and the composition root see it. */
export interface StoreApi extends StoreReads, StoreWrites, StoreManagement {
  readonly storeId: string
  readonly epoch: string
  readonly log: StoreLog
  readonly positions: StorePositions
  readonly identity: StoreIdentityApi
  readonly backups: StoreBackupsApi
  /** The token of the newest event on disk. */
  token(): Token
  /** The token of the floor. */
  floor(): Token
  tokenAt(seq: number): Token
  /**
   * The seq of a token of this store and epoch.
   *
   * @throws OrionError `token_invalid` for another store or a text that is no token.
   * @returns `epoch` when the token is of another epoch of this store.
   */
  seqOf(token: Token): number | 'epoch'
  /** Waits until the store has this position; `token_invalid` when the caller's deadline passes first. */
  waitFor(token: Token, caller: Caller): Promise<void>
  listTypes(
    params: {
      readonly count?: boolean | undefined
      /** The names of those that are told of; by default all. */
      readonly only?: ReadonlySet<string>
    },
    caller: Caller,
  ): Promise<Result<typeof types.ListTypes>>
  getType(name: string): Result<typeof types.GetType>
  /** What happened to a type, newest first; also to one that was removed. */
  typeHistory(params: Params<typeof types.TypeHistory>): Promise<Result<typeof types.TypeHistory>>
  /** The definition of a type; undefined when there is none. */
  typeDefinition(name: string): RecordTypeDefinition | undefined
  typeNames(): readonly string[]
  /** @throws OrionError `unknown_type`; `invalid_request` for an unknown field or operator. */
  recordFilter(type: string, where: JsonObject): RecordFilter
  /** Records of all lifecycles as of a position, however many are written meanwhile. */
  readSnapshot(request: SnapshotRequest): SnapshotSlice
  /**
   * Compacts the log: everything before a token, or what is too old to be kept.
   *
   * @throws OrionError `token_invalid` for a token of another store or epoch, or of the future.
   */
  compact(before: Token | undefined): Promise<Result<typeof daemon.CompactStore>>
  backup(path: string | undefined, signal?: AbortSignal): Promise<Result<typeof daemon.BackupStore>>
  /** Makes anew what follows from the records; nothing else that is stored changes. */
  rebuild(what: Derived): Promise<void>
  status(): StoreStatus
  /** Lets accepted writes finish, checkpoints, and closes the file. Idempotent. */
  close(): Promise<void>
}

/** The store's part of `daemon/status`. */
export type StoreStatus = Pick<
  daemon.DaemonStatusResult,
  'store' | 'engine' | 'queue' | 'log' | 'positions' | 'lastBackup' | 'backups'
>
