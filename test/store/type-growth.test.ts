/** What a type may become by itself, and how programs of different ages live together. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspectFile } from '../../daemon/store/inspect-file.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { enumeration, type Fields, integer, list, object, text } from '../../sdk/field.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { defineRecordType, type RecordTypeDefinition } from '../../sdk/record-type.ts'
import { growType, joinFields } from '../../sdk/type-growth.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()

function typeOf(fields: Fields, indexes?: readonly string[][]): RecordTypeDefinition {
  return defineRecordType('Thing', { fields, ...(indexes === undefined ? {} : { indexes }) })
    .definition
}

const first = typeOf({
  name: text({ maxLength: 5 }),
  size: integer({ minimum: 0, maximum: 10 }),
  state: enumeration(['open', 'done'], { default: 'open' }),
  tags: list(enumeration(['a']), { default: [], maxItems: 2 }),
  place: object({ room: text() }, { optional: true }),
})

const wider: readonly {
  readonly what: string
  readonly fields: Fields
  readonly change: string
  readonly data: JsonObject
}[] = [
  {
    what: 'a value of an enumeration',
    fields: { state: enumeration(['open', 'done', 'late'], { default: 'open' }) },
    change: 'field widened',
    data: { name: 'x', size: 1, state: 'late' },
  },
  {
    what: 'wider bounds',
    fields: { size: integer({ minimum: -5 }), name: text() },
    change: 'field widened',
    data: { name: 'longer than five', size: 5000 },
  },
  {
    what: 'that a field may be absent',
    fields: { size: integer({ minimum: 0, maximum: 10, optional: true }) },
    change: 'field widened',
    data: { name: 'x' },
  },
  {
    what: 'a default for a required field',
    fields: { size: integer({ minimum: 0, maximum: 10, default: 3 }) },
    change: 'field widened',
    data: { name: 'x' },
  },
  {
    what: 'wider items and members',
    fields: {
      tags: list(enumeration(['a', 'b']), { default: [] }),
      place: object({ room: text(), floor: integer({ optional: true }) }, { optional: true }),
    },
    change: 'field widened',
    data: { name: 'x', size: 1, tags: ['b', 'a', 'b'], place: { room: 'r', floor: 2 } },
  },
  {
    what: 'an index on a field that is there',
    fields: { size: integer({ minimum: 0, maximum: 10, indexed: true }) },
    change: 'index added',
    data: { name: 'x', size: 1 },
  },
  {
    what: 'a field with a default',
    fields: { more: text({ default: 'm' }) },
    change: 'field added',
    data: { name: 'x', size: 1 },
  },
]

for (const { what, fields, change, data } of wider) {
  test(`a type takes by itself: ${what}`, async (t) => {
    const path = join(temporaryDirectory(t), 'store.db')
    const store = await openTestStore(t, { types: [first], path })
    await store.create({ type: 'Thing', id: 'old', data: { name: 'x', size: 10 } }, owner)
    await store.create({ type: 'Thing', data }, owner).catch(() => {})
    const wanted = { ...first, fields: { ...first.fields, ...typeOf(fields).fields } }
    const tried = await store.defineType({ definition: wanted, dryRun: true }, owner)
    assert.equal(tried.changed, true)
    assert.deepEqual(store.typeDefinition('Thing'), first, 'a dry run keeps nothing')
    const { changes, schemaVersion } = await store.defineType({ definition: wanted }, owner)
    assert.deepEqual([...new Set(changes.map((one) => one.change))], [change])
    assert.equal(schemaVersion, 2)
    assert.equal((await store.defineType({ definition: wanted }, owner)).changed, false)
    const { id } = await store.create({ type: 'Thing', data }, owner)
    assert.deepEqual((await store.get({ type: 'Thing', id: 'old' }, owner)).data.name, 'x')
    await store.close()
    const engine = await loadTestEngine()
    const report = await inspectFile(engine, path, {
      depth: 'everything',
      nowMicros: Date.now() * 1000,
    })
    assert.deepEqual(
      report.findings.filter(({ level }) => level !== 'ok'),
      [],
    )
    const again = await openTestStore(t, { types: [first], path })
    assert.equal((await again.get({ type: 'Thing', id }, owner)).version, 1)
    assert.equal((await again.typeHistory({ type: 'Thing' })).changes[0]?.kind, 'extended')
  })
}

const narrower: readonly (readonly [what: string, fields: Fields])[] = [
  ['fewer values', { state: enumeration(['open'], { default: 'open' }) }],
  ['narrower bounds', { size: integer({ minimum: 0, maximum: 9 }) }],
  ['another kind', { size: text() }],
  ['a value more and a bound less', { name: text({ maxLength: 9, minLength: 1 }) }],
  ['unique where it was not', { name: text({ maxLength: 5, unique: true }) }],
  ['another default', { state: enumeration(['open', 'done'], { default: 'done' }) }],
  ['a new field that is required', { more: text() }],
]

for (const [what, fields] of narrower) {
  test(`a type needs a migration for: ${what}`, async (t) => {
    const store = await openTestStore(t, { types: [first] })
    const definition = { ...first, fields: { ...first.fields, ...typeOf(fields).fields } }
    await assert.rejects(
      store.defineType({ definition }, owner),
      (error) => isOrionError(error, 'migration_required') && Array.isArray(error.data.plan),
    )
    assert.deepEqual(store.typeDefinition('Thing'), first)
  })
}

test('two programs that add different things live together', async (t) => {
  const store = await openTestStore(t, { types: [first] })
  const [one, two] = [
    typeOf({
      ...declared(first),
      x: text({ optional: true }),
      state: enumeration(['open', 'done', 'one'], { default: 'open' }),
    }),
    typeOf({
      ...declared(first),
      y: integer({ default: 7 }),
      state: enumeration(['open', 'done', 'two'], { default: 'open' }),
    }),
  ]
  const define = async (definition: RecordTypeDefinition): Promise<void> => {
    const stored = store.typeDefinition('Thing') ?? definition
    await store.defineType({ definition: growType(stored, definition) }, owner)
  }
  await define(one)
  await define(two)
  await define(one)
  const data = { name: 'n', size: 1 }
  await store.create(
    { type: 'Thing', id: 'a', data: { ...data, x: 'of one', state: 'one' } },
    owner,
  )
  await update(store, 'a', 1, { y: 8, state: 'two' })
  await update(store, 'a', 2, { x: 'again' })
  const { data: now } = await store.get({ type: 'Thing', id: 'a' }, owner)
  assert.deepEqual(now, { ...data, tags: [], x: 'again', y: 8, state: 'two' })
})

test('joining two fields takes what either takes, in either order', () => {
  const fields = Object.values(first.fields)
  for (const { fields: grown } of wider) {
    for (const [name, { definition }] of Object.entries(grown)) {
      const before = first.fields[name]
      if (before === undefined) continue
      assert.deepEqual(joinFields(before, definition), joinFields(definition, before), name)
      assert.deepEqual(joinFields(before, definition), definition, name)
    }
  }
  for (const field of fields) assert.deepEqual(joinFields(field, field), field)
})

function declared({ fields }: RecordTypeDefinition): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, definition]) => [name, { definition }]),
  )
}

async function update(
  store: StoreApi,
  id: string,
  expectedVersion: number,
  set: { readonly [field: string]: string | number },
): Promise<void> {
  await store.update({ type: 'Thing', id, expectedVersion, set }, owner)
}
