/** What `orion types generate` writes declares what the store has. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { typeSource } from '../../plugins/cli/present/type-source.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import { enumeration, integer, json, list, object, reference, text } from '../../sdk/field.ts'
import { canonicalJson, isJsonObject, type Json } from '../../sdk/json.ts'
import { defineRecordType, type RecordTypeDefinition } from '../../sdk/record-type.ts'
import { makePlace } from './orion-process.ts'

const sdk = fileURLToPath(new URL('../../sdk/index.ts', import.meta.url))

/** The definitions that a module of this text exports, by name. */
async function definitionsIn(source: string): Promise<{ [name: string]: unknown }> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-types-'))
  try {
    const path = join(directory, 'types.ts')
    writeFileSync(path, source.replace("'orion/sdk'", JSON.stringify(sdk)))
    const module: { [name: string]: { definition: unknown } } = await import(
      pathToFileURL(path).href
    )
    return Object.fromEntries(
      Object.entries(module).map(([name, { definition }]) => [name, definition]),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function described(definition: RecordTypeDefinition) {
  const fields: Json = JSON.parse(JSON.stringify(definition.fields))
  assert.ok(isJsonObject(fields))
  return { ...definition, fields, schemaVersion: 1 }
}

test('the bundled types, and one with everything in it, come back as they are', async () => {
  const Hard = defineRecordType('Hard', {
    description: 'quotes " and \' and */ and `$' + '{x}` and \u2028 a line',
    fields: {
      default: text({ default: 'é"*/ `', pattern: '^\\p{L}+"' }),
      nested: object({
        kind: enumeration(["it's", '"'], { default: '"' }),
        deep: list(list(text())),
      }),
      other: list(reference('Hard'), { maxItems: 3 }),
      free: json({ default: JSON.parse('{"__proto__":{"a":1},"constructor":2}') }),
      count: integer({ minimum: -1, optional: true, unique: true }),
    },
    indexes: [['count', 'default']],
  })
  const types = [...orionRecordTypes, Hard]
  const found = await definitionsIn(
    typeSource(types.map(({ definition }) => described(definition))),
  )
  assert.deepEqual(Object.keys(found).sort(), types.map(({ name }) => name).sort())
  for (const { name, definition } of types)
    assert.deepEqual(ordered(found[name]), ordered(definition))
})

/** As JSON text does not lose members called `__proto__`, it is compared. */
function ordered(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)))
}

test('the command writes the types of the store, and no other file', async (t) => {
  const place = makePlace(t)
  const out = join(place.directory, 'types.ts')
  const told = await place.json(['types', 'generate', '--types', 'JobResult', '--out', 'types.ts'])
  assert.deepEqual(told, { path: out, types: [{ name: 'JobResult', schemaVersion: 1 }] })
  assert.deepEqual(Object.keys(await definitionsIn(readFileSync(out, 'utf8'))), ['JobResult'])
  assert.equal((await place.orion(['types', 'generate', '--out', 'types.ts'])).code, 0)
  writeFileSync(out, '// mine')
  const refused = await place.orion(['types', 'generate', '--out', 'types.ts'])
  assert.equal(refused.code, 2)
  assert.equal(readFileSync(out, 'utf8'), '// mine')
})
