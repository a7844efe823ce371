import { Backup } from './backup.ts'
import type {
  BackupOptions,
  Connection,
  ConnectionOptions,
  HitQuery,
  Statement,
  TakeHits,
} from './engine.ts'
import { EngineError } from './engine.ts'
import { misuse } from './engine-error.ts'
import { NativeStatement } from './native-statement.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import { ResultCode } from './sqlite-codes.ts'
import { SqliteHandle } from './sqlite-handle.ts'
import { StatementCache } from './statement-cache.ts'

const pageBytes = 4096
const autoCheckpointPages = 1000

/** A connection of a WebAssembly build of SQLite to one file on the host. */
export class WasmConnection implements Connection {
  readonly path: string
  readonly #binding: SqliteBinding
  readonly #handle: SqliteHandle
  readonly #readOnly: boolean
  readonly #statements: StatementCache
  readonly #backups = new Set<Backup>()
  /** Statements of this file's own, besides those that users count. */
  readonly #own: OwnStatements
  #lastWalPages = 0

  /** @throws EngineError as `Engine.open` says. */
  constructor(binding: SqliteBinding, path: string, options: ConnectionOptions) {
    this.path = path
    this.#binding = binding
    this.#readOnly = options.readOnly === true
    this.#handle = new SqliteHandle(binding, path, this.#readOnly)
    this.#statements = new StatementCache(this.#handle, options.statementsMax)
    try {
      this.#handle.check(binding.timeBound.install(this.#handle.pointer))
      this.#configure(options)
      // Runs a statement, which reads the schema: not before the file is ours alone.
      this.#handle.check(binding.installFullText(this.#handle.pointer))
      this.#own = {
        begin: new NativeStatement(this.#handle, 'BEGIN'),
        rollback: new NativeStatement(this.#handle, 'ROLLBACK'),
        countPages: new NativeStatement(this.#handle, 'PRAGMA wal_checkpoint(NOOP)'),
        checkpoint: new NativeStatement(this.#handle, 'PRAGMA wal_checkpoint(PASSIVE)'),
      }
    } catch (error) {
      this.#statements.clear()
      this.#handle.close()
      throw error
    }
  }

  get fault(): Error | undefined {
    return this.#handle.database.fault
  }

  exec(sql: string): void {
    this.#handle.assertOpen()
    this.#handle.exec(sql)
  }

  prepare(sql: string): Statement {
    return this.#statements.prepare(sql)
  }

  get rowsSeen(): number {
    return this.#binding.timeBound.rows
  }

  runUntil(endMs: number, run: () => void): boolean {
    return this.#binding.timeBound.runUntil(endMs, run)
  }

  defineTextFunction(name: string, compute: (text: string) => string): void {
    this.#handle.assertOpen()
    this.#handle.check(this.#binding.texts.install(this.#handle.pointer, name, compute))
  }

  collectHits({ sql, values, endMs }: HitQuery, take: TakeHits): boolean {
    const statement = this.prepare(sql)
    return this.#binding.hits.collect(endMs, take, () => statement.run(values))
  }

  /**
   * No build tells us, so we try to begin one: within a transaction SQLite refuses that and nothing
   * else happens.
   */
  inTransaction(): boolean {
    this.#handle.assertOpen()
    const code = this.#own.begin.probe()
    if (code === ResultCode.error) return true
    this.#handle.check(code === ResultCode.done ? ResultCode.ok : code)
    this.#own.rollback.run([])
    return false
  }

  async sync(): Promise<void> {
    this.#handle.assertOpen()
    try {
      await this.#handle.database.syncLogAsync()
    } catch (cause) {
      throw syncError(cause)
    }
  }

  syncBlocking(): void {
    this.#handle.assertOpen()
    try {
      this.#handle.database.syncLog()
    } catch (cause) {
      throw syncError(cause)
    }
  }

  walPages(): number {
    this.#handle.assertOpen()
    // NOOP counts and does nothing else (SQLite 3.51; an older one would run a PASSIVE checkpoint).
    // Within a transaction SQLite does not look; what is not committed yet does not count anyway.
    if (this.#readOnly || this.inTransaction()) return this.#lastWalPages
    const { log = 0, checkpointed = 0 } = this.#own.countPages.get([]) ?? {}
    this.#lastWalPages = Math.max(0, Number(log) - Number(checkpointed))
    return this.#lastWalPages
  }

  async checkpoint(): Promise<void> {
    // The log has to be on disk before a page of it is copied into the main file.
    await this.sync()
    this.#handle.assertOpen()
    const { database } = this.#handle
    database.withDeferredMainSync(() => this.#own.checkpoint.run([]))
    try {
      await database.syncMainAsync()
    } catch (cause) {
      throw syncError(cause)
    }
  }

  async backup(path: string, options: BackupOptions): Promise<void> {
    this.#handle.assertOpen()
    const backup = new Backup(this.#binding, this.#handle, path)
    this.#backups.add(backup)
    try {
      await backup.run(options, () => this.sync())
    } finally {
      this.#backups.delete(backup)
    }
  }

  close(): void {
    if (this.#handle.isClosed) return
    for (const backup of this.#backups) backup.abandon()
    for (const statement of Object.values(this.#own)) statement.finalize()
    this.#statements.clear()
    this.#handle.close()
  }

  #configure(options: ConnectionOptions): void {
    const handle = this.#handle
    if (!this.#readOnly) assertWritable(handle)
    // Before anything is read, so that SQLite never asks for shared memory.
    handle.exec('PRAGMA locking_mode = EXCLUSIVE')
    handle.exec(`PRAGMA temp_store = MEMORY; PRAGMA cache_size = ${-Math.trunc(options.cacheKib)}`)
    handle.exec('PRAGMA foreign_keys = ON')
    if (!this.#readOnly) switchToWal(handle)
    handle.exec('SELECT count(*) FROM sqlite_schema') // Opens the log and recovers what is in it.
    if (this.#readOnly) return
    handle.exec(`PRAGMA synchronous = ${synchronousBySyncMode[options.syncMode]}`)
    const autoCheckpoint = options.syncMode === 'grouped' ? 0 : autoCheckpointPages
    handle.exec(`PRAGMA wal_autocheckpoint = ${autoCheckpoint}`)
    if (options.syncMode !== 'off') syncWhatWasFound(handle)
  }
}

const synchronousBySyncMode = { full: 'FULL', grouped: 'NORMAL', off: 'OFF' } as const

interface OwnStatements {
  readonly begin: NativeStatement
  readonly rollback: NativeStatement
  readonly countPages: NativeStatement
  readonly checkpoint: NativeStatement
}

function assertWritable(handle: SqliteHandle): void {
  const { database } = handle
  if (database.file('main')?.readOnly !== true) return
  throw new EngineError('read-only', ResultCode.readOnly, `${database.path} can't be written to`)
}

/**
 * EXTRA, for this moment: a new file's first journal must be gone for good before the log holds
 * anything.
 */
function switchToWal(handle: SqliteHandle): void {
  handle.exec(`PRAGMA synchronous = EXTRA; PRAGMA page_size = ${pageBytes}`)
  const statement = new NativeStatement(handle, 'PRAGMA journal_mode = WAL')
  try {
    const mode = statement.get([])?.journal_mode
    if (mode !== 'wal')
      throw misuse(`${handle.database.path}: expected journal mode wal, got ${mode}`)
  } finally {
    statement.finalize()
  }
}

/**
 * Syncs the log and the directory once, before anybody reads: a predecessor that was killed may
 * have left commits that are with the host but not on disk, and who reads them must not lose them
 * to a power cut later.
 */
function syncWhatWasFound(handle: SqliteHandle): void {
  const wal = handle.database.file('wal')
  if (wal === undefined) return
  try {
    handle.database.sync(wal)
  } catch (cause) {
    throw syncError(cause)
  }
}

function syncError(cause: unknown): Error {
  if (cause instanceof EngineError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EngineError(
    'io',
    ResultCode.io,
    `the outcome of unsynced commits is unknown: ${reason}`,
    cause,
  )
}
