import type { SqlRow, SqlValue } from './engine.ts'
import { misuse } from './engine-error.ts'
import { ColumnType, ResultCode } from './sqlite-codes.ts'
import type { SqliteHandle } from './sqlite-handle.ts'

const staticText = 0
const largeBoundBytes = 4096

/**
 * A prepared `sqlite3_stmt`. The hot path of every read and write, so it crosses into SQLite as seldom as it can:
 * column names are kept, and values are bound where they lie in the scratch area, without a copy of SQLite's own.
 *
 * That is safe because a call binds every value, runs, and resets before it returns; nothing runs in between, and
 * what stays bound afterwards is never looked at before it is bound again.
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
  #boundBytes = 0

  /**
   * @throws EngineError `sql` if SQLite does not accept the text; `misuse` if it is not exactly one statement.
   */
  constructor(handle: SqliteHandle, sql: string) {
    this.sql = sql
    this.#handle = handle
    this.#pointer = prepareOne(handle, sql)
    this.#parameterCount = countParameters(handle, this.#pointer)
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
    const area = this.#bind(values)
    let code: number
    do code = api.step(this.#pointer)
    while (code === ResultCode.row)
    this.#finish(code, area)
    return this.#tellsChanges ? api.changes(pointer) : 0
  }

  get(values: readonly SqlValue[]): SqlRow | undefined {
    const area = this.#bind(values)
    const code = this.#handle.api.step(this.#pointer)
    let row: SqlRow | undefined
    if (code === ResultCode.row) {
      this.#followSchema()
      row = this.#readRow()
    }
    this.#finish(code, area)
    return row
  }

  all(values: readonly SqlValue[]): SqlRow[] {
    const { api } = this.#handle
    const rows: SqlRow[] = []
    const area = this.#bind(values)
    let code = api.step(this.#pointer)
    if (code === ResultCode.row) this.#followSchema()
    while (code === ResultCode.row) {
      rows.push(this.#readRow())
      code = api.step(this.#pointer)
    }
    this.#finish(code, area)
    return rows
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

  /** Binds all values and returns the area they lie in, for `#finish`. 0: there were none. */
  #bind(values: readonly SqlValue[]): number {
    if (values.length !== this.#parameterCount) {
      throw misuse(`expected ${this.#parameterCount} values, got ${values.length}: ${this.sql}`)
    }
    if (values.length === 0) return 0
    const needed = bytesNeeded(values)
    const area = this.#handle.borrowArea(needed)
    try {
      this.#bindAt(area, values)
    } catch (error) {
      this.#release(area, true)
      throw error
    }
    this.#boundBytes = needed
    return area
  }
  #bindAt(area: number, values: readonly SqlValue[]): void {
    const { api, memory } = this.#handle
    const pointer = this.#pointer
    let free = area
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index]
      let code: number
      if (typeof value === 'string') {
        const bytes = memory.bytes.write(value, free)
        code = api.bind_text(pointer, index + 1, free, bytes, staticText)
        free += bytes
      } else if (typeof value === 'number') {
        code = this.#bindNumber(index + 1, value)
      } else if (value === null) {
        code = api.bind_blob(pointer, index + 1, 0, 0, staticText)
      } else if (value instanceof Uint8Array) {
        memory.bytes.set(value, free)
        code = api.bind_blob(pointer, index + 1, free, value.length, staticText)
        free += value.length
      } else {
        throw misuse(`value ${index + 1} is a ${typeof value}, which SQLite can't store`)
      }
      if (code !== ResultCode.ok) throw this.#handle.error(code)
    }
  }

  /** sql.js exports no `bind_int64`: integers beyond 32 bits go as REAL, which an INTEGER column turns back. */
  #bindNumber(index: number, value: number): number {
    const { api } = this.#handle
    if ((value | 0) === value) return api.bind_int(this.#pointer, index, value)
    if (Number.isNaN(value)) throw misuse(`value ${index} is NaN, which SQLite can't store`)
    return api.bind_double(this.#pointer, index, value)
  }

  /** Resets, gives the area back, and throws if the run or its end failed. */
  #finish(code: number, area: number): void {
    const { api } = this.#handle
    const failure =
      code === ResultCode.done || code === ResultCode.row ? undefined : this.#handle.error(code)
    const resetCode = api.reset(this.#pointer)
    // A write that returned a row ends with the reset, and may fail there.
    const error =
      failure ?? (resetCode === ResultCode.ok ? undefined : this.#handle.error(resetCode))
    if (area !== 0) this.#release(area, this.#boundBytes > largeBoundBytes)
    if (error !== undefined) throw error
  }

  #release(area: number, clear: boolean): void {
    if (clear) this.#handle.api.clear_bindings(this.#pointer)
    this.#handle.returnArea(area)
  }

  /** SQLite prepares a statement again when the schema changed; its column names then have another address. */
  #followSchema(): void {
    if (this.#handle.api.column_name(this.#pointer, 0) !== this.#columnsAt) this.#readColumns()
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

  /** A copy of the template has all columns in place, so that no value makes V8 look for another shape. */
  #readRow(): SqlRow {
    const columns = this.#columns
    const row = { ...this.#template }
    for (let column = 0; column < columns.length; column += 1) {
      row[columns[column] ?? ''] = this.#readColumn(column)
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
        return memory.decode(start, start + api.column_bytes(pointer, column))
      }
      case ColumnType.blob: {
        const start = api.column_blob(pointer, column) >>> 0
        return memory.copy(start, api.column_bytes(pointer, column))
      }
      default:
        return null
    }
  }
}

/** An upper bound that needs no look at the text, unless the text is long. */
function bytesNeeded(values: readonly SqlValue[]): number {
  let bytes = 1 // So that there is an area, and an address, for an empty text too.
  for (const value of values) {
    if (typeof value === 'string') {
      bytes += value.length < largeBoundBytes ? 3 * value.length : Buffer.byteLength(value)
    } else if (value instanceof Uint8Array) bytes += value.length
  }
  return bytes
}

function prepareOne(handle: SqliteHandle, sql: string): number {
  if (sql.includes('\0')) throw misuse('a statement may not hold a NUL character')
  const { api, memory, pointer } = handle
  const bytes = Buffer.byteLength(sql)
  return handle.withArea(bytes + 12, (area) => {
    const zSql = area + 8
    memory.bytes.write(`${sql}\0`, zSql)
    handle.check(api.prepare_v2(pointer, zSql, bytes, area, area + 4))
    const statement = memory.readWord(area)
    if (statement === 0) throw misuse('expected a statement, got nothing but space or comments')
    const tail = memory.readWord(area + 4)
    const tailCode = api.prepare_v2(pointer, tail, zSql + bytes - tail, area, 0)
    const second = memory.readWord(area)
    if (tailCode === ResultCode.ok && second === 0) return statement
    api.finalize(second)
    api.finalize(statement)
    throw misuse(`expected one statement, got more: ${sql}`)
  })
}

/** SQLite's own count is not exported, so we bind NULL until it says that there is no such parameter. */
function countParameters(handle: SqliteHandle, statement: number): number {
  let count = 0
  while (handle.api.bind_blob(statement, count + 1, 0, 0, staticText) === ResultCode.ok) count += 1
  return count
}

/** `sqlite3_changes` keeps the number of the last writing statement, so it is asked after writing ones only. */
function tellsChanges(sql: string, columnCount: number): boolean {
  const leadingKeyword = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*([a-z]+)/i
    .exec(sql)?.[1]
    ?.toLowerCase()
  const writes = ['insert', 'update', 'delete', 'replace']
  if (leadingKeyword === 'with') return columnCount === 0 || /\breturning\b/i.test(sql)
  return leadingKeyword !== undefined && writes.includes(leadingKeyword)
}
