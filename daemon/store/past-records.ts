/** Records as they were, read from the log. */
import type { Event, Record } from '../../sdk/model.ts'
import type { SqlRow } from './engine/engine.ts'
import { recordOfRow } from './log-row.ts'
import { type RecordKey, rowAsOf, rowReplacedBy } from './record-history.ts'
import type { StoreContext } from './store-context.ts'

/**
 * Reads old states of records. At and above the floor every one of them is there: compaction keeps, of each record,
 * the newest version at the floor. Only a purge erases them.
 */
export class PastRecords {
  readonly #context: StoreContext
  /** Kept as long as the event itself, which all subscribers that keep up share. */
  readonly #before = new WeakMap<Event, Record | 'unknown'>()

  constructor(context: StoreContext) {
    this.#context = context
  }

  /** The record as of a position; undefined when it did not exist then, or its values were erased since. */
  at(key: RecordKey, seq: number): Record | undefined {
    const row = rowAsOf(this.#context, key, seq)
    return row === undefined ? undefined : this.#recordOf(row)
  }

  /** The record before an event that changed it; undefined when its values were erased since. */
  before(event: Event): Record | undefined {
    let record = this.#before.get(event)
    if (record === undefined) {
      record = this.#readBefore(event) ?? 'unknown'
      this.#before.set(event, record)
    }
    return record === 'unknown' ? undefined : record
  }

  #readBefore({ seq, previousVersion }: Event): Record | undefined {
    if (previousVersion === undefined) return undefined
    const row = rowReplacedBy(this.#context, seq)
    const record = row === undefined ? undefined : this.#recordOf(row)
    // What it was before can't be known: it is as if its values had been erased.
    return record?.quarantined === undefined ? record : undefined
  }

  /** In the shape that its type has now, because it is held against filters and records of now. */
  #recordOf(row: SqlRow): Record | undefined {
    const { shapes, tokenAt } = this.#context
    const record = recordOfRow(row, tokenAt)
    if (record === undefined || record.quarantined !== undefined) return record
    return shapes.renew(record, Number(row.seq))
  }
}
