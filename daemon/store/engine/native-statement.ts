import type { SqlRow, SqlValue } from './engine.ts'
import { misuse } from './engine-error.ts'
import { bindNull, countParameters, prepareOne, tellsChanges } from './prepare-statement.ts'
import { ColumnType, ResultCode } from './sqlite-codes.ts'
import type { SqliteHandle } from './sqlite-handle.ts'

/** `SQLITE_TRANSIENT`: SQLite makes a copy. */
const transient = -1
const largeBytes = 4096
/** Longest text that is compared with the one bound before. */
const keptLength = 100

/**
 * A prepared `sqlite3_stmt`. The hot path of every read and write, so it crosses into SQLite as
 * seldom as it can, and keeps what it learned: the names of the columns, the shape of a row, the
 * number of values.
 *
 * A call binds every value, runs, and resets before it returns.
 */
export class NativeStatement {
  readonly sql: string
  /** When it was last used, as the cache counts. */
  lastUsed = 0
  readonly #handle: SqliteHandle
  readonly #parameterCount: number
  readonly #tellsChanges: boolean
  #pointer: number
  #columns: readonly string[] = []
  #columnsAt = 0
  #template: { [column: string]: SqlValue } = {}
  #holdsLarge = false
  /** What is bound now, where that is worth knowing; undefined otherwise. */
  readonly #bound: (SqlValue | undefined)[]

  /**
   * @throws EngineError `sql` if SQLite does not accept the text; `misuse` if it is not exactly one
   * statement.
   */
  constructor(handle: SqliteHandle, sql: string) {
    this.sql = sql
    this.#handle = handle
    this.#pointer = prepareOne(handle, sql)
    this.#parameterCount = countParameters(handle, this.#pointer)
    this.#bound = new Array<SqlValue>(this.#parameterCount).fill(null)
    this.#readColumns()
    this.#tellsChanges = tellsChanges(sql, this.#columns.length)
  }

  /** Names of the columns as of the last run; a change of schema shows after the next. */
  get columns(): readonly string[] {
    return this.#columns
  }

  get isFinalized(): boolean {
    return this.#pointer === 0
  }

