/** Makes files of the earlier system: the hard rows once, or many times under other ids. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { SqlValue } from '../../daemon/store/engine/engine.ts'
import { type RawCell, RawText } from '../../daemon/store/engine/foreign-file.ts'
import { objectsColumns, type SourceRow } from '../../plugins/legacy/convert/source-row.ts'
import { loadTestEngine } from '../support/engine.ts'

/** A file as the earlier system left it: 27 objects, and one task in a typed table. */
export const realFile = fileURLToPath(new URL('real-objects.db', import.meta.url))

/** What is to become of a row, as whoever made it proposed. */
export type Expectation = 'ok' | 'repair' | 'quarantine' | 'skip'

/** A cell as the file of hard rows has it. */
export type HardCell =
  | null
  | string
  | number
  | { readonly blob: string }
  | { readonly integer: string }

/** A row with what is odd about it. */
export interface HardRow {
  readonly edge: string
  readonly expect: Expectation
  readonly cells: readonly HardCell[]
}

/** Every kind of odd row that is known, and ordinary ones. */
export const hardRows: readonly HardRow[] = readFileSync(
  new URL('hard-rows.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

/** A row as the migration reads it. */
export function sourceRow({ cells }: Pick<HardRow, 'cells'>): SourceRow {
  return {
    table: 'objects',
    rowid: 1n,
    columns: objectsColumns,
    cells: cells.map(rawCell),
    encoding: 'UTF-8',
  }
}

function rawCell(cell: HardCell): RawCell {
  if (cell === null) return null
  if (typeof cell === 'string') return new RawText(new Uint8Array(Buffer.from(cell)))
  if (typeof cell === 'number') return Number.isInteger(cell) ? BigInt(cell) : cell
  if ('integer' in cell) return BigInt(cell.integer)
  return new Uint8Array(Buffer.from(cell.blob, 'base64'))
}

/** The tables of the earlier system. Its later schema allows NULL where the first one does not. */
export const objectsTableSql =
  'CREATE TABLE objects (id VARCHAR NOT NULL, type VARCHAR, version INTEGER, created_at DATETIME, updated_at DATETIME, data JSON NOT NULL, fts_content TEXT, PRIMARY KEY (id)); CREATE INDEX ix_objects_type ON objects (type)'
/** The same in its first schema, in which type and instants are never NULL. */
export const firstObjectsTableSql = objectsTableSql.replaceAll(
  /(type VARCHAR|_at DATETIME)/g,
  '$1 NOT NULL',
)
/** One of the typed tables. */
export const insightsTableSql =
  'CREATE TABLE insights (summary TEXT NOT NULL, domain VARCHAR(255) NOT NULL, tags JSON NOT NULL, confidence_score FLOAT NOT NULL, decay_factor FLOAT, source_episodic_ids JSON NOT NULL, provenance_method VARCHAR(100) NOT NULL, supports JSON NOT NULL, contradicts JSON NOT NULL, related_to JSON NOT NULL, fts_content TEXT NOT NULL, id VARCHAR NOT NULL, version INTEGER NOT NULL, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, created_by VARCHAR, updated_by VARCHAR, status VARCHAR NOT NULL, PRIMARY KEY (id))'

/** How a file is made. */
export interface LegacyFileOptions {
  readonly rows?: readonly HardRow[]
  /** So many rows in all: the given ones again and again, under other ids. */
  readonly count?: number
  readonly sql?: string
  /** The table `objects`, if it is not that of the later schema. */
  readonly objectsSql?: string
  /** Without a write-ahead log, as a copy may be. */
  readonly withoutLog?: boolean
  /** Leave the rows in the log beside the file, as a process that is killed does. */
  readonly inLog?: boolean
  /** How its texts are encoded, if not in UTF-8. */
  readonly encoding?: 'UTF-16le' | 'UTF-16be'
}

/** A directory of the test's own. */
export function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'orion-legacy-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

/** Makes a file of the earlier system. */
export async function makeLegacyFile(path: string, options: LegacyFileOptions = {}): Promise<void> {
  const { rows = hardRows, sql, inLog = false } = options
  const engine = await loadTestEngine()
  const connection = engine.open(path, { syncMode: 'off', cacheKib: 4096, statementsMax: 16 })
  if (options.encoding !== undefined) connection.exec(`PRAGMA encoding = '${options.encoding}'`)
  connection.exec(options.objectsSql ?? objectsTableSql)
  if (sql !== undefined) connection.exec(sql)
  const insert = connection.prepare(
    'INSERT INTO objects (id, type, version, created_at, updated_at, data) VALUES (?, ?, ?, ?, ?, ?)',
  )
  connection.exec('BEGIN')
  for (const row of copies(rows, options.count ?? rows.length)) insert.run(row.cells.map(bound))
  connection.exec('COMMIT')
  if (!inLog) connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  if (options.withoutLog) connection.exec('PRAGMA journal_mode = DELETE')
  connection.close()
}

/** Integers are bound as texts: the column's affinity makes them integers again, whatever their size. */
function bound(cell: HardCell): SqlValue {
  if (cell === null || typeof cell === 'string') return cell
  if (typeof cell === 'number') return Number.isInteger(cell) ? String(cell) : cell
  return 'integer' in cell ? cell.integer : new Uint8Array(Buffer.from(cell.blob, 'base64'))
}

function* copies(rows: readonly HardRow[], count: number): Generator<HardRow> {
  for (let made = 0; made < count; made += 1) {
    const row = rows[made % rows.length]
    const round = Math.floor(made / rows.length)
    if (row !== undefined) yield round === 0 ? row : renamed(row, round)
  }
}

/** The same row under another id, also where its payload names that. */
export function renamed(row: HardRow, round: number): HardRow {
  const [id, ...rest] = row.cells
  const own = typeof id === 'string' ? id : ''
  const other = `${own.slice(0, 900)}-copy-${round}`
  const names = new Map(
    [own, escaped(own)].map((name) => [name, name === own ? other : escaped(other)]),
  )
  const cells = rest.map((cell) => {
    if (typeof cell !== 'string' || own === '') return cell
    return [...names].reduce((text, [before, after]) => text.replaceAll(before, after), cell)
  })
  return { ...row, cells: [other, ...cells] }
}

/** A text as JSON of ASCII alone has it, which the earlier system wrote. */
function escaped(text: string): string {
  return text.replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
