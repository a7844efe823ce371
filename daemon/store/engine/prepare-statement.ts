import { misuse } from './engine-error.ts'
import { ResultCode } from './sqlite-codes.ts'
import type { SqliteHandle } from './sqlite-handle.ts'

/**
 * Prepares the one statement that a text holds and returns its address.
 *
 * @throws EngineError `sql` if SQLite does not accept the text, `misuse` if it is none or several.
 */
export function prepareOne(handle: SqliteHandle, sql: string): number {
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

/**
 * How many values a statement takes. SQLite's own count is not exported, so we bind NULL until it
 * says that there is no such parameter.
 */
export function countParameters(handle: SqliteHandle, statement: number): number {
  let count = 0
  while (bindNull(handle, statement, count + 1) === ResultCode.ok) count += 1
  return count
}

/**
 * Whether to ask for changes after a run. `sqlite3_changes` keeps the number of the last writing
 * statement, so it is asked after writing ones only.
 */
export function tellsChanges(sql: string, columnCount: number): boolean {
  const leadingKeyword = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*([a-z]+)/i
    .exec(sql)?.[1]
    ?.toLowerCase()
  const writes = ['insert', 'update', 'delete', 'replace']
  if (leadingKeyword === 'with') return columnCount === 0 || /\breturning\b/i.test(sql)
  return leadingKeyword !== undefined && writes.includes(leadingKeyword)
}

/** Binds NULL, as a blob that is nowhere: `sqlite3_bind_null` is not exported. */
export function bindNull(handle: SqliteHandle, statement: number, index: number): number {
  return handle.api.bind_blob(statement, index, 0, 0, 0)
}