  run(values: readonly SqlValue[]): number {
    const { api, pointer } = this.#handle
    this.#bind(values)
    let code: number
    do code = api.step(this.#pointer)
    while (code === ResultCode.row)
    this.#finish(code)
    return this.#tellsChanges ? api.changes(pointer) : 0
  }

  get(values: readonly SqlValue[]): SqlRow | undefined {
    this.#bind(values)
    const code = this.#handle.api.step(this.#pointer)
    const row = code === ResultCode.row ? this.#readFirstRow() : undefined
    this.#finish(code)
    return row
  }

  all(values: readonly SqlValue[]): SqlRow[] {
    const { api } = this.#handle
    const rows: SqlRow[] = []
    this.#bind(values)
    let code = api.step(this.#pointer)
    if (code === ResultCode.row) {
      rows.push(this.#readFirstRow())
      code = api.step(this.#pointer)
    }
    while (code === ResultCode.row) {
      rows.push(this.#readRow())
      code = api.step(this.#pointer)
    }
    this.#finish(code)
    return rows
  }

  walk(values: readonly SqlValue[], take: (row: SqlRow) => boolean): void {
    const { api } = this.#handle
    this.#bind(values)
    let code = api.step(this.#pointer)
    let wanted = code !== ResultCode.row || this.#take(this.#readFirstRow(), take)
    while (wanted && code === ResultCode.row) {
      code = api.step(this.#pointer)
      if (code === ResultCode.row) wanted = this.#take(this.#readRow(), take)
    }
    this.#finish(code)
  }

  /** Leaves the statement reset also when the taker throws. */
  #take(row: SqlRow, take: (row: SqlRow) => boolean): boolean {
    try {
      return take(row)
    } catch (error) {
      this.#handle.api.reset(this.#pointer)
      throw error
    }
  }

  /** Steps once without values, resets, and returns the result code instead of throwing. */
  probe(): number {
    const code = this.#handle.api.step(this.#pointer)
    this.#handle.api.reset(this.#pointer)
    return code
  }

  finalize(): void {
    if (this.#pointer !== 0) this.#handle.api.finalize(this.#pointer)
    this.#pointer = 0
  }

  /**
   * Binds all values. SQLite copies texts and blobs, which measured no slower than lending them.
   */
  #bind(values: readonly SqlValue[]): void {
    if (values.length !== this.#parameterCount) {
      throw misuse(`expected ${this.#parameterCount} values, got ${values.length}: ${this.sql}`)
    }
    if (values.length === 0) return
    const bytes = bytesNeeded(values)
    const area = this.#handle.borrowArea(bytes)
    this.#holdsLarge = bytes > largeBytes
    try {
      this.#bindFrom(area, values)
    } finally {
      this.#handle.returnArea(area)
    }
  }

  #bindFrom(area: number, values: readonly SqlValue[]): void {
    const { api, memory } = this.#handle
    const pointer = this.#pointer
    const bound = this.#bound
    let free = area
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index]
      // A reset keeps what is bound, and much of a row is as in the row before: who wrote it, of what type.
      if (value !== undefined && bound[index] === value) continue
      bound[index] = undefined
      let code: number
      if (typeof value === 'string') {
        const bytes = memory.bytes.utf8Write(value, free)
        code = api.bind_text(pointer, index + 1, free, bytes, transient)
        free += bytes
      } else if (typeof value === 'number') {
        code = this.#bindNumber(index + 1, value)
      } else if (value === null) {
        code = bindNull(this.#handle, pointer, index + 1)
      } else if (value instanceof Uint8Array) {
        memory.bytes.set(value, free)
        code = api.bind_blob(pointer, index + 1, free, value.length, transient)
        free += value.length
      } else {
        throw misuse(`value ${index + 1} is a ${typeof value}, which SQLite can't store`)
      }
      if (code !== ResultCode.ok) throw this.#handle.error(code)
      if (typeof value !== 'string' || value.length <= keptLength) bound[index] = value
    }
  }

  /**
   * sql.js exports no `bind_int64`: integers beyond 32 bits go as REAL, which an INTEGER column
   * turns back.
   */
  #bindNumber(index: number, value: number): number {
    const { api } = this.#handle
    if ((value | 0) === value) return api.bind_int(this.#pointer, index, value)
    if (Number.isNaN(value)) throw misuse(`value ${index} is NaN, which SQLite can't store`)
    return api.bind_double(this.#pointer, index, value)
  }

  /** Resets, and throws if the run or its end failed. */
  #finish(code: number): void {
    const { api } = this.#handle
    const isDone = code === ResultCode.done || code === ResultCode.row
    let error = isDone ? undefined : this.#handle.error(code)
    const resetCode = api.reset(this.#pointer)
    // A write that returned a row ends with the reset, and may fail there.
    if (isDone && resetCode !== ResultCode.ok) error = this.#handle.error(resetCode)
    if (this.#holdsLarge) this.#dropValues()
    if (error !== undefined) throw error
  }

  /** So that a cached statement does not keep the megabytes it was last run with. */
  #dropValues(): void {
    this.#handle.api.clear_bindings(this.#pointer)
    this.#holdsLarge = false
    this.#bound.fill(null)
  }

  /**
   * SQLite prepares a statement anew when the schema has changed, which shows after the first step:
   * the names of its columns then have another address.
   */
  #readFirstRow(): SqlRow {
    if (this.#handle.api.column_name(this.#pointer, 0) !== this.#columnsAt) this.#readColumns()
    return this.#readRow()
  }

  #readColumns(): void {
    const { api, memory } = this.#handle
    const names: string[] = []
    for (let column = 0; column < api.column_count(this.#pointer); column += 1) {
      names.push(memory.readText(api.column_name(this.#pointer, column)))
    }
    this.#columns = names
    // `fromEntries` makes own properties, also of a column called `__proto__`.
    this.#template = Object.fromEntries(names.map((name) => [name, null]))
    this.#columnsAt = names.length === 0 ? 0 : api.column_name(this.#pointer, 0)
  }

  /**
   * A copy of the template has all columns in place, so that no value makes V8 look for another
   * shape.
   */
  #readRow(): SqlRow {
    const columns = this.#columns
    const row = { ...this.#template }
    try {
      for (let column = 0; column < columns.length; column += 1) {
        row[columns[column] ?? ''] = this.#readColumn(column)
      }
    } catch (error) {
      this.#handle.api.reset(this.#pointer)
      throw error
    }
    return row
  }

  #readColumn(column: number): SqlValue {
    const { api, memory } = this.#handle
    const pointer = this.#pointer
    switch (api.column_type(pointer, column)) {
      case ColumnType.integer:
      case ColumnType.float:
        return api.column_double(pointer, column)
      case ColumnType.text: {
        const start = api.column_text(pointer, column) >>> 0
        if (start === 0) throw this.#handle.error(ResultCode.noMemory)
        return memory.decode(start, start + api.column_bytes(pointer, column))
      }
      case ColumnType.blob: {
        const start = api.column_blob(pointer, column) >>> 0
        const bytes = api.column_bytes(pointer, column)
        if (start === 0 && bytes > 0) throw this.#handle.error(ResultCode.noMemory)
        return memory.copy(start, bytes)
      }
      default:
        return null
    }
  }
}

/** An upper bound that needs no look at the text, unless the text is long. */
function bytesNeeded(values: readonly SqlValue[]): number {
  let bytes = 0
  for (const value of values) {
    if (typeof value === 'string') {
      bytes += value.length < largeBytes ? 3 * value.length : Buffer.byteLength(value)
    } else if (value instanceof Uint8Array) bytes += value.length
  }
  return bytes
}
