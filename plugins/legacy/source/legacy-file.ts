/** The file of the earlier system: whether it is one, what is in it, and its rows one page after the other. */
import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { EngineError } from '../../../daemon/store/engine/engine.ts'
import { type ForeignFile, loadForeignFiles } from '../../../daemon/store/engine/foreign-file.ts'
import { OrionError } from '../../../sdk/errors.ts'
import {
  derivedColumn,
  legacyTypeOf,
  objectsColumns,
  objectsTable,
  type SourceRow,
  typedTables,
} from '../convert/source-row.ts'
import { lockHolders } from './lock-holders.ts'

/** A table whose rows are brought over. */
export interface SourceTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: number
}

/** An opened file of the earlier system. */
export interface LegacyFile {
  readonly path: string
  readonly sizeBytes: number
  readonly tables: readonly SourceTable[]
  /** Tables that are none of the earlier system's, with their rows. They are left alone, and told. */
  readonly ignored: readonly { readonly name: string; readonly rows: number }[]
  /** Rows of all its tables. */
  readonly rows: number
  /**
   * The rows, some at a time, by table and key. Only one page is in memory.
   *
   * @throws OrionError if the file changes meanwhile.
   */
  pages(rowsMax: number, types: ReadonlySet<string> | undefined): Generator<LegacyPage, void>
  /** The types of the earlier system that its rows have. */
  knownTypes(): ReadonlySet<string>
  /** The row of another table with this id, if there is one. */
  find(table: string, id: string): SourceRow | undefined
  /** @throws OrionError if somebody has written to it since it was opened. */
  assertUnchanged(): void
  readonly file: ForeignFile
  close(): void
}

/** Some rows, and how many of all rows were read when they were found; only some of those may have been asked for. */
export interface LegacyPage {
  readonly rows: readonly SourceRow[]
  readonly read: number
}

/** Most bytes of one page of rows; a single row may have more. */
const pageMaxBytes = 4 * 1024 * 1024

/**
 * Opens a file of the earlier system, without changing anything.
 *
 * @param options - `writable`: for the clean-up alone.
 * @throws OrionError `invalid_request` that says what was expected, what is there, and what to do.
 */
export async function openLegacyFile(
  name: string,
  options: { readonly writable?: boolean } = {},
): Promise<LegacyFile> {
  const path = pathOf(name)
  const { open } = await loadForeignFiles()
  let file: ForeignFile | undefined
  try {
    file = open(path, options)
    const problem = file.problem()
    if (problem !== undefined) throw damaged(path, problem)
    return describe(file, path)
  } catch (error) {
    // What was written meanwhile looks like damage to who reads without locks.
    const isWritten = file?.isUnchanged() === false
    file?.close()
    if (isWritten) throw writtenTo(path, error)
    throw error instanceof EngineError ? told(error, path) : error
  }
}

function pathOf(name: string): string {
  const path = resolve(name)
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) {
    throw refused(`${path}: there is no such file`, 'check the path after --from')
  }
  if (!stats.isFile()) {
    const what = stats.isDirectory() ? 'a directory' : 'no ordinary file'
    throw refused(`${path}: expected a file of the earlier system, got ${what}`, usualPlaces)
  }
  if (stats.size === 0) {
    const remedy = `its data may be in another file, or not have been written yet; ${usualPlaces}`
    throw refused(`${path}: the file is empty`, remedy)
  }
  assertNotHeld(path)
  return realpathSync(path)
}

/** @throws OrionError `invalid_request` if a process has the file open, as far as the system tells. */
export function assertNotHeld(path: string): void {
  const [holder] = lockHolders(path)
  if (holder === undefined) return
  const who = holder > 0 ? `process ${holder}` : 'another process'
  throw refused(`${path}: ${who} has it open and may write to it`, endWriters)
}

const usualPlaces = 'the earlier system kept it as ~/.agent/orion_ontology.db or data/ontology.db'
const endWriters =
  'end the earlier system and whatever else has the file open, or migrate a copy (`sqlite3 FILE ".backup COPY"`)'

function writtenTo(path: string, cause?: unknown): OrionError {
  const remedy = `${endWriters}; then run it again: it goes on where it stopped`
  return refused(`${path}: somebody writes to it`, remedy, cause)
}

interface Tables {
  readonly tables: readonly SourceTable[]
  readonly ignored: LegacyFile['ignored']
}

