/**
 * SQLite files of other programs, for who brings their data over: `orion/engine`.
 *
 * A file is opened read-only, its write-ahead log included, and nothing is made, changed or locked beside it. Values are
 * handed out as SQLite holds them, so that a text that is no Unicode or an integer beyond 2^53 is one odd value and no
 * error. Rows come by their key, some at a time, so that a file of any size takes the same memory.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { type Connection, type Engine, EngineError, type SqlRow, type SqlValue } from './engine.ts'
import { type EngineName, engineNames, loadEngine } from './load-engine.ts'

/** A text as its bytes, in the encoding of the file. It may be none. */
export class RawText {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** A value as SQLite holds it: NULL, an integer of 64 bits, a real, a text or bytes. */
export type RawCell = null | bigint | number | RawText | Uint8Array

/** A row with the columns that were asked for, in their order. */
export interface ForeignRow {
  readonly rowid: bigint
  readonly cells: readonly RawCell[]
}

/** Which rows to read, and how many at once at most. */
export interface ForeignPage {
  readonly table: string
  readonly columns: readonly string[]
  /** Key of the last row before; the first rows if there is none. */
  readonly after: bigint | undefined
  readonly rowsMax: number
  /** The page ends with the row that reaches this, in bytes. */
  readonly bytesMax: number
}

/** Loads the engine and opens files of other programs with it. */
export async function loadForeignFiles(
  name: EngineName = engineNames[0],
): Promise<{ open(path: string, options?: { readonly writable?: boolean }): ForeignFile }> {
  const engine = await loadEngine(name)
  return { open: (path, { writable = false } = {}) => new ForeignFile(engine, path, writable) }
}

/** One file of another program. */
export class ForeignFile {
  readonly path: string
  /** How its texts are encoded: `UTF-8`, `UTF-16le` or `UTF-16be`. */
  readonly encoding: string
  readonly #connection: Connection
  readonly #writable: boolean
  readonly #journalMode: 'wal' | 'delete'
  /** What tells that somebody wrote: size, time and identity of the file and of its log, as they were before it was opened. */
  readonly fingerprint: string

  /**
   * @param path - Absolute path.
   * @throws EngineError `cannot-open`, `not-a-database`, `corrupt`; `read-only` if a crash left a rollback journal, which
   * only who may write can take back.
   */
  constructor(engine: Engine, path: string, writable: boolean) {
    this.path = path
    this.#writable = writable
    this.#journalMode = journalModeOf(path)
    this.fingerprint = fingerprintOf(path)
    this.#connection = engine.open(path, {
      syncMode: 'full',
      cacheKib: 16 * 1024,
      statementsMax: 32,
      readOnly: !writable,
    })
    this.encoding = String(this.#connection.prepare('PRAGMA encoding').get()?.encoding)
  }

