/** One record type as the store uses it: its definition, its checker, its codec and its statements. */

import type { JsonObject } from '../../sdk/json.ts'
import type { Record, Token } from '../../sdk/model.ts'
import { RecordSchema } from '../../sdk/record-schema.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { type ReferencePlace, referencePlaces } from '../../sdk/references.ts'
import type { Connection, SqlValue } from './engine/engine.ts'
import { RowCodec, type StoredRecord } from './row-codec.ts'
import { recordTableName, type SqlCompiler } from './sql.ts'

/** Everything of one definition, built once; a changed definition gets a new entry. */
export class RecordTypeEntry {
  readonly definition: RecordTypeDefinition
  readonly schemaVersion: number
  readonly schema: RecordSchema
  readonly codec: RowCodec
  /** Where its data name other records. */
  readonly references: readonly ReferencePlace[]
  readonly #compiler: SqlCompiler
  readonly #select: string
  readonly #insert: string
  readonly #move: string
  readonly #remove: string
  /** Updates by the fields they change. Bounded: beyond that many shapes, all columns are written. */
  readonly #updates = new Map<string, UpdateShape>()

  constructor(compiler: SqlCompiler, definition: RecordTypeDefinition, schemaVersion: number) {
    this.definition = definition
    this.schemaVersion = schemaVersion
    this.schema = new RecordSchema(definition)
    this.codec = new RowCodec(definition)
    this.references = referencePlaces(definition.fields)
    this.#compiler = compiler
    const table = recordTableName(definition.name)
    this.#select = compiler
      .selectFrom(table)
      .select([...envelopeColumns, ...this.codec.columns])
      .where('id', '=', '')
      .compile().sql
    const columns = [...envelopeColumns, ...this.codec.columns]
    this.#insert = compiler
      .insertInto(table)
      .columns(columns)
      .values(Object.fromEntries(columns.map((column) => [column, ''])) as never)
      .compile().sql
    this.#move = compiler
      .updateTable(table)
      .set({ version: 0, updated_at: '', updated_by: '', seq: 0, lifecycle: '' })
      .where('id', '=', '')
      .where('version', '=', 0)
      .compile().sql
    this.#remove = compiler
      .deleteFrom(table)
      .where('id', '=', '')
      .where('version', '=', 0)
      .compile().sql
  }

  /** The record with this id, whatever its lifecycle. */
  read(
    connection: Connection,
    id: string,
    tokenAt: (seq: number) => Token,
  ): StoredRecord | undefined {
    const row = connection.prepare(this.#select).get([id])
    return row === undefined ? undefined : this.codec.decode(row, tokenAt)
  }

  insert(connection: Connection, record: Record, seq: number): void {
    connection
      .prepare(this.#insert)
      .run([
        record.id,
        record.version,
        record.createdAt,
        record.createdBy,
        record.updatedAt,
        record.updatedBy,
        record.lifecycle,
        seq,
        ...this.codec.encodeAll(record.data),
      ])
  }

  /**
   * Writes the changed fields of a record if its version still is `expectedVersion`.
   *
   * @returns whether a row was there to change.
   */
  update(connection: Connection, change: RecordChange): boolean {
    const { record, seq, expectedVersion, changedFields } = change
    const { sql, encode } = this.#updateShape(changedFields)
    const values: SqlValue[] = [record.version, record.updatedAt, record.updatedBy, seq]
    values.push(...encode(record.data), record.id, expectedVersion)
    return connection.prepare(sql).run(values) === 1
  }

  /** Changes the lifecycle if the version still is `expectedVersion`; whether a row was there to change. */
  move(connection: Connection, change: Omit<RecordChange, 'changedFields'>): boolean {
    const { record, seq, expectedVersion } = change
    return (
      connection
        .prepare(this.#move)
        .run([
          record.version,
          record.updatedAt,
          record.updatedBy,
          seq,
          record.lifecycle,
          record.id,
          expectedVersion,
        ]) === 1
    )
  }

  /** Removes the row if its version still is `expectedVersion`; whether it was there. */
  remove(connection: Connection, id: string, expectedVersion: number): boolean {
    return connection.prepare(this.#remove).run([id, expectedVersion]) === 1
  }

  #updateShape(changedFields: readonly string[]): UpdateShape {
    const key = changedFields.join()
    const known = this.#updates.get(key)
    if (known !== undefined) return known
    const all = this.codec.columns
    if (this.#updates.size >= updateShapesMax && changedFields !== all)
      return this.#updateShape(all)
    const changed = Object.fromEntries(changedFields.map((name) => [name, '']))
    const { sql } = this.#compiler
      .updateTable(recordTableName(this.definition.name))
      .set({ version: 0, updated_at: '', updated_by: '', seq: 0, ...changed })
      .where('id', '=', '')
      .where('version', '=', 0)
      .compile()
    const shape = { sql, encode: this.codec.encoderOf(changedFields) }
    this.#updates.set(key, shape)
    return shape
  }
}

/** An update of one set of fields: its text, and the values of those fields in the text's order. */
interface UpdateShape {
  readonly sql: string
  readonly encode: (data: JsonObject) => SqlValue[]
}

/** A record after a change, and the version it must have had before. */
export interface RecordChange {
  readonly record: Record
  readonly seq: number
  readonly expectedVersion: number
  readonly changedFields: readonly string[]
}

/** The order in which the statements above name the envelope. */
export const envelopeColumns = [
  'id',
  'version',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  'lifecycle',
  'seq',
] as const

const updateShapesMax = 64
