import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { BackupOptions, EngineError } from './engine.ts'
import { engineErrorOf, misuse } from './engine-error.ts'
import { hostErrorCode, syncDirectoryOf } from './host-io.ts'
import { NativeStatement } from './native-statement.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import { ResultCode } from './sqlite-codes.ts'
import { SqliteHandle } from './sqlite-handle.ts'

/**
 * Where a database says which journal it uses, and the value for a rollback journal (file format,
 * section 1.3).
 */
const formatVersionAt = 18
const rollbackFormat = Uint8Array.of(1, 1)

/**
 * One copy of an open database to another file.
 *
 * SQLite's backup interface copies some pages a turn and takes over by itself what the source's
 * connection writes meanwhile. The copy is made under a temporary name beside its target, marked as
 * a database without a log (so that it is whole in one file), put on disk, and renamed. A target
 * that is there is replaced. A process that is killed leaves its `.NAME.UUID.tmp` behind.
 */
export class Backup {
  readonly #binding: SqliteBinding
  readonly #source: SqliteHandle
  readonly #target: string
  readonly #temporary: string
  #copy: RunningCopy | undefined

  constructor(binding: SqliteBinding, source: SqliteHandle, target: string) {
    this.#binding = binding
    this.#source = source
    this.#target = target
    const name = `.${path.basename(target)}.${randomUUID()}.tmp`
    this.#temporary = path.join(path.dirname(target), name)
  }

  /**
   * Makes the copy.
   *
   * @param syncSource - Puts the source's commits on disk: the copy must not hold what the source
   * could still lose.
   * @throws EngineError; or the signal's reason if it was aborted. Nothing is left behind then.
   */
  async run(options: BackupOptions, syncSource: () => Promise<void>): Promise<void> {
    options.signal?.throwIfAborted()
    this.#assertTarget()
    try {
      await this.#copyPages(options)
      await this.#finishFile()
      await syncSource()
      await options.verify?.(this.#temporary)
      options.signal?.throwIfAborted()
      this.#binding.io.rename(this.#temporary, this.#target)
      syncDirectoryOf(this.#binding.io, this.#target)
    } catch (error) {
      this.#removeTemporary()
      throw asEngineError(error)
    }
  }

  /** Ends the copying, because the source is about to be closed; `run` then rejects. */
  abandon(): void {
    this.#copy?.end()
    this.#copy = undefined
  }

  async #copyPages({ pagesPerStep, onProgress, signal }: BackupOptions): Promise<void> {
    const copy = new RunningCopy(this.#binding, this.#source, this.#temporary)
    this.#copy = copy
    try {
      for (let isDone = false; !isDone; ) {
        isDone = copy.step(pagesPerStep)
        onProgress?.(copy.progress)
        await setImmediate()
        signal?.throwIfAborted()
        if (this.#copy === undefined) throw misuse(`${this.#source.database.path} was closed`)
      }
    } finally {
      this.abandon()
    }
  }

  async #finishFile(): Promise<void> {
    const { io } = this.#binding
    const fd = io.open(this.#temporary, fs.constants.O_RDWR, 0)
    try {
      if (io.describe(fd).size > 0) io.write(fd, rollbackFormat, formatVersionAt)
      await io.syncDataAsync(fd)
    } finally {
      io.close(fd)
    }
  }

  #assertTarget(): void {
    const { io } = this.#binding
    if (!path.isAbsolute(this.#target))
      throw misuse(`expected an absolute path, got ${this.#target}`)
    const there = io.find(this.#target)
    const source = this.#source.database.file('main')
    if (there !== undefined && there.inode === source?.inode && there.device === source.device) {
      throw misuse(`${this.#target} is the database itself`)
    }
    for (const role of ['wal', 'journal']) {
      const beside = `${this.#target}-${role}`
      if (io.find(beside) === undefined) continue
      // SQLite would take it for the copy's own and write its pages over the copy.
      throw engineErrorOf(
        ResultCode.cannotOpen,
        `${beside} belongs to another database; remove it first`,
        undefined,
      )
    }
  }

  #removeTemporary(): void {
    try {
      this.#binding.io.unlink(this.#temporary)
    } catch {
      // It may not have been made at all, and the error that brought us here is the one to tell.
    }
  }
}

/** A `sqlite3_backup` on its way, with the connection it writes to. */
class RunningCopy {
  readonly #source: SqliteHandle
  readonly #destination: SqliteHandle
  readonly #pageCount: NativeStatement
  readonly #backup: number
  #pages = 0
  #ended = false

  constructor(binding: SqliteBinding, source: SqliteHandle, path: string) {
    this.#source = source
    this.#pageCount = new NativeStatement(source, 'PRAGMA page_count')
    this.#destination = new SqliteHandle(binding, path, false)
    try {
      // No journal and no syncs: a copy that is not finished is thrown away.
      this.#destination.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF')
      this.#destination.exec('PRAGMA journal_mode = OFF')
      this.#backup = this.#begin()
    } catch (error) {
      this.#pageCount.finalize()
      this.#destination.close()
      throw error
    }
  }

  get progress(): { readonly pages: number; readonly total: number } {
    const total = Number(this.#pageCount.get([])?.page_count ?? 0)
    return { pages: Math.min(this.#pages, total), total }
  }

  /**
   * Copies some pages; true if those were the last. A transaction that is open in the source is
   * waited for.
   */
  step(pages: number): boolean {
    const code = this.#source.api.backup_step(this.#backup, pages)
    if (code === ResultCode.busy || code === ResultCode.locked) return false
    if (code !== ResultCode.ok && code !== ResultCode.done) throw this.#error(code)
    this.#pages += pages
    return code === ResultCode.done
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#source.api.backup_finish(this.#backup)
    this.#pageCount.finalize()
    this.#destination.close()
  }

  #begin(): number {
    const { api, memory, pointer } = this.#source
    const backup = this.#source.withArea(8, (zMain) => {
      memory.bytes.write('main\0', zMain, 'latin1')
      return api.backup_init(this.#destination.pointer, zMain, pointer, zMain)
    })
    if (backup === 0) throw this.#destination.error(ResultCode.error)
    return backup
  }

  /** The code may come from either side; the side that has a host error to show is it. */
  #error(code: number): EngineError {
    const failed = this.#source.database.lastError === undefined ? this.#destination : this.#source
    return failed.error(code)
  }
}

/** What the host says becomes an EngineError; what a callback or the signal says stays what it is. */
function asEngineError(error: unknown): unknown {
  if (hostErrorCode(error) === undefined) return error
  return engineErrorOf(ResultCode.io, 'the backup failed', error)
}
