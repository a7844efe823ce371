/**
 * One declaration, every surface: what the checker takes, the JSON Schema says, the table's CHECKs let in and the OpenRPC
 * document allows is the same, for a table of values of every field of every bundled type. What the static types take of
 * them, `test/cli/type-source.test.ts` compiles.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { openRpcDocument } from '../../daemon/session/open-rpc.ts'
import { envelopeColumns } from '../../daemon/store/record-type-entry.ts'
import { createTableStatements } from '../../daemon/store/tables.ts'
import { exampleRecord } from '../../plugins/cli/present/example-record.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import type { FieldDefinition } from '../../sdk/field.ts'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import { jsonSchemaOf, RecordSchema } from '../../sdk/record-schema.ts'
import { loadTestEngine } from '../support/engine.ts'
import { described, probesOf } from '../support/record-probes.ts'
import { temporaryDirectory } from '../support/store.ts'

for (const { definition } of orionRecordTypes) {
  const { name } = definition
  const checker = new RecordSchema(definition)

  test(`${name}: the JSON Schema takes what the checker takes`, () => {
    const schema = z.fromJSONSchema(withoutUnicodeClasses(jsonSchemaOf(definition)))
    let refused = 0
    for (const { field, value, data } of probesOf(definition)) {
      const isValid = checker.check(data).outcome === 'valid'
      if (!isValid) refused++
      assert.equal(schema.safeParse(data).success, isValid, `${field}: ${JSON.stringify(value)}`)
    }
    assert.ok(refused > 0)
  })

  test(`${name}: its table takes what the checker takes, and no other presence, range or enumeration`, async (t) => {
    const engine = await loadTestEngine()
    const connection = engine.open(join(temporaryDirectory(t), 'probes.sqlite'), {
      syncMode: 'off',
      cacheKib: 1024,
      statementsMax: 4,
    })
    t.after(() => connection.close())
    for (const statement of createTableStatements(definition, { table: 'probed', indexSuffix: '' }))
      connection.exec(statement)
    const fields = Object.entries(definition.fields)
    const names = [...envelopeColumns, ...fields.map(([field]) => `"${field}"`)]
    const insert = `INSERT INTO probed (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    const sound = checker.check(exampleRecord(described(definition))?.least)
    assert.equal(sound.outcome, 'valid')
    let id = 0
    for (const { field, value, data } of probesOf(definition)) {
      const declared = definition.fields[field]
      const checked = checker.check(data)
      assert.ok(declared)
      if (checked.outcome === 'invalid' && !isSeenBySql(declared, value)) continue
      const stored =
        checked.outcome === 'valid' ? checked.data : { ...sound.data, [field]: value ?? null }
      const row = fields.map(([one]) => cellOf(stored[one]))
      const taken = attempt(() =>
        connection.prepare(insert).run([`${++id}`, 1, '', '', '', '', 'active', id, ...row]),
      )
      assert.equal(taken, checked.outcome === 'valid', `${field}: ${JSON.stringify(value)}`)
    }
  })
}

/** JSON Schema reads patterns as Unicode; this reader of it does not. The probes have letters of ASCII alone. */
function withoutUnicodeClasses(schema: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(schema).replaceAll('\\\\p{L}\\\\p{N}', 'a-zA-Z0-9'))
}

/** Whether a CHECK can tell that a value is wrong; the lengths and patterns of texts are the checker's alone. */
function isSeenBySql(field: FieldDefinition, value: Json | undefined): boolean {
  if (value === undefined || value === null) return !field.optional
  if (field.kind === 'enumeration') return typeof value === 'string'
  if (field.kind === 'integer' || field.kind === 'number') return typeof value === 'number'
  return false
}

function cellOf(value: Json | undefined): string | number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'object' ? JSON.stringify(value) : value
}

function attempt(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

test('the OpenRPC document takes every record that a type takes, and describes types as they are answered', () => {
  const document = JSON.parse(JSON.stringify(openRpcDocument('0.0.0')))
  const methods: JsonObject[] = document.methods
  const create = methods.find(({ name }) => name === 'record/create')?.['x-params']
  const getType = methods.find(({ name }) => name === 'type/get')?.result
  assert.ok(isJsonObject(create) && isJsonObject(getType) && isJsonObject(getType.schema))
  const params = z.fromJSONSchema(create)
  const result = z.fromJSONSchema(getType.schema)
  for (const { name, definition } of orionRecordTypes) {
    for (const { data } of probesOf(definition)) {
      if (new RecordSchema(definition).check(data).outcome !== 'valid') continue
      assert.ok(params.safeParse({ type: name, data }).success, JSON.stringify(data))
    }
    const answer = { ...described(definition), jsonSchema: jsonSchemaOf(definition) }
    assert.ok(result.safeParse(answer).success, name)
  }
  assert.equal(params.safeParse({ type: 'JobResult', data: [] }).success, false)
})
