/** Rows of a record table <-> records. */
import type { FieldDefinition } from '../../sdk/field.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Lifecycle, Record, Version } from '../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'
import { type Fit, fitOf, unlike } from './field-fit.ts'
import {
  envelopeMisfits,
  isWholeEnvelope,
  type Misfit,
  quarantineOf,
  rawOf,
  readLifecycle,
  readVersion,
} from './quarantine.ts'

/** A stored record together with the seq of the event that last changed it. */
export interface StoredRecord {
  readonly seq: number
  readonly record: Record
  /** UTF-16 units that the data takes as text, about. */
  readonly dataLength: number
}

type Encode = (value: Json) => SqlValue

interface FieldCodec {
  readonly name: string
  readonly isRequired: boolean
  /** The value as JSON; throws an `Unreadable` for what can't be one. */
  readonly decode: (value: SqlValue) => Json
  readonly fit: Fit
  readonly encode: Encode
}

/** Says why a stored value can't be read. */
class Unreadable extends Error {}

const asIs: Pick<FieldCodec, 'decode' | 'encode'> = {
  decode: (value) => {
    if (value instanceof Uint8Array) throw new Unreadable('expected a value, got bytes')
    return value
  },
  encode: (value) => (typeof value === 'string' || typeof value === 'number' ? value : null),
}
const bit: Pick<FieldCodec, 'decode' | 'encode'> = {
  decode: (value) => {
    if (value === 1) return true
    if (value === 0) return false
    throw new Unreadable(unlike('0 or 1', rawOf(value)))
  },
  encode: (value) => (value === true ? 1 : 0),
}
const nested: Pick<FieldCodec, 'decode' | 'encode'> = {
  decode: (value) => {
    if (typeof value !== 'string') throw new Unreadable(unlike('JSON as text', rawOf(value)))
    try {
      return JSON.parse(value)
    } catch (error) {
      throw new Unreadable(`it is no JSON: ${error instanceof Error ? error.message : error}`)
    }
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
      isRequired: !field.optional,
      fit: fitOf(field),
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

  /** A row as a record. One that does not fit its type comes back marked, with what does, and as stored with what does not. */
  decode(row: SqlRow, tokenAt: (seq: number) => Record['token']): StoredRecord {
    const data: { [field: string]: Json } = {}
    let misfits: Misfit[] | undefined
    let dataLength = 0
    for (const field of this.#fields) {
      const value = row[field.name]
      if (value === null || value === undefined) {
        if (field.isRequired) {
          misfits = [...(misfits ?? []), { name: field.name, raw: null, problem: 'is missing' }]
        }
        continue
      }
      if (typeof value === 'string') dataLength += value.length
      let problem: string | undefined
      try {
        const decoded = field.decode(value)
        problem = field.fit(decoded)
        if (problem === undefined) data[field.name] = decoded
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error
        problem = error.message
      }
      if (problem !== undefined) {
        misfits = [...(misfits ?? []), { name: field.name, raw: rawOf(value), problem }]
      }
    }
    const seq = Number(row.seq)
    const isWhole = isWholeEnvelope(row)
    if (!isWhole) misfits = [...envelopeMisfits(row), ...(misfits ?? [])]
    const record: Record = {
      type: this.#type,
      id: String(row.id),
      version: (isWhole ? row.version : readVersion(row.version)) as Version,
      createdAt: String(row.created_at),
      createdBy: String(row.created_by),
      updatedAt: String(row.updated_at),
      updatedBy: String(row.updated_by),
      lifecycle: (isWhole ? row.lifecycle : readLifecycle(row.lifecycle)) as Lifecycle,
      token: tokenAt(seq),
      data,
      ...(misfits === undefined ? {} : { quarantined: quarantineOf(misfits) }),
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
