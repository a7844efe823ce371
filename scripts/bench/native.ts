/** better-sqlite3, the peer without a daemon: in this process, on a file of its own. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { first } from '../../daemon/store/migrations/0001-first.ts'
import { recordTableName } from '../../daemon/store/sql.ts'
import { createTableStatements } from '../../daemon/store/tables.ts'
import { PlainInsight } from './records-workload.ts'
import { type InsightData, insightData } from './workload.ts'

/** What this module uses of better-sqlite3. */
interface NativeDatabase {
  exec(sql: string): void
  pragma(text: string): unknown
  prepare(sql: string): {
    run(...values: unknown[]): { changes: number }
    get(...values: unknown[]): unknown
    all(...values: unknown[]): unknown[]
  }
  close(): void
}

/** A record as the program that writes it knows it. */
interface KnownRecord {
  readonly id: string
  version: number
  /** The log row of its newest version. */
  seq: number
}

/** The statements of one way of storing records. Both compare and swap, and both keep every version. */
interface Rows {
  create(id: string, data: InsightData): void
  get(id: string): unknown
  /** Inside a transaction. Leaves the record as it is known after the write. */
  update(record: KnownRecord, data: InsightData): void
}

/**
 * What is written for one update. `two`: a record as JSON and a change row, as somebody writes it by hand.
 * `same`: the rows that Orion keeps, in its own tables and indexes: typed columns, the whole log row, and the
 * answer that is repeated for the same idempotency key.
 */
export type RowsKind = 'two' | 'same'

/** better-sqlite3 from `bench/peers`; undefined when it is not installed. */
export function loadNative(): (new (path: string) => NativeDatabase) | undefined {
  try {
    return createRequire(join(process.cwd(), 'bench/peers/package.json'))('better-sqlite3')
  } catch {
    // The peers are optional: without them the ratios to native are left out, and the report says so.
    return undefined
  }
}

/** Opens a file that is written durably. `exclusive`: nobody else opens it, which is faster. */
export function openNative(
  path: string,
  { exclusive, rows }: { readonly exclusive: boolean; readonly rows: RowsKind },
) {
  const Native = loadNative()
  if (Native === undefined) throw new Error('better-sqlite3 is not installed: npm run bench:peers')
  const db = new Native(path)
  if (exclusive) db.pragma('locking_mode = EXCLUSIVE')
  db.pragma('busy_timeout = 10000')
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  begin.run()
  const { create, get, update } = rows === 'two' ? twoRows(db) : sameRows(db)
  commit.run()
  return {
    create,
    get,
    /** One durable transaction of compare-and-swaps. */
    updateGroup<R extends KnownRecord>(
      group: readonly R[],
      dataOf: (slot: number, record: R) => InsightData,
    ): void {
      begin.run()
      for (const [slot, record] of group.entries()) update(record, dataOf(slot, record))
      commit.run()
    },
    close: () => db.close(),
  }
}

function twoRows(db: NativeDatabase): Rows {
  db.exec(`CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, version INTEGER, data TEXT, at INTEGER);
    CREATE TABLE IF NOT EXISTS changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, version INTEGER, at INTEGER, data TEXT)`)
  const insert = db.prepare('INSERT INTO records VALUES (?, 1, ?, 0)')
  const update = db.prepare(
    'UPDATE records SET version = version + 1, data = ?, at = ? WHERE id = ? AND version = ?',
  )
  const change = db.prepare('INSERT INTO changes (id, version, at, data) VALUES (?, ?, ?, ?)')
  const get = db.prepare('SELECT id, version, data, at FROM records WHERE id = ?')
  return {
    create: (id, data) => void insert.run(id, JSON.stringify(data)),
    get: (id) => get.get(id),
    update(record, data) {
      const json = JSON.stringify(data)
      const now = Date.now()
      mustChange(update.run(json, now, record.id, record.version))
      record.version += 1
      change.run(record.id, record.version, now, json)
    },
  }
}