/** Which tables are the earlier system's. Those that nobody knows are, if they have the columns that all had. */
function tablesOf(file: ForeignFile, path: string): Tables {
  const all = file.tables()
  if (all.has('log') && all.has('r_OrionActionLog')) {
    const remedy = `name the file of the earlier system after --from; ${usualPlaces}`
    throw refused(`${path}: this is a store of Orion, not a file of the earlier system`, remedy)
  }
  const tables: SourceTable[] = []
  const ignored: { name: string; rows: number }[] = []
  for (const [name, columns] of all) {
    const rows = file.count(name)
    const isObjects = name === objectsTable
    const needed = isObjects ? objectsColumns : ['id', 'version', 'created_at']
    const missing = needed.find((column) => !columns.includes(column))
    const wanted = isObjects ? objectsColumns : columns.filter((column) => column !== derivedColumn)
    if (missing === undefined) tables.push({ name, columns: wanted, rows })
    else if (isObjects) throw otherSchema(path, `objects has no column ${missing}`)
    else ignored.push({ name, rows })
  }
  if (!tables.some(({ name }) => name === objectsTable || typedTables.has(name))) {
    const names = [...all.keys()].slice(0, 8).join(', ')
    throw otherSchema(path, names === '' ? 'it has no tables' : `it has the tables ${names}`)
  }
  return { tables, ignored }
}

function describe(file: ForeignFile, path: string): LegacyFile {
  const { tables, ignored } = tablesOf(file, path)
  const byName = new Map(tables.map((table) => [table.name, table]))
  const assertUnchanged = (): void => {
    if (file.isUnchanged()) return
    throw writtenTo(path)
  }
  return {
    path,
    sizeBytes: statSync(path).size,
    tables,
    ignored,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    file,
    assertUnchanged,
    close: () => file.close(),
    knownTypes: () => typesIn(file, tables),
    find: (name, id) => {
      const table = byName.get(name)
      if (table === undefined || table.rows === 0) return undefined
      const found = file.find(name, table.columns, { column: 'id', text: id })
      return found === undefined ? undefined : rowOf(file, table, found)
    },
    *pages(rowsMax, types) {
      let read = 0
      for (const table of tables) {
        for (let after: bigint | undefined; ; ) {
          const page = readPage({ path, file }, () =>
            file.page({
              table: table.name,
              columns: table.columns,
              after,
              rowsMax,
              bytesMax: pageMaxBytes,
            }),
          )
          const last = page.at(-1)
          if (last === undefined) break
          after = last.rowid
          assertUnchanged()
          read += page.length
          const all = page.map((row) => rowOf(file, table, row))
          const rows =
            types === undefined ? all : all.filter((row) => types.has(legacyTypeOf(row) ?? ''))
          yield { rows, read }
        }
      }
    },
  }
}

function typesIn(file: ForeignFile, tables: readonly SourceTable[]): ReadonlySet<string> {
  const types = new Set<string>()
  for (const { name, rows } of tables) {
    if (name === objectsTable) for (const type of file.distinct(name, 'type')) types.add(type)
    else if (rows > 0) types.add(typedTables.get(name) ?? name)
  }
  return types
}

function rowOf(
  file: ForeignFile,
  { name, columns }: SourceTable,
  { rowid, cells }: Pick<SourceRow, 'rowid' | 'cells'>,
): SourceRow {
  return { table: name, rowid, columns, cells, encoding: file.encoding }
}

function readPage<T>(
  { path, file }: { readonly path: string; readonly file: ForeignFile },
  read: () => T,
): T {
  try {
    return read()
  } catch (error) {
    if (!file.isUnchanged()) throw writtenTo(path, error)
    throw error instanceof EngineError ? told(error, path) : error
  }
}

function told(error: EngineError, path: string): OrionError {
  switch (error.kind) {
    case 'not-a-database':
      return refused(
        `${path}: expected a SQLite file, got something else, or an encrypted one`,
        'decrypt it first if it is encrypted; else name another file',
        error,
      )
    case 'corrupt':
      return damaged(path, error.message, error)
    case 'read-only':
      return refused(
        `${path}: a crash left a rollback journal beside it`,
        'open it once with sqlite3 (or the earlier system), which takes the journal back, or migrate a copy of both files',
        error,
      )
    case 'cannot-open':
      return refused(
        `${path}: it can't be opened: ${error.message}`,
        'check who may read it',
        error,
      )
    default:
      return refused(`${path}: it can't be read: ${error.message}`, damagedRemedy, error)
  }
}

const damagedRemedy =
  'take a backup of it, or save what can be saved: `sqlite3 FILE .recover | sqlite3 COPY`'

function damaged(path: string, problem: string, cause?: unknown): OrionError {
  return refused(`${path}: the file is damaged: ${problem}`, damagedRemedy, cause)
}

function otherSchema(path: string, found: string): OrionError {
  const message = `${path}: expected the tables of the earlier system; ${found}`
  return refused(message, usualPlaces)
}

/** Bad input: nothing was changed. */
export function refused(message: string, remedy: string, cause?: unknown): OrionError {
  return new OrionError('invalid_request', message, { remedy }, { cause })
}
