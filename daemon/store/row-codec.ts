/** Rows of a record table <-> records. */
import type { FieldDefinition } from '../../sdk/field.ts'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import type { Lifecycle, Record, Version } from '../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'

/** A stored record together with the seq of the event that last changed it. */
export interface StoredRecord {
  readonly seq: number
  readonly record: Record
  /** UTF-16 units that the data takes as text, about. */
  readonly dataLength: number
}

type Decode = (value: SqlValue) => Json
type Encode = (value: Json) => SqlValue

interface FieldCodec {
  readonly name: string
  readonly decode: Decode
  readonly encode: Encode
}

const asIs: Pick<FieldCodec, 'decode' | 'encode'> = {
  decode: (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value),
  encode: (value) => (typeof value === 'string' || typeof value === 'number' ? value : null),
}
const bit: Pick<FieldCodec, 'decode' | 'encode'> = {
  decode: (value) => value === 1,
  encode: (value) => (value === true ? 1 : 0),
}
const nested: Pick<FieldCodec, 'decode' | 'encode'> = {
  decode: (value) => {
    if (typeof value !== 'string') throw new Error('expected JSON text')
    return JSON.parse(value)
  },
  encode: (value) => JSON.stringify(value),
}

/** Encodes and decodes the data of one record type; built once for each definition. */
export class RowCodec {
  /** The names of the type's own columns, in the order of `encodeAll`. */
  readonly columns: readonly string[]
  readonly #fields: readonly FieldCodec[]
  readonly #type: string

  constructor(definition: RecordTypeDefinition) {
    this.#type = definition.name
    this.#fields = Object.entries(definition.fields).map(([name, field]) => ({
      name,
      ...codecOf(field),
    }))
    this.columns = this.#fields.map((field) => field.name)
  }

  /** The values of all own columns; an absent field is null. */
  encodeAll(data: JsonObject): SqlValue[] {
    return this.#fields.map((field) => encodeField(field, data))
  }

  /** Makes an encoder of some own columns, in the order in which they are named. */
  encoderOf(names: readonly string[]): (data: JsonObject) => SqlValue[] {
    const chosen = names.flatMap((name) => this.#fields.filter((field) => field.name === name))
    return (data) => chosen.map((field) => encodeField(field, data))
  }

  /** A row as a record. A row that can't be read comes back marked, with what could be. */
  decode(row: SqlRow, tokenAt: (seq: number) => Record['token']): StoredRecord {
    const data: { [field: string]: Json } = {}
    let problem: string | undefined
    let dataLength = 0
    for (const field of this.#fields) {
      const value = row[field.name]
      if (value === null || value === undefined) continue
      if (typeof value === 'string') dataLength += value.length
      try {
        data[field.name] = field.decode(value)
      } catch (error) {
        problem = `field ${field.name} can't be read: ${error instanceof Error ? error.message : error}`
      }
    }
    const seq = Number(row.seq)
    const record: Record = {
      type: this.#type,
      id: String(row.id),
      version: row.version as Version,
      createdAt: String(row.created_at),
      createdBy: String(row.created_by),
      updatedAt: String(row.updated_at),
      updatedBy: String(row.updated_by),
      lifecycle: row.lifecycle as Lifecycle,
      token: tokenAt(seq),
      data,
      ...(problem === undefined ? {} : { quarantined: { reason: problem } }),
    }
    return { seq, record, dataLength }
  }
}

function encodeField(field: FieldCodec, data: JsonObject): SqlValue {
  const value = data[field.name]
  return value === undefined || value === null ? null : field.encode(value)
}

function codecOf(field: FieldDefinition): Pick<FieldCodec, 'decode' | 'encode'> {
  switch (field.kind) {
    case 'boolean':
      return bit
    case 'list':
    case 'object':
    case 'json':
      return nested
    default:
      return asIs
  }
}

/** The data of a log row; undefined when it was erased or can't be read. */
export function parseLoggedData(text: SqlValue | undefined): JsonObject | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const data: unknown = JSON.parse(text)
    return isJsonObject(data) ? data : undefined
  } catch {
    // A torn value is treated as an erased one: the record's own row is the truth.
    return undefined
  }
}
