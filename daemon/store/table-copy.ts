/**
 * The table that a migration builds beside a record table, in slices, while others write:
 *
 * ```
 * create ─> slice … slice (all rows as they are) ─> catch up … catch up (those written since) ─> swap
 * ```
 *
 * Every part runs inside a transaction of its caller's. Until the swap nobody reads the copy; a crash leaves it behind,
 * and it is removed when the store is opened. Rows keep their row ids, which other tables and snapshots go by.
 */
import { randomUUID } from 'node:crypto'
import type { Issue } from '../../sdk/errors.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import { renameIndexes } from './change-table-text.ts'
import { EngineError, type SqlRow } from './engine/engine.ts'
import type { DataMigration } from './migrate-data.ts'
import { eraseBackFrom } from './record-history.ts'
import { envelopeColumns, type RecordTypeEntry } from './record-type-entry.ts'
import { recordTableName } from './sql.ts'
import type { StoreContext } from './store-context.ts'
import { createTableStatements, quoteName } from './tables.ts'

/** A record that has no place in the new table, and why. */
export interface Misfit {
  readonly id: string
  readonly issues: readonly Issue[]
}

/** What is said of a value that has to be unique and is not. */
export const twinMessage = 'another record has the same value'
/** What tables of migrations are called that are no record tables. */
export const copyPrefix = 'migrating_'
/** What tables are called that a migration has replaced and nobody has removed yet. */
export const leftPrefix = 'replaced_'

/** A copy of a record table in another shape. */
export class TableCopy {
  readonly #misfits = new Map<string, Misfit>()
  /** Misfits by a value that another record has in the copy; it may have given it away meanwhile. */
  readonly #twins = new Set<string>()
  readonly #context: StoreContext
  readonly #from: RecordTypeEntry
  readonly #to: RecordTypeEntry
  readonly #migration: DataMigration
  readonly #token = randomUUID().replaceAll('-', '').slice(0, 10)
  readonly #select: string
  readonly #insert: string
  #afterRow = 0
  /** Everything up to here is in the copy, once the rows have been copied. */
  #position: number
  #copied = 0

