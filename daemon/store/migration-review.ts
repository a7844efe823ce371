/** Looks at every record of a type, and tells what a migration would make of it, without writing anything. */

import type { JsonObject } from '../../sdk/json.ts'
import { jsonEqual } from '../../sdk/json.ts'
import { DataMigration } from './migrate-data.ts'
import type { MigrationPlan } from './migration-plan.ts'
import { envelopeColumns, type RecordTypeEntry } from './record-type-entry.ts'
import { recordTableName } from './sql.ts'
import type { StoreContext } from './store-context.ts'
import { type Misfit, migrateRecord, twinMessage } from './table-copy.ts'
import { indexesOf, quoteName } from './tables.ts'

/** What a migration would do. */
export interface Reviewed {
  readonly total: number
  readonly changed: number
  readonly unfit: number
  /** The first records that change. */
  readonly samples: readonly { id: string; before: JsonObject; after: JsonObject }[]
  /** The first that do not fit. */
  readonly misfits: readonly Misfit[]
}

/** Goes through the records a slice at a time; what is written behind it is seen when it is copied. */
export class MigrationReview {
  readonly total: number
  readonly #context: StoreContext
  readonly #entry: RecordTypeEntry
  readonly #migration: DataMigration | undefined
  readonly #from: string
  readonly #select: string
  /** Fields that have to be unique afterwards, with the values met so far and who had them. */
  readonly #unique: ReadonlyMap<string, Map<string, string>>
  readonly #samples: { id: string; before: JsonObject; after: JsonObject }[] = []
  readonly #misfits: Misfit[] = []
  #afterRow = 0
  #seen = 0
  #changed = 0
  #unfit = 0

  constructor(context: StoreContext, entry: RecordTypeEntry, plan: MigrationPlan) {
    const { definition } = plan
    this.#context = context
    this.#entry = entry
    this.#migration = definition && new DataMigration(plan.steps, definition)
    const unique = definition === undefined ? [] : indexesOf(definition)
    this.#unique = new Map(
      unique.flatMap(({ unique, fields: [field] }) =>
        unique && field !== undefined ? [[field, new Map<string, string>()]] : [],
      ),
    )
    const table = quoteName(recordTableName(entry.definition.name))
    const columns = ['row_id', ...envelopeColumns, ...entry.codec.columns].map(quoteName)
    this.#from = `SELECT ${columns.join(', ')} FROM ${table}`
    this.#select = `${this.#from} WHERE row_id > ? ORDER BY row_id LIMIT ${rowsAtOnce}`
    // At least as many as there are: to count them takes as long as to read them.
    const newest = context.connection.prepare(`SELECT max(row_id) AS n FROM ${table}`).get()
    this.total = Number(newest?.n ?? 0)
  }

  get seen(): number {
    return this.#seen
  }

  /** Goes on for about so long; true after the last record. */
  step(turnMaxMs: number): boolean {
    const endMs = performance.now() + turnMaxMs
    const { connection, tokenAt } = this.#context
    do {
      const rows = connection.prepare(this.#select).all([this.#afterRow])
      for (const row of rows) this.#look(this.#entry.codec.decode(row, tokenAt).record)
      this.#afterRow = Number(rows.at(-1)?.row_id ?? this.#afterRow)
      this.#seen += rows.length
      if (rows.length < rowsAtOnce) return true
    } while (performance.now() < endMs)
    return false
  }

  result(): Reviewed {
    return {
      total: this.#seen,
      changed: this.#changed,
      unfit: this.#unfit,
      samples: this.#samples,
      misfits: this.#misfits,
    }
  }

  #look(record: Parameters<typeof migrateRecord>[1]): void {
    if (this.#migration === undefined) {
      this.#changed++
      return
    }
    const { recordMaxBytes } = this.#context.limits
    const found = migrateRecord(this.#migration, record, recordMaxBytes)
    const issues = found.outcome === 'unfit' ? found.issues : this.#twins(record.id, found.data)
    if (issues.length > 0) {
      this.#unfit++
      if (this.#misfits.length < shownMax) this.#misfits.push({ id: record.id, issues })
    }
    if (found.outcome === 'unfit' || jsonEqual(record.data, found.data)) return
    this.#changed++
    if (this.#samples.length >= samplesMax) return
    this.#samples.push({ id: record.id, before: record.data, after: found.data })
  }

  /** Values that have to be unique and were met before. */
  #twins(id: string, data: JsonObject): Misfit['issues'] {
    const issues: { path: string; message: string }[] = []
    for (const [field, met] of this.#unique) {
      const value = data[field]
      if (value === undefined) continue
      const key = JSON.stringify(value)
      const holder = met.get(key)
      if (holder !== undefined && this.#valueNow(holder, field) === key) {
        issues.push({ path: field, message: twinMessage })
      } else if (holder !== undefined || met.size < rememberedMax) {
        met.set(key, id)
      }
    }
    return issues
  }

  /** What a record that was met before would have now: others write meanwhile. */
  #valueNow(id: string, field: string): string | undefined {
    const { connection, tokenAt, limits } = this.#context
    const row = connection.prepare(`${this.#from} WHERE id = ?`).get([id])
    if (row === undefined || this.#migration === undefined) return undefined
    const { record } = this.#entry.codec.decode(row, tokenAt)
    const found = migrateRecord(this.#migration, record, limits.recordMaxBytes)
    return found.outcome === 'fits' ? JSON.stringify(found.data[field]) : undefined
  }
}

const rowsAtOnce = 32
const samplesMax = 3
const shownMax = 10
/** Beyond that many values, only the copy finds two that are the same. */
const rememberedMax = 500_000
