/** The records of a type as of one position, in slices, while others write. */
import type { Record } from '../../sdk/model.ts'
import { AnswerLength, lengthOf } from './answer-length.ts'
import type { SqlRow } from './engine/engine.ts'
import type { PastRecords } from './past-records.ts'
import { envelopeColumns, type RecordTypeEntry } from './record-type-entry.ts'
import { recordTableName } from './sql.ts'
import type { SnapshotRequest, SnapshotSlice } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import { quoteName } from './tables.ts'

/** Text of the records of one slice, in characters. */
const sliceMaxLength = 512 * 1024

/**
 * Reads snapshots in the order of the rows, which no write changes.
 *
 * A row that is newer than the position is read from the log as it was then; one that did not exist then is left out.
 * So the slices of one snapshot hold each record once, whatever is written between them.
 */
export class SnapshotReads {
  readonly #context: StoreContext
  readonly #past: PastRecords
  readonly #statements = new WeakMap<RecordTypeEntry, string>()

  constructor(context: StoreContext, past: PastRecords) {
    this.#context = context
    this.#past = past
  }

  read({ type, seq, afterRow, limit }: SnapshotRequest): SnapshotSlice {
    const { connection, tokenAt } = this.#context
    const entry = this.#context.types.get(type)
    // A migration has removed the type in the middle of a snapshot.
    if (entry === undefined) return { records: [], afterRow: undefined }
    const rows: SqlRow[] = []
    const slice = new AnswerLength(sliceMaxLength)
    let isCut = false
    connection.prepare(this.#statement(entry)).walk([afterRow, limit], (row) => {
      isCut = !slice.takes(lengthOf(row))
      if (!isCut) rows.push(row)
      return !isCut
    })
    const records: Record[] = []
    for (const row of rows) {
      const stored = entry.codec.decode(row, tokenAt)
      const record =
        stored.seq <= seq ? stored.record : this.#past.at({ type, id: stored.record.id }, seq)
      if (record !== undefined) records.push(record)
    }
    if (!isCut && rows.length < limit) return { records, afterRow: undefined }
    return { records, afterRow: Number(rows.at(-1)?.row_id) }
  }

  #statement(entry: RecordTypeEntry): string {
    let statement = this.#statements.get(entry)
    if (statement === undefined) {
      const names = ['row_id', ...envelopeColumns, ...entry.codec.columns].map(quoteName).join(', ')
      const table = quoteName(recordTableName(entry.definition.name))
      statement = `SELECT ${names} FROM ${table} WHERE row_id > ? ORDER BY row_id LIMIT ?`
      this.#statements.set(entry, statement)
    }
    return statement
  }
}
