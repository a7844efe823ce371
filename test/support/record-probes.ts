/** Sound and unsound values for every field of a record type, which all surfaces have to judge alike. */
import assert from 'node:assert/strict'
import { exampleRecord } from '../../plugins/cli/present/example-record.ts'
import type { FieldDefinition } from '../../sdk/field.ts'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'

/** One value of one field, in a record that is otherwise sound; undefined for none. */
export interface Probe {
  readonly field: string
  readonly value: Json | undefined
  readonly data: JsonObject
}

const anywhere: readonly (Json | undefined)[] = [
  undefined,
  null,
  '',
  'text',
  0,
  0.5,
  -1,
  true,
  [],
  [1],
  ['a'],
  {},
  { a: 1 },
]

/** Each value for each field of a type, beside the least that the type takes. */
export function probesOf(definition: RecordTypeDefinition): Probe[] {
  const least: JsonObject = exampleRecord(described(definition))?.least ?? {}
  return Object.entries(definition.fields).flatMap(([field, declared]) =>
    [...anywhere, ...edgesOf(declared)].map((value) => {
      const { [field]: _, ...rest } = least
      return { field, value, data: value === undefined ? rest : { ...rest, [field]: value } }
    }),
  )
}

/** Values at and beyond the bounds of a field. */
function edgesOf(field: FieldDefinition): Json[] {
  switch (field.kind) {
    case 'text':
      return [field.minLength, field.maxLength].flatMap((length = 1) =>
        [length - 1, length, length + 1].map((many) => 'a'.repeat(Math.max(0, many))),
      )
    case 'integer':
    case 'number':
      return [field.minimum, field.maximum].flatMap((bound = 7) => [bound - 1, bound, bound + 1])
    case 'enumeration':
      return [...field.values, `${field.values[0]} `, String(field.values[0]).toLowerCase()]
    case 'instant':
      return ['2026-11-22T09:30:12.482913Z', '2026-11-22', 'now']
    default:
      return []
  }
}

/** A definition as `type/get` tells it. */
export function described(definition: RecordTypeDefinition) {
  const fields: Json = JSON.parse(JSON.stringify(definition.fields))
  assert.ok(isJsonObject(fields))
  return { ...definition, fields, schemaVersion: 1 }
}