  /** Its tables with the names of their columns. Tables without a rowid are left out. */
  tables(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, readonly string[]>()
    const all = this.#connection.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid",
    )
    for (const row of all.all()) {
      const name = String(row.name)
      try {
        this.#connection.prepare(`SELECT rowid FROM ${quoted(name)} LIMIT 1`).get()
      } catch (error) {
        if (error instanceof EngineError && error.kind === 'sql') continue
        throw error
      }
      const columns = this.#connection.prepare(`PRAGMA table_info(${quoted(name)})`).all()
      found.set(
        name,
        columns.map((column) => String(column.name)),
      )
    }
    return found
  }

  /** How many rows a table has. */
  count(table: string): number {
    return Number(this.#connection.prepare(`SELECT count(*) AS n FROM ${quoted(table)}`).get()?.n)
  }

  /** The different texts of a column; at most a thousand. */
  distinct(table: string, column: string): string[] {
    const name = quoted(column)
    return this.#connection
      .prepare(
        `SELECT DISTINCT ${name} AS v FROM ${quoted(table)} WHERE typeof(${name}) = 'text' LIMIT 1000`,
      )
      .all()
      .map((row) => String(row.v))
  }

  /** Whether every page can be read and every row taken apart; else what SQLite says. */
  problem(): string | undefined {
    const told = this.#connection.prepare('PRAGMA quick_check(3)').all()
    const faults = told.map((row) => String(Object.values(row)[0])).filter((text) => text !== 'ok')
    return faults.length === 0 ? undefined : faults.join('; ')
  }

  /** The next rows of a table by key; none at its end. */
  page({ table, columns, after, rowsMax, bytesMax }: ForeignPage): ForeignRow[] {
    const [where, values] =
      after === undefined ? ['', []] : [' WHERE rowid > CAST(? AS INTEGER)', [String(after)]]
    const statement = this.#connection.prepare(
      `SELECT ${rawColumns(columns)} FROM ${quoted(table)}${where} ORDER BY rowid LIMIT ${rowsMax}`,
    )
    const rows: ForeignRow[] = []
    let bytes = 0
    statement.walk(values, (row) => {
      rows.push(rowOf(row, columns.length))
      for (let at = 0; at < columns.length; at += 1) bytes += lengthOf(row[`v${at}`] ?? null)
      return bytes < bytesMax
    })
    return rows
  }

  /** The row whose column has this text; the first of several. */
  find(
    table: string,
    columns: readonly string[],
    where: { column: string; text: string },
  ): ForeignRow | undefined {
    const row = this.#connection
      .prepare(
        `SELECT ${rawColumns(columns)} FROM ${quoted(table)} WHERE ${quoted(where.column)} = ? LIMIT 1`,
      )
      .get([where.text])
    return row === undefined ? undefined : rowOf(row, columns.length)
  }

  /** Whether the file and its log are as they were when it was opened, as far as the system tells. */
  isUnchanged(): boolean {
    return fingerprintOf(this.path) === this.fingerprint
  }

  /** Writes a copy that is one file, with what is in the log. */
  async copyTo(path: string): Promise<void> {
    await this.#connection.backup(path, { pagesPerStep: 500 })
  }

  /** Runs changes in one transaction: they are all on disk when it returns, or none is there. */
  transaction(change: () => void): void {
    this.#connection.exec('BEGIN IMMEDIATE')
    try {
      change()
      this.#connection.exec('COMMIT')
    } catch (error) {
      if (this.#connection.inTransaction()) this.#connection.exec('ROLLBACK')
      throw error
    }
  }

  /** Deletes one row, in a transaction; how many that were. */
  delete(table: string, rowid: bigint): number {
    return this.#connection
      .prepare(`DELETE FROM ${quoted(table)} WHERE rowid = CAST(? AS INTEGER)`)
      .run([String(rowid)])
  }

  /** Closes it. One that was written to keeps the kind of journal that it had. */
  close(): void {
    try {
      if (this.#writable && this.#journalMode === 'delete') {
        this.#connection.prepare('PRAGMA journal_mode = DELETE').all()
      }
    } finally {
      this.#connection.close()
    }
  }
}

/** Each column twice: what it is, and its value in a form that loses nothing. */
function rawColumns(columns: readonly string[]): string {
  const parts = columns.map((name, at) => {
    const column = quoted(name)
    return (
      `typeof(${column}) AS t${at}, CASE typeof(${column}) WHEN 'integer' THEN CAST(${column} AS TEXT) ` +
      `WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END AS v${at}`
    )
  })
  return ['CAST(rowid AS TEXT) AS k', ...parts].join(', ')
}

function rowOf(row: SqlRow, columns: number): ForeignRow {
  const cells: RawCell[] = []
  for (let at = 0; at < columns; at += 1) cells.push(cellOf(row[`t${at}`], row[`v${at}`] ?? null))
  return { rowid: BigInt(String(row.k)), cells }
}

function cellOf(type: SqlValue | undefined, value: SqlValue): RawCell {
  if (type === 'integer') return BigInt(String(value))
  // SQLite gives an empty blob as none at all.
  if (type === 'text') return new RawText(value instanceof Uint8Array ? value : new Uint8Array())
  if (type === 'blob') return value instanceof Uint8Array ? value : new Uint8Array()
  return typeof value === 'number' ? value : null
}

function lengthOf(value: SqlValue): number {
  return value instanceof Uint8Array ? value.length : 16
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What tells that somebody wrote: size, time and identity of the file and of its log. */
function fingerprintOf(path: string): string {
  const parts = [path, `${path}-wal`].map((file) => {
    const stats = statSync(file, { throwIfNoEntry: false, bigint: true })
    return stats === undefined || stats.size === 0n
      ? 'none'
      : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`
  })
  return parts.join(' ')
}

/** Which journal a database says it uses (file format, section 1.3). */
function journalModeOf(path: string): 'wal' | 'delete' {
  const header = Buffer.alloc(20)
  try {
    const fd = openSync(path, 'r')
    try {
      readSync(fd, header, 0, header.length, 0)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Opening it says why.
  }
  return header[18] === 2 ? 'wal' : 'delete'
}
