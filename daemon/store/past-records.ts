/** Records as they were, read from the log. */
import type { Event, Record, Token } from '../../sdk/model.ts'
import type { Connection } from './engine/engine.ts'
import { recordOfRow } from './event-log.ts'

/**
 * Reads old states of records. At and above the floor every one of them is there: compaction keeps, of each record,
 * the newest version at the floor. Only a purge erases them.
 */
export class PastRecords {
  readonly #connection: Connection
  readonly #tokenAt: (seq: number) => Token
  /** Kept as long as the event itself, which all subscribers that keep up share. */
  readonly #before = new WeakMap<Event, Record | 'unknown'>()

  constructor(connection: Connection, tokenAt: (seq: number) => Token) {
    this.#connection = connection
    this.#tokenAt = tokenAt
  }

  /** The record as of a position; undefined when it did not exist then, or its values were erased since. */
  at(key: { readonly type: string; readonly id: string }, seq: number): Record | undefined {
    const row = this.#connection.prepare(newestUpTo).get([key.id, key.type, seq])
    return row === undefined ? undefined : recordOfRow(row, this.#tokenAt)
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

  #readBefore({ type, id, previousVersion }: Event): Record | undefined {
    if (type === undefined || id === undefined || previousVersion === undefined) return undefined
    const row = this.#connection.prepare(oneVersion).get([id, type, previousVersion])
    return row === undefined ? undefined : recordOfRow(row, this.#tokenAt)
  }
}

const newestUpTo =
  'SELECT * FROM log WHERE type IS NOT NULL AND id = ? AND type = ? AND seq <= ? ORDER BY version DESC LIMIT 1'
const oneVersion =
  'SELECT * FROM log WHERE type IS NOT NULL AND id = ? AND type = ? AND version = ?'
