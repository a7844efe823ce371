/** Reads records that were written before a migration as they would be now. */
import type { Record } from '../../sdk/model.ts'
import type { Connection } from './engine/engine.ts'
import { DataMigration } from './migrate-data.ts'
import { readTypeChanges } from './type-history.ts'

/** A migration of a type and the newest event before it. */
interface Reshaping {
  readonly seq: number
  readonly migration: DataMigration
}

/**
 * The migrations that each type has gone through. What is compared with records of today, such as a snapshot's or a
 * filter's, is brought to their shape; what is shown as history stays as it was written.
 */
export class OldShapes {
  readonly #byType = new Map<string, Reshaping[]>()

  /** Notes that everything up to a position was written before a migration. */
  add(type: string, reshaping: Reshaping): void {
    const before = this.#byType.get(type)
    if (before === undefined) this.#byType.set(type, [reshaping])
    else before.push(reshaping)
  }

  /** A record that was written by the event with this seq, in the shape of today as far as it can be. */
  renew(record: Record, seq: number): Record {
    const later = this.#byType.get(record.type)?.filter((one) => seq <= one.seq) ?? []
    if (later.length === 0) return record
    const data = later.reduce((data, { migration }) => migration.reshape(data), record.data)
    return { ...record, data }
  }

  /** Takes back what was noted last. */
  drop(type: string): void {
    this.#byType.get(type)?.pop()
  }
}

/** What an open file has gone through; one of an older format has gone through nothing. */
export function oldShapesOf(connection: Connection): OldShapes {
  const shapes = new OldShapes()
  const table = "SELECT 1 FROM sqlite_schema WHERE name = 'type_changes'"
  if (connection.prepare(table).get() === undefined) return shapes
  for (const { type, seq, detail } of readTypeChanges(connection)) {
    const { steps } = detail
    if (steps !== undefined) shapes.add(type, { seq, migration: new DataMigration(steps) })
  }
  return shapes
}
