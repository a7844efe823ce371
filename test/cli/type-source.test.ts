/** What `orion types generate` writes declares what the store has. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import ts from 'typescript'
import { typeSource } from '../../plugins/cli/present/type-source.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import type { FieldDefinition } from '../../sdk/field.ts'
import { enumeration, integer, json, list, object, reference, text } from '../../sdk/field.ts'
import { canonicalJson, isJsonObject, type Json } from '../../sdk/json.ts'
import { defineRecordType, type RecordTypeDefinition } from '../../sdk/record-type.ts'
import { definitions } from '../support/definition-arbitrary.ts'
import { probesOf } from '../support/record-probes.ts'
import { caller, openTestStore } from '../support/store.ts'
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

/** Many random types, and some whose names mean something in the module. */
function anyDefinitions(): RecordTypeDefinition[] {
  return fc
    .sample(fc.tuple(...Array.from({ length: 40 }, (_, at) => definitions(`T${at}`))), 1)
    .flat()
    .concat(
      // The same index twice, and by a trait too.
      { name: 'Twice', fields: { a: { kind: 'text', indexed: true } }, indexes: [['a'], ['a']] },
      ['JSON', 'Object', 'Array', 'NaN', 'Record'].map((name) => ({
        name,
        fields: { a: { kind: 'json', default: JSON.parse('{"__proto__":{}}') } } as const,
      })),
    )
}

test('any definition comes back as it is, by way of a store', async (t) => {
  const store = await openTestStore(t, { types: [] })
  const wanted = anyDefinitions()
  for (const definition of wanted) await store.defineType({ definition }, caller())
  const described = wanted.map(({ name }) => store.getType(name))
  const source = typeSource(await Promise.all(described))
  const found = await definitionsIn(source)
  for (const definition of wanted) {
    assert.deepEqual(ordered(found[definition.name]), ordered(definition))
  }
})

test('generated modules compile strictly, with the static types of the declarations', () => {
  const source = typeSource(orionRecordTypes.map(({ definition }) => described(definition)))
  const use = `import type { RecordData, RecordInput } from 'orion/sdk'
    import type { JobResult, Proposal } from './types.ts'
    export const least: RecordInput<typeof JobResult> = { jobId: 'a', status: 'SUCCESS' }
    export const path = (data: RecordData<typeof JobResult>): string | undefined => data.outputArtifacts[0]?.path
    // @ts-expect-error No such outcome.
    export const odd: RecordInput<typeof JobResult> = { jobId: 'a', status: 'DONE' }
    // @ts-expect-error Required.
    export const short: RecordInput<typeof JobResult> = { status: 'SUCCESS' }
    // @ts-expect-error Managed.
    export const managed: RecordInput<typeof Proposal> = { actionType: 'a', status: 'approved' }
    // @ts-expect-error Optional.
    export const runId = (data: RecordData<typeof JobResult>): string => data.runId
  `
  const any = typeSource(anyDefinitions().map(described))
  const probes = probesSource()
  assert.deepEqual(
    problemsOf({ 'types.ts': source, 'any.ts': any, 'use.ts': use, 'probes.ts': probes }),
    [],
  )
})

test('a kind that only a newer program knows is told, not written', () => {
  const fields = { place: { kind: 'location' } }
  assert.throws(() => typeSource([{ name: 'Place', schemaVersion: 1, fields }]), /location.*newer/)
})

/** A line for each probe of the bundled types; of those that the compiler has to refuse it says so. */
function probesSource(): string {
  const lines = orionRecordTypes.flatMap(({ name, definition }) =>
    probesOf(definition).flatMap(({ field, value, data }, at) => {
      const declared = definition.fields[field]
      assert.ok(declared)
      const line = `export const of${name}${at}: RecordInput<typeof ${name}> = ${JSON.stringify(data)}`
      const isRight = staticallyRight(declared, value)
      if (isRight === undefined) return []
      return isRight ? [line] : [`// @ts-expect-error ${field}`, line]
    }),
  )
  const names = orionRecordTypes.map(({ name }) => name).join(', ')
  const imports = [
    `import type { RecordInput } from 'orion/sdk'`,
    `import type { ${names} } from './types.ts'`,
  ]
  return [...imports, ...lines, ''].join('\n')
}

/** Whether the compiler takes a value: it knows kinds, presence and enumerations; undefined of what is not asked here. */
function staticallyRight(field: FieldDefinition, value: Json | undefined): boolean | undefined {
  const isAbsent = value === undefined
  if (field.managed) return isAbsent
  if (isAbsent) return field.optional === true || field.default !== undefined
  switch (field.kind) {
    case 'text':
    case 'instant':
    case 'reference':
      return typeof value === 'string'
    case 'enumeration':
      return typeof value === 'string' && field.values.includes(value)
    case 'integer':
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'list':
      if (!Array.isArray(value) || value.length === 0) return Array.isArray(value)
      return value.every((item) => staticallyRight(field.items, item))
    case 'json':
      return Array.isArray(value) ? undefined : isJsonObject(value)
    case 'object':
      return isJsonObject(value) ? undefined : false
  }
}

/** What the compiler says of these modules, in its strictest form. */
function problemsOf(modules: { readonly [name: string]: string }): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'orion-types-'))
  try {
    for (const [name, source] of Object.entries(modules)) {
      writeFileSync(join(directory, name), source.replace("'orion/sdk'", JSON.stringify(sdk)))
    }
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const read = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(
      read.config,
      { ...ts.sys, readDirectory: () => [] },
      root,
    )
    const files = Object.keys(modules).map((name) => join(directory, name))
    const program = ts.createProgram(files, {
      ...options,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
    })
    return files.flatMap((file) => {
      const source = program.getSourceFile(file)
      assert.ok(source)
      const found = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ]
      return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

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
