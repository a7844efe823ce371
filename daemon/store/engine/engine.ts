/**
 * The seam behind which SQLite stands: sql.js on our VFS, the official WebAssembly build on the same VFS,
 * and better-sqlite3 in benchmarks. Nothing outside this folder knows which one it is.
 *
 * An `Engine` loads a SQLite build once; a `Connection` is one exclusive, write-ahead-logged connection to one
 * file on disk. All calls are synchronous but those that wait for the disk on purpose (`sync`, `checkpoint`,
 * `backup`), so that the event loop goes on while the disk works.
 */

/**
 * A value that SQLite stores: text, a number (integers beyond 2^53 lose digits), null, or bytes.
 *
 * On sql.js an integer beyond 32 bits is bound as REAL: an INTEGER column turns it back into an integer, but
 * `typeof(?)` and a column without a type see a real. NaN is refused, because SQLite would make it NULL.
 */
export type SqlValue = string | number | null | Uint8Array

/** One row, by column name. */
export type SqlRow = { readonly [column: string]: SqlValue }

/** Which full-text modules the build has. */
export type FullTextModule = 'fts4' | 'fts5'

/** How `COMMIT` itself treats the disk. `full` syncs in the commit; `grouped` leaves it to `Connection.sync`. */
export type SyncMode = 'full' | 'grouped' | 'off'

/** Settings of a connection; every limit has its unit in its name. */
export interface ConnectionOptions {
  readonly syncMode: SyncMode
  /** Bound of the page cache, in KiB. */
  readonly cacheKib: number
  /** Bound of the statement cache, in statements. */
  readonly statementsMax: number
  /**
   * Open without ever writing; the file must exist. A log beside it is read too, from memory, and left as it is. A
   * rollback journal that a crash left would have to be written back first: then opening fails as `read-only`.
   * Nobody may write to the file meanwhile; copy it first if somebody might.
   */
  readonly readOnly?: boolean
}

/** A loaded SQLite build that can open files. */
export interface Engine {
  /** `sql.js`, `sqlite-wasm` or `better-sqlite3`. */
  readonly name: string
  readonly sqliteVersion: string
  readonly fullText: FullTextModule
  /**
   * Opens a file, creating it if need be, in exclusive write-ahead mode, and recovers what a crash left.
   *
   * @param path - Absolute path on the host.
   * @throws EngineError `not-a-database`, `corrupt`, `cannot-open`, `read-only`, `full`.
   */
  open(path: string, options: ConnectionOptions): Connection
}