  constructor(
    context: StoreContext,
    shapes: { readonly from: RecordTypeEntry; readonly to: RecordTypeEntry },
    migration: DataMigration,
  ) {
    this.#context = context
    this.#from = shapes.from
    this.#to = shapes.to
    this.#migration = migration
    this.#position = context.log.lastSeq
    const read = ['row_id', ...envelopeColumns, ...this.#from.codec.columns].map(quoteName)
    this.#select = `SELECT ${read.join(', ')} FROM ${quoteName(this.#source)}`
    const written = ['row_id', ...envelopeColumns, ...this.#to.codec.columns].map(quoteName)
    const places = written.map(() => '?').join(', ')
    this.#insert = `INSERT INTO ${quoteName(this.table)} (${written.join(', ')}) VALUES (${places})`
  }

  /** What the copy is called before it takes the record table's place. */
  get table(): string {
    return `${copyPrefix}${this.#from.definition.name}_${this.#token}`
  }

  /** What the replaced table is called. */
  get left(): string {
    return `${leftPrefix}${this.#from.definition.name}_${this.#token}`
  }

  /** Records that do not fit as far as is known; for certain once all is caught up with. */
  get misfits(): readonly Misfit[] {
    return [...this.#misfits.values()]
  }

  /** Whether catching up won't help. */
  get isDoomed(): boolean {
    return this.#misfits.size > this.#twins.size || this.#twins.size > twinsMax
  }

  /** Rows that were copied so far. */
  get copied(): number {
    return this.#copied
  }

  /** The oldest event that has still to be read. */
  get position(): number {
    return this.#position
  }

  get #source(): string {
    return recordTableName(this.#from.definition.name)
  }

  create(): void {
    const place = { table: this.table, indexSuffix: this.#suffix }
    for (const statement of createTableStatements(this.#to.definition, place)) {
      this.#context.connection.exec(statement)
    }
  }

  /** Copies rows for about so long; true after the last. */
  slice(turnMaxMs: number): boolean {
    const endMs = performance.now() + turnMaxMs
    do {
      const rows = this.#context.connection
        .prepare(`${this.#select} WHERE row_id > ? ORDER BY row_id LIMIT ${rowsAtOnce}`)
        .all([this.#afterRow])
      for (const row of rows) this.#copy(row)
      this.#afterRow = Number(rows.at(-1)?.row_id ?? this.#afterRow)
      this.#copied += rows.length
      if (rows.length < rowsAtOnce) return true
    } while (performance.now() < endMs)
    return false
  }

  /** Takes over what was written since; true when nothing is left. */
  catchUp(turnMaxMs: number): boolean {
    const { connection, log } = this.#context
    if (log.floorSeq > this.#position) throw this.#overtaken()
    const endMs = performance.now() + turnMaxMs
    while (this.#position < log.lastSeq) {
      const upTo = Math.min(this.#position + eventsAtOnce, log.lastSeq)
      const rows = connection
        .prepare(
          `SELECT seq, id FROM log WHERE seq > ? AND seq <= ? AND type = ? ORDER BY seq LIMIT ${rowsAtOnce}`,
        )
        .all([this.#position, upTo, this.#from.definition.name])
      this.#renew(new Set(rows.map((row) => String(row.id))))
      this.#position = rows.length < rowsAtOnce ? upTo : Number(rows.at(-1)?.seq)
      if (performance.now() >= endMs) break
    }
    const isLevel = this.#position >= log.lastSeq
    if (isLevel) this.#renew(new Set(this.#twins))
    return isLevel
  }

  /** Puts the copy in the place of the record table, whose rows are then left to be removed. */
  swap(): void {
    this.leave()
    const { connection } = this.#context
    connection.exec(`ALTER TABLE ${quoteName(this.table)} RENAME TO ${quoteName(this.#source)}`)
    renameIndexes(connection, this.#source, (name) => name.replace(this.#suffix, ''))
  }

  /** Takes the record table out of use; nothing takes its place. */
  leave(): void {
    const { connection } = this.#context
    connection.exec(`ALTER TABLE ${quoteName(this.#source)} RENAME TO ${quoteName(this.left)}`)
    renameIndexes(connection, this.left, (name) => `${name}__x${this.#token}`)
  }

  get #suffix(): string {
    return `__m${this.#token}`
  }

  /** Copies rows again. What they had goes first: a unique value may have passed from one to another. */
  #renew(ids: ReadonlySet<string>): void {
    const { connection } = this.#context
    for (const id of ids) {
      this.#misfits.delete(id)
      this.#twins.delete(id)
      connection.prepare(`DELETE FROM ${quoteName(this.table)} WHERE id = ?`).run([id])
    }
    for (const id of ids) {
      const row = connection.prepare(`${this.#select} WHERE id = ?`).get([id])
      if (row !== undefined) this.#copy(row)
    }
  }

  #copy(row: SqlRow): void {
    const { record } = this.#from.codec.decode(row, this.#context.tokenAt)
    const found = migrateRecord(this.#migration, record, this.#context.limits.recordMaxBytes)
    if (found.outcome === 'unfit') {
      this.#misfits.set(record.id, { id: record.id, issues: found.issues })
      return
    }
    const envelope = envelopeColumns.map((name) => row[name] ?? null)
    const values = [row.row_id ?? null, ...envelope, ...this.#to.codec.encodeAll(found.data)]
    try {
      this.#context.connection.prepare(this.#insert).run(values)
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'constraint') throw error
      const path = /\.(\w+)$/.exec(error.message)?.[1] ?? ''
      const isTwin = error.message.includes('UNIQUE')
      if (isTwin) this.#twins.add(record.id)
      const message = isTwin ? twinMessage : error.message
      this.#misfits.set(record.id, { id: record.id, issues: [{ path, message }] })
    }
  }

  /** The log was compacted past what had still to be read: somebody has to begin anew. */
  #overtaken(): OrionError {
    const message = `${this.#from.definition.name} was written to faster than it could be migrated`
    return new OrionError('overloaded', message, { retryAfterMs: 1000 })
  }
}

/** A record's data in its new form, within the limit of every record, or why there is none. */
export function migrateRecord(
  migration: DataMigration,
  record: Record,
  recordMaxBytes: number,
): ReturnType<DataMigration['migrate']> {
  if (record.quarantined !== undefined) {
    return { outcome: 'unfit', issues: [{ path: '', message: record.quarantined.reason }] }
  }
  const found = migration.migrate(record.data)
  if (found.outcome === 'unfit' || fitsIn(found.data, recordMaxBytes)) return found
  const message = `its data would have more than ${recordMaxBytes} bytes`
  return { outcome: 'unfit', issues: [{ path: '', message }] }
}

function fitsIn(data: JsonObject, maxBytes: number): boolean {
  const text = JSON.stringify(data)
  return text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes
}

/** Erases what is left of a purged record: its rows in copies of its table, and its values in the log. */
export function erasePurged(context: StoreContext, { type, id }: Record, seq: number): void {
  const { connection, copies } = context
  for (const [table, of] of copies) {
    if (of === type) connection.prepare(`DELETE FROM ${quoteName(table)} WHERE id = ?`).run([id])
  }
  eraseBackFrom(context, seq)
}

const rowsAtOnce = 32
/** So many at most may wait for a value to become free. */
const twinsMax = 1000
const eventsAtOnce = 2000
