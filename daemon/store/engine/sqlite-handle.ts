import type { EngineError } from './engine.ts'
import { engineErrorOf, misuse } from './engine-error.ts'
import type { HostDatabase } from './host-database.ts'
import type { RawApi } from './raw-api.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import { ResultCode } from './sqlite-codes.ts'
import type { WasmMemory } from './wasm-memory.ts'

const scratchBytes = 1 << 16

/**
 * An open `sqlite3` and what its statements share: the functions, the memory, and one scratch area
 * for the texts and blobs that are handed to SQLite.
 */
export class SqliteHandle {
  readonly api: RawApi
  readonly memory: WasmMemory
  readonly database: HostDatabase
  /** Address of the `sqlite3`. */
  readonly pointer: number
  readonly #binding: SqliteBinding
  readonly #name: string
  readonly #scratch: number
  #closed = false

  /**
   * Opens the file. SQLite reads nothing of it before the first statement.
   *
   * @throws EngineError `cannot-open`, or `misuse` if SQLite did not come to our VFS.
   */
  constructor(binding: SqliteBinding, path: string, readOnly: boolean) {
    const { api, runtime, vfs } = binding
    this.#scratch = runtime.allocate(scratchBytes)
    if (this.#scratch === 0) throw outOfMemory(scratchBytes)
    const { name, database } = vfs.register(path, readOnly)
    this.api = api
    this.memory = runtime.memory
    this.database = database
    this.#binding = binding
    this.#name = name
    const zName = this.#scratch + 8
    this.memory.bytes.write(`${name}\0`, zName, 'latin1')
    const code = api.open(zName, this.#scratch)
    this.pointer = this.memory.readWord(this.#scratch)
    const error = this.#openingError(code)
    if (error === undefined) return
    this.close()
    throw error
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** The error for a result code of this connection, with SQLite's message and the host's cause. */
  error(code: number): EngineError {
    const { lastError } = this.database
    this.database.lastError = undefined
    return engineErrorOf(code, this.memory.readText(this.api.errmsg(this.pointer)), lastError)
  }

  check(code: number): void {
    if (code !== ResultCode.ok) throw this.error(code)
  }

  /** Runs one or more statements without values. */
  exec(sql: string): void {
    if (sql.includes('\0')) throw misuse('a statement may not hold a NUL character')
    this.withArea(Buffer.byteLength(sql) + 1, (area) => {
      this.memory.bytes.write(`${sql}\0`, area)
      this.check(this.api.exec(this.pointer, area, 0, 0, 0))
    })
  }

  /** @throws EngineError `misuse` after `close`. */
  assertOpen(): void {
    if (this.#closed) throw misuse(`the connection to ${this.database.path} is closed`)
  }

  /**
   * Lends an area of SQLite's memory to `use` and takes it back afterwards. Areas that fit are all
   * the same one, so loans must not be nested.
   *
   * @throws EngineError `no-memory`.
   */
  withArea<Result>(bytes: number, use: (area: number) => Result): Result {
    const area = this.borrowArea(bytes)
    try {
      return use(area)
    } finally {
      this.returnArea(area)
    }
  }

  /** As `withArea`, for callers on the hot path, who return the area themselves. */
  borrowArea(bytes: number): number {
    if (bytes <= scratchBytes) return this.#scratch
    const area = this.#binding.runtime.allocate(bytes)
    if (area === 0) throw outOfMemory(bytes)
    return area
  }

  returnArea(area: number): void {
    if (area !== this.#scratch) this.#binding.runtime.free(area)
  }

  /**
   * Closes the connection and its files. All statements must be finalized. Does nothing the second
   * time.
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.api.close_v2(this.pointer)
    this.#binding.runtime.free(this.#scratch)
    this.#binding.vfs.unregister(this.#name)
  }

  #openingError(code: number): EngineError | undefined {
    if (code !== ResultCode.ok) return this.error(code)
    if (this.database.file('main') !== undefined) return undefined
    return misuse(`${this.database.path}: SQLite opened something else than the file on the host`)
  }
}

function outOfMemory(bytes: number): EngineError {
  return engineErrorOf(ResultCode.noMemory, `no memory for ${bytes} bytes`, undefined)
}