/** One exclusive connection. The owner lock is the caller's; two connections to one file destroy it. */
export interface Connection {
  readonly path: string
  /** Runs one or more statements without values and drops their rows. */
  exec(sql: string): void
  /**
   * The cached statement for one SQL statement, prepared at its first use. It may be kept: one that had to make
   * room in the cache is prepared again when it is next used.
   *
   * @throws EngineError `sql`; `misuse` if the text is not exactly one statement.
   */
  prepare(sql: string): Statement
  /**
   * Runs statements whose WHERE calls the function `in_time(row)` with a column of the row, until a time by
   * `performance.now()`: after it the call ends the statement. They may only read.
   *
   * @returns Whether they came to their end.
   */
  runUntil(endMs: number, run: () => void): boolean
  /** For how many rows the statements of the last `runUntil` called `in_time`: those that they looked at. */
  readonly rowsSeen: number
  /**
   * Defines an SQL function of one argument that makes a text out of a text, and the empty text of NULL. What it throws
   * ends the statement.
   */
  defineTextFunction(name: string, compute: (text: string) => string): void
  /**
   * Runs a full-text query, a statement that only reads and calls `take_hits` in its result, until a time by
   * `performance.now()`: with `(docid, matchinfo(t, 'y'))` in version 4, with `(t, rowid)` in version 5. Each row is
   * handed to `take` as it is found.
   *
   * @returns Whether it came to its end.
   */
  collectHits(query: HitQuery, take: TakeHits): boolean
  /** Whether a transaction is open. A full disk may have rolled one back: ask after each failed statement. */
  inTransaction(): boolean
  /**
   * Puts every commit so far on disk (one asynchronous fdatasync of the write-ahead log).
   *
   * @throws EngineError `io`: the outcome of unsynced commits is unknown, `fault` is set, and every later write
   * is refused until the file is opened again.
   */
  sync(): Promise<void>
  /** As `sync`, but blocks: for whom the disk is known to answer sooner than another thread would. */
  syncBlocking(): void
  /** Pages now in the write-ahead log that no checkpoint has copied back. */
  walPages(): number
  /**
   * Copies the log's pages into the main file and syncs it without blocking the event loop.
   * Between the call and its settling no write transaction may be begun (the caller's duty). One that is begun
   * nevertheless is safe, but may block until the main file is on disk.
   *
   * @throws EngineError `full` if the main file finds no room: nothing is lost, the log is kept. `io` if a sync
   * failed, as in `sync`. `misuse` within a transaction.
   */
  checkpoint(): Promise<void>
  /**
   * Writes a consistent copy to `path`, page by page, while others write. The copy appears whole or not at all:
   * it is made under a temporary name, synced, and renamed; a copy that was there is replaced. It holds commits up
   * to the last step, all of them on disk in the source too, and is one file without a log. A transaction that is
   * open is waited for. If it fails or `signal` aborts it (then with the signal's reason), nothing is left behind.
   */
  backup(path: string, options: BackupOptions): Promise<void>
  /** Why the connection refuses writes since a failed sync or a vanished file; undefined while it is sound. */
  readonly fault: Error | undefined
  /** Closes without throwing. What was not synced may be lost, as after a crash. */
  close(): void
}

/** A full-text query, and how long it may go on. */
export interface HitQuery {
  readonly sql: string
  readonly values: readonly SqlValue[]
  readonly endMs: number
}

/**
 * Takes a row that fits a full-text query: how often each phrase of the query occurs in each column. The counts lie in
 * `counts` from `at` on, phrase by phrase, and are only there during the call. It must not throw.
 */
export type TakeHits = (row: number, counts: Int32Array, at: number) => void

/** How a backup is paced. */
export interface BackupOptions {
  readonly pagesPerStep: number
  readonly onProgress?: (done: { readonly pages: number; readonly total: number }) => void
  readonly signal?: AbortSignal
  /** Looks at the whole copy under its temporary name before it appears; what it throws undoes the backup. */
  readonly verify?: (path: string) => Promise<void>
}

/** A prepared statement. Values are bound by position, exactly as many as it names; a call always leaves it reset. */
export interface Statement {
  readonly sql: string
  /** Names of the result's columns, as of the last run. */
  readonly columns: readonly string[]
  /** Runs to the end and tells how many rows the statement changed: 0 for what is no INSERT, UPDATE or DELETE. */
  run(values?: readonly SqlValue[]): number
  /** The first row, or undefined. */
  get(values?: readonly SqlValue[]): SqlRow | undefined
  /** All rows. The caller bounds their number. */
  all(values?: readonly SqlValue[]): SqlRow[]
  /**
   * Hands out the rows one after the other until `take` says that it wants no more, for rows of which only some
   * may be held at once. `take` uses no statement of this connection.
   */
  walk(values: readonly SqlValue[], take: (row: SqlRow) => boolean): void
}

/** What went wrong below, as far as SQLite and the host tell. */
export type EngineErrorKind =
  | 'constraint'
  | 'full'
  | 'io'
  | 'read-only'
  | 'not-a-database'
  | 'corrupt'
  | 'cannot-open'
  | 'too-big'
  | 'no-memory'
  | 'misuse'
  | 'sql'

/** A failed SQLite call. `resultCode` is SQLite's primary result code. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly kind: EngineErrorKind
  readonly resultCode: number

  constructor(kind: EngineErrorKind, resultCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
    this.resultCode = resultCode
  }
}
