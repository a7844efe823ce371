/** The rows that Orion keeps of many records, written and read by better-sqlite3 in this process with the same SQL. */

import { first } from '../../daemon/store/migrations/0001-first.ts'
import { compileCount, compileList, type ListQuery } from '../../daemon/store/query-sql.ts'
import { recordTableName } from '../../daemon/store/sql.ts'
import { createTableStatements } from '../../daemon/store/tables.ts'
import type { RecordType } from '../../sdk/record-type.ts'
import { loadNative } from './native.ts'
import type { BulkInsight } from './records-workload.ts'

const actor = '{"principal":"owner","client":"bench/1"}'

/** A file of insights. */
export class NativeRecords {
  readonly #db
  readonly #type: RecordType
  readonly #table: string
  readonly #isSearched: boolean
  #seq = 0

  constructor(path: string, type: RecordType) {
    const { definition } = type
    this.#type = type
    this.#table = recordTableName(type.name)
    this.#isSearched = Object.values(definition.fields).some((field) => field.searchable)
    const Native = loadNative()
    if (Native === undefined) throw new Error('better-sqlite3 is missing: npm run bench:peers')
    this.#db = new Native(path)
    this.#db.pragma('locking_mode = EXCLUSIVE')
    this.#db.pragma('journal_mode = WAL')
    this.#db.pragma('synchronous = FULL')
    this.#db.pragma('cache_size = -16384')
    for (const sql of [...first.statements, ...createTableStatements(definition)])
      this.#db.exec(sql)
    if (this.#isSearched)
      this.#db.exec(`CREATE VIRTUAL TABLE search USING fts5(summary, domain, tags, content='')`)
  }

  /** Creates records in durable transactions of so many: each with its row, its event, and the answer to be repeated. */
  create(records: readonly BulkInsight[], batchSize: number): void {
    const db = this.#db
    const table = this.#table
    const index = this.#isSearched
      ? db.prepare('INSERT INTO search (rowid, summary, domain, tags) VALUES (?, ?, ?, ?)')
      : undefined
    const lists = Object.entries(this.#type.definition.fields).flatMap(
      ([name, { kind, optional }]) =>
        kind === 'list' && !optional && name !== 'tags' ? [name] : [],
    )
    const names = ['summary', 'domain', 'tags', 'confidenceScore', 'provenanceMethod', ...lists]
    const values = [...Array(5).fill('?'), ...lists.map(() => "'[]'")]
    const insert =
      db.prepare(`INSERT INTO ${table} (id, version, created_at, created_by, updated_at,
      updated_by, lifecycle, seq, ${names.join()}) VALUES (?, 1, ?, 'owner', ?, 'owner', 'active', ?, ${values.join()})`)
    const log =
      db.prepare(`INSERT INTO log (seq, txn, type, id, op, version, changed_fields, lifecycle,
      created_at, created_by, at, actor, flags, data) VALUES (?, ?, 'OrionInsight', ?, 'created', 1, ?, 'active', ?, 'owner', ?, ?, 0, ?)`)
    const keep = db.prepare(
      'INSERT INTO idempotency (write_key, fingerprint, result, at_s) VALUES (?, ?, ?, ?)',
    )
    const begin = db.prepare('BEGIN IMMEDIATE')
    const commit = db.prepare('COMMIT')
    for (let start = 0; start < records.length; start += batchSize) {
      begin.run()
      const txn = this.#seq + 1
      const results: object[] = []
      const at = new Date(1_767_225_600_000 + start).toISOString().replace('Z', '000Z')
      for (const { id, data } of records.slice(start, start + batchSize)) {
        this.#seq += 1
        const { summary, domain, tags, confidenceScore } = data
        const json = JSON.stringify(data)
        insert.run(
          id,
          at,
          at,
          this.#seq,
          summary,
          domain,
          JSON.stringify(tags),
          confidenceScore,
          'unknown',
        )
        log.run(
          this.#seq,
          txn,
          id,
          '["summary","domain","tags","confidenceScore"]',
          at,
          at,
          actor,
          json,
        )
        index?.run(this.#seq, summary, domain, tags.join(' '))
        results.push({
          type: 'OrionInsight',
          id,
          version: 1,
          changed: true,
          token: `o1.k3f9.a41c.${this.#seq}`,
        })
      }
      keep.run(`record/transact\nowner\nkey-${txn}`, 'digest', JSON.stringify(results), 0)
      commit.run()
    }
  }

  get #from() {
    return { definition: this.#type.definition, table: this.#table }
  }

  /** The rows of a list. */
  list(query: Pick<ListQuery, 'where' | 'orderBy' | 'limit'>): number {
    const { sql, values } = compileList({ ...this.#from, lifecycle: ['active'], ...query })
    return this.#db.prepare(unbounded(sql)).all(...values).length
  }

  /** The groups of a count. */
  groups(groupBy: string): number {
    const { sql, values } = compileCount({ ...this.#from, lifecycle: ['active'], groupBy })
    return this.#db.prepare(unbounded(sql)).all(...values).length
  }

  close(): void {
    this.#db.close()
  }
}

/** Without what bounds the time of a statement: nobody else is served by this process. */
function unbounded(sql: string): string {
  return sql.replaceAll('in_time("row_id")', 'true')
}