function sameRows(db: NativeDatabase): Rows {
  for (const sql of [...first.statements, ...createTableStatements(PlainInsight.definition)])
    db.exec(sql.replace(/^CREATE (TABLE|INDEX|UNIQUE INDEX) (?!IF)/, 'CREATE $1 IF NOT EXISTS '))
  const table = recordTableName('PlainInsight')
  const written = ['summary', 'domain', 'tags', 'confidenceScore']
  const defaults = Object.entries(PlainInsight.definition.fields).filter(
    ([name, field]) => !field.optional && !written.includes(name),
  )
  const names = [...written, ...defaults.map(([name]) => name)]
  const values = names.map((name) => (written.includes(name) ? '?' : "'[]'"))
  const insert =
    db.prepare(`INSERT INTO ${table} (id, version, created_at, created_by, updated_at, updated_by, lifecycle,
    seq, ${names.join()}) VALUES (?, 1, ?, 'owner', ?, 'owner', 'active', 0, ${values.join()})`)
  const update =
    db.prepare(`UPDATE ${table} SET version = ?, updated_at = ?, updated_by = 'owner', seq = ?,
    summary = ?, confidenceScore = ? WHERE id = ? AND version = ?`)
  const log =
    db.prepare(`INSERT INTO log (seq, txn, type, id, op, version, previous_version, previous_seq,
    changed_fields, lifecycle, created_at, created_by, at, actor, flags, data)
    VALUES (?, ?, 'PlainInsight', ?, 'updated', ?, ?, ?, ?, 'active', ?, 'owner', ?, ?, 0, ?)`)
  const lastSeq = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log')
  const find = db.prepare('SELECT fingerprint, result FROM idempotency WHERE write_key = ?')
  const keep = db.prepare(
    'INSERT INTO idempotency (write_key, fingerprint, result, at_s) VALUES (?, ?, ?, ?)',
  )
  const get = db.prepare(`SELECT * FROM ${table} WHERE id = ?`)
  return {
    create(id, { summary, domain, tags, confidenceScore }) {
      insert.run(id, instant, instant, summary, domain, JSON.stringify(tags), confidenceScore)
    },
    get: (id) => get.get(id),
    update(record, data) {
      const { id, version } = record
      // Others write to the same file where it is shared: the next position is what the file says.
      const seq = Number(Object(lastSeq.get()).seq) + 1
      const key = `record/update\nowner\n${Date.now().toString(36)}-${process.pid}-${String(seq).padStart(12, '0')}`
      if (find.get(key) !== undefined) throw new Error('a key that nobody used is there')
      const { summary, confidenceScore } = data
      mustChange(update.run(version + 1, instant, seq, summary, confidenceScore, id, version))
      const change = [seq, seq, id, version + 1, version, record.seq, '["summary"]']
      log.run(...change, instant, instant, actor, JSON.stringify(data))
      const token = `o1.k3f9.a41c.${seq}`
      const answer = { type: 'PlainInsight', id, version: version + 1, changed: true, token }
      keep.run(key, '1a2b3c4.5d6e7f8', JSON.stringify(answer), Math.floor(Date.now() / 1000))
      record.version += 1
      record.seq = seq
    },
  }
}

const instant = '2026-01-01T00:00:00.000000Z'
const actor = '{"principal":"owner","client":"bench/1"}'

function mustChange({ changes }: { readonly changes: number }): void {
  if (changes !== 1) throw new Error('lost a race nobody runs')
}

/** What is in flight is one group, and one transaction. A shared file is written by several processes. */
export function nativeGroups(
  directory: string,
  options: { readonly group: number; readonly exclusive: boolean; readonly rows: RowsKind },
) {
  const { group, exclusive, rows } = options
  const file = exclusive ? `native-${rows}-${group}.db` : `native-${rows}-shared.db`
  const native = openNative(join(directory, file), { exclusive, rows })
  const records = Array.from({ length: group }, (_, slot) => ({
    id: `${process.pid}-${slot}`,
    version: 1,
    seq: 0,
  }))
  for (const [slot, { id }] of records.entries()) native.create(id, insightData(slot, 0))
  let round = 0
  return {
    step(): number {
      native.updateGroup(records, (slot) => insightData(slot, ++round))
      return group
    },
    close: native.close,
  }
}
