/** Migrations of record types, on the store itself. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { isOrionError, type OrionError } from '../../sdk/errors.ts'
import {
  boolean,
  enumeration,
  type Field,
  integer,
  list,
  number,
  reference,
  text,
} from '../../sdk/field.ts'
import type { JsonObject } from '../../sdk/json.ts'
import {
  addField,
  changeField,
  defineMigration,
  removeField,
  removeIndex,
  removeType,
  renameField,
} from '../../sdk/migration.ts'
import type { Migration, MigrationStep } from '../../sdk/migration-step.ts'
import type { Record } from '../../sdk/model.ts'
import { defineRecordType, type RecordTypeDefinition } from '../../sdk/record-type.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()

function taskType(migrations: readonly Migration[] = []): RecordTypeDefinition {
  return defineRecordType('Task', {
    fields: {
      summary: text({ maxLength: 100, indexed: true }),
      points: integer({ default: 0 }),
      state: enumeration(['open', 'done', 'dropped'], { default: 'open' }),
      tags: list(text(), { default: [] }),
      owner: text({ optional: true }),
    },
    indexes: [['state', 'points']],
    ...(migrations.length === 0 ? {} : { migrations }),
  }).definition
}

async function storeOfTasks(
  t: Parameters<typeof openTestStore>[0],
  data: readonly JsonObject[],
  path?: string,
): Promise<StoreApi> {
  const store = await openTestStore(t, { types: [], ...(path === undefined ? {} : { path }) })
  await store.defineType({ definition: taskType() }, owner)
  for (const [index, one] of data.entries()) {
    await store.create({ type: 'Task', id: `t${index}`, data: one }, owner)
  }
  return store
}

async function all(store: StoreApi, type = 'Task'): Promise<{ [id: string]: JsonObject }> {
  const { records } = await store.list({ type, limit: 1000 }, owner)
  return Object.fromEntries(records.map((record: Record) => [record.id, record.data]))
}

function one(name: string, up: readonly MigrationStep[], down?: readonly MigrationStep[]) {
  return defineMigration(name, { up, ...(down === undefined ? {} : { down }) })
}

async function refusal(promise: Promise<unknown>): Promise<OrionError> {
  const error = await promise.then(
    () => assert.fail('expected a refusal'),
    (thrown: unknown) => thrown,
  )
  assert.ok(isOrionError(error), String(error))
  return error
}

/** Each kind of change: the steps, a record before, and what it becomes. */
const changes: readonly {
  readonly what: string
  readonly steps: readonly MigrationStep[]
  readonly before: JsonObject
  readonly after: JsonObject
}[] = [
  {
    what: 'a field gets another name',
    steps: [renameField('summary', 'title')],
    before: { summary: 'a' },
    after: { title: 'a', points: 0, state: 'open', tags: [] },
  },
  {
    what: 'a field is removed with its values',
    steps: [removeField('points')],
    before: { summary: 'a', points: 3 },
    after: { summary: 'a', state: 'open', tags: [] },
  },
  {
    what: 'a required field is added, with a constant',
    steps: [addField('area', text(), { from: { value: 'core' } })],
    before: { summary: 'a' },
    after: { summary: 'a', points: 0, state: 'open', tags: [], area: 'core' },
  },
  {
    what: 'a text is split in two',
    steps: [
      addField('area', text(), { from: { split: 'summary', separator: ': ', part: 0 } }),
      addField('title', text({ optional: true }), {
        from: { split: 'summary', separator: ': ', part: 1, rest: true },
      }),
      removeField('summary'),
    ],
    before: { summary: 'ci: fix: cache' },
    after: { points: 0, state: 'open', tags: [], area: 'ci', title: 'fix: cache' },
  },
  {
    what: 'fields are merged into one',
    steps: [
      addField('label', text(), { from: { join: ['state', 'owner', 'points'], separator: '/' } }),
    ],
    before: { summary: 'a', points: 2 },
    after: { summary: 'a', points: 2, state: 'open', tags: [], label: 'open/2' },
  },
  {
    what: 'a text becomes a list',
    steps: [changeField('owner', list(text(), { default: [] }), { convert: ['list'] })],
    before: { summary: 'a', owner: 'ann' },
    after: { summary: 'a', points: 0, state: 'open', tags: [], owner: ['ann'] },
  },
  {
    what: 'an integer becomes a text, and a number',
    steps: [
      addField('cost', number(), { from: { field: 'points', convert: ['text', 'number'] } }),
      changeField('points', text(), { convert: ['text'] }),
    ],
    before: { summary: 'a', points: 7 },
    after: { summary: 'a', points: '7', state: 'open', tags: [], cost: 7 },
  },
  {
    what: 'the values of an enumeration are renamed and narrowed',
    steps: [
      changeField('state', enumeration(['open', 'closed']), {
        convert: [{ map: { done: 'closed', dropped: 'closed' } }],
      }),
    ],
    before: { summary: 'a', state: 'dropped' },
    after: { summary: 'a', points: 0, state: 'closed', tags: [] },
  },
  {
    what: 'an enumeration becomes a flag',
    steps: [
      changeField('state', boolean(), {
        convert: [{ map: { open: false, done: true, dropped: true } }],
      }),
    ],
    before: { summary: 'a', state: 'done' },
    after: { summary: 'a', points: 0, state: true, tags: [] },
  },
  {
    what: 'what does not fit a narrower field is cut to fit',
    steps: [
      changeField('points', integer({ maximum: 5 }), { unfit: 'fit' }),
      changeField('summary', text({ maxLength: 3 }), { unfit: 'fit' }),
      changeField('tags', list(text(), { maxItems: 1 }), { unfit: 'fit' }),
    ],
    before: { summary: 'abcdef', points: 9, tags: ['x', 'y'] },
    after: { summary: 'abc', points: 5, state: 'open', tags: ['x'] },
  },
  {
    what: 'what does not fit is left out, or replaced',
    steps: [
      changeField('owner', text({ optional: true, pattern: '^[a-z]+$' }), { unfit: 'unset' }),
      changeField('points', integer({ maximum: 5 }), { unfit: { value: 0 } }),
    ],
    before: { summary: 'a', owner: 'Ann 1', points: 9 },
    after: { summary: 'a', points: 0, state: 'open', tags: [] },
  },
  {
    what: 'an index goes, and names are swapped',
    steps: [
      removeIndex('state', 'points'),
      renameField('summary', 'spare'),
      renameField('owner', 'summary'),
      renameField('spare', 'owner'),
      changeField('summary', text(), { unfit: { value: 'nobody' } }),
    ],
    before: { summary: 'a', owner: 'ann' },
    after: { owner: 'a', points: 0, state: 'open', tags: [], summary: 'ann' },
  },
]

for (const { what, steps, before, after } of changes) {
  test(`a migration: ${what}`, async (t) => {
    const store = await storeOfTasks(t, [before])
    const first = await store.get({ type: 'Task', id: 't0' }, owner)
    const migration = one('change', steps)
    const params = { type: 'Task', migrations: [migration] }
    const tried = await store.migrateType({ ...params, dryRun: true }, owner)
    assert.deepEqual(await all(store), { t0: first.data }, 'a dry run changes nothing')
    assert.deepEqual(tried.samples?.map((sample) => sample.after) ?? [], [after])
    assert.equal(tried.changed, false)
    const done = await store.migrateType({ ...params, backup: false }, owner)
    assert.deepEqual(done.records, { total: 1, changed: 1, unfit: 0 })
    assert.deepEqual(await all(store), { t0: after })
    const now = await store.get({ type: 'Task', id: 't0' }, owner)
    assert.deepEqual({ ...now, data: {} }, { ...first, data: {} }, 'the envelope stays')
    const again = await store.migrateType(params, owner)
    assert.deepEqual([again.direction, again.changed], ['none', false])
    const wrote = await store.update(
      { type: 'Task', id: 't0', expectedVersion: 1, set: { tags: ['new'] } },
      owner,
    )
    assert.equal(wrote.version, 2)
  })
}

test('records that do not fit are named, and nothing changes', async (t) => {
  const store = await storeOfTasks(t, [{ summary: 'a', points: 9 }, { summary: 'b' }])
  const migrations = [one('narrow', [changeField('points', integer({ maximum: 5 }))])]
  const before = await all(store)
  const tried = await store.migrateType({ type: 'Task', migrations, dryRun: true }, owner)
  assert.deepEqual(tried.records, { total: 2, changed: 0, unfit: 1 })
  assert.equal(tried.unfit?.[0]?.id, 't0')
  const error = await refusal(store.migrateType({ type: 'Task', migrations }, owner))
  assert.equal(error.kind, 'invalid_record')
  assert.match(error.message, /1 of 2 records of Task would not fit: t0\.points/)
  assert.deepEqual(await all(store), before)
  assert.deepEqual(store.getType('Task').migrations, undefined)
})

test('two records with one value are found when a field becomes unique', async (t) => {
  const store = await storeOfTasks(t, [{ summary: 'a' }, { summary: 'b' }, { summary: 'a' }])
  const migrations = [one('unique', [changeField('summary', text({ unique: true }))])]
  const error = await refusal(store.migrateType({ type: 'Task', migrations }, owner))
  assert.match(error.message, /t2\.summary: another record has the same value/)
  await store.update({ type: 'Task', id: 't2', expectedVersion: 1, set: { summary: 'c' } }, owner)
  await store.migrateType({ type: 'Task', migrations, backup: false }, owner)
  const twin = await refusal(store.create({ type: 'Task', data: { summary: 'a' } }, owner))
  assert.deepEqual(
    [twin.kind, 'field' in twin.data && twin.data.field],
    ['unique_violation', 'summary'],
  )
})

test('migrations are applied in their order, once, and undone in the other', async (t) => {
  const store = await storeOfTasks(t, [{ summary: 'a', points: 1 }])
  const title = one('title', [renameField('summary', 'title')], [renameField('title', 'summary')])
  const cost = one(
    'cost',
    [changeField('points', text(), { convert: ['text'] })],
    [changeField('points', integer(), { convert: ['integer'] })],
  )
  const migrations = [title, cost]
  const first = await store.migrateType({ type: 'Task', migrations, to: 1, backup: false }, owner)
  assert.deepEqual([first.migrations, first.schemaVersion], [['title'], 2])
  const rest = await store.migrateType({ type: 'Task', migrations, backup: false }, owner)
  assert.deepEqual([rest.migrations, rest.schemaVersion], [['cost'], 3])
  assert.deepEqual(
    store.getType('Task').migrations?.map(({ name }) => name),
    ['title', 'cost'],
  )
  const back = await store.migrateType({ type: 'Task', migrations, to: 0, backup: false }, owner)
  assert.deepEqual([back.direction, back.migrations], ['down', ['cost', 'title']])
  assert.deepEqual(await all(store), { t0: { summary: 'a', points: 1, state: 'open', tags: [] } })
  const { changes } = await store.typeHistory({ type: 'Task' })
  assert.deepEqual(
    changes.map(({ kind, schemaVersion }) => [kind, schemaVersion]),
    [
      ['reverted', 4],
      ['migrated', 3],
      ['migrated', 2],
      ['defined', 1],
    ],
  )
  assert.equal(changes[0]?.actor.principal, 'owner')
})

test('a migration without a way back says so, and where the backup is', async (t) => {
  const store = await storeOfTasks(t, [{ summary: 'a' }])
  const migrations = [one('gone', [removeField('points')])]
  const { backup, destroys } = await store.migrateType({ type: 'Task', migrations }, owner)
  assert.ok(backup !== undefined && existsSync(backup))
  assert.equal(destroys, true)
  assert.equal((await store.typeHistory({ type: 'Task' })).changes[0]?.backup, backup)
  const error = await refusal(store.migrateType({ type: 'Task', migrations, to: 0 }, owner))
  assert.match(`${error.message} ${error.data.remedy}`, /no way back.*backup/)
})

test('a migration that was changed after it was applied is told', async (t) => {
  const store = await storeOfTasks(t, [])
  await store.migrateType(
    { type: 'Task', migrations: [one('title', [renameField('summary', 'title')])] },
    owner,
  )
  const changed = one('title', [renameField('summary', 'heading')])
  const error = await refusal(store.migrateType({ type: 'Task', migrations: [changed] }, owner))
  assert.equal(error.kind, 'migration_required')
  assert.match(error.message, /migration title was changed after it was applied/)
  const declared = defineRecordType('Task', {
    fields: { heading: text() },
    migrations: [changed],
  }).definition
  assert.equal(
    (await refusal(store.defineType({ definition: declared }, owner))).kind,
    'migration_required',
  )
  const forged = { ...one('more', [removeField('points')]), checksum: 'abc' }
  const wrong = await refusal(store.migrateType({ type: 'Task', migrations: [forged] }, owner))
  assert.match(wrong.message, /checksum/)
})

test('programs that are older or newer than the store are told which, and what to do', async (t) => {
  const store = await storeOfTasks(t, [{ summary: 'a' }])
  const title = one('title', [renameField('summary', 'title')])
  const newer = defineRecordType('Task', {
    fields: { title: text({ maxLength: 100, indexed: true }) },
    migrations: [title],
  }).definition
  const early = await refusal(store.defineType({ definition: newer }, owner))
  assert.match(`${early.message} ${early.data.remedy}`, /newer than.*title.*orion types migrate/)
  await store.migrateType({ type: 'Task', migrations: [title], definition: newer }, owner)
  assert.equal((await store.defineType({ definition: newer }, owner)).changed, false)
  const late = await refusal(store.defineType({ definition: taskType() }, owner))
  assert.equal(late.kind, 'migration_required')
  assert.match(
    late.message,
    /older than the store's.*summary was renamed to title by migration title/,
  )
  const harmless = defineRecordType('Task', {
    fields: { title: text({ maxLength: 100, indexed: true }) },
  })
  assert.equal((await store.defineType({ definition: harmless.definition }, owner)).changed, false)
})

test('migrations that do not lead to what is declared are refused', async (t) => {
  const store = await storeOfTasks(t, [{ summary: 'a' }])
  const title = one('title', [renameField('summary', 'title')])
  const declared = (field: Field<unknown>) =>
    defineRecordType('Task', { fields: { title: field }, migrations: [title] }).definition
  const params = { type: 'Task', migrations: [title], backup: false }
  const error = await refusal(
    store.migrateType({ ...params, definition: declared(integer()) }, owner),
  )
  assert.match(error.message, /do not lead to what the program declares/)
  const wider = declared(text({ maxLength: 200, indexed: true }))
  await store.migrateType({ ...params, definition: wider }, owner)
  assert.deepEqual(store.getType('Task').fields.title, {
    kind: 'text',
    maxLength: 200,
    indexed: true,
  })
})

test('what is declared beside migrations is held to the rules before it is compared', async (t) => {
  const store = await storeOfTasks(t, [{ summary: 'a' }])
  const migrations = [one('title', [renameField('summary', 'title')])]
  const odd: readonly string[] = [
    '{"title":null}',
    '{"title":{"kind":"list","items":null}}',
    '{"title":{"kind":"object","fields":{"a":null}}}',
    '{"title":7}',
  ]
  for (const fields of odd) {
    const definition: RecordTypeDefinition = JSON.parse(`{"name":"Task","fields":${fields}}`)
    const error = await refusal(store.migrateType({ type: 'Task', migrations, definition }, owner))
    assert.equal(error.kind, 'invalid_request', fields)
    assert.match(error.message, /the definition is wrong: /)
  }
  assert.equal(store.getType('Task').schemaVersion, 1)
})

test('a type that was removed does not come back by itself', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await storeOfTasks(t, [{ summary: 'a' }], path)
  const migrations = [one('drop', [removeType()])]
  const done = await store.migrateType({ type: 'Task', migrations, backup: false }, owner)
  assert.equal(done.removed, true)
  assert.equal((await refusal(store.get({ type: 'Task', id: 't0' }, owner))).kind, 'unknown_type')
  assert.equal(
    (await refusal(store.publish({ topic: 'Task.created' }, owner))).kind,
    'invalid_request',
  )
  await store.close()
  const opened = await openTestStore(t, { types: [], path })
  const error = await refusal(opened.defineType({ definition: taskType() }, owner))
  assert.match(error.message, /the record type Task was removed by migration drop/)
  assert.equal((await opened.typeHistory({ type: 'Task' })).changes[0]?.kind, 'removed')
})

test('searched fields are found under their new name, and purged records nowhere', async (t) => {
  const store = await openTestStore(t, { types: [] })
  const Page = defineRecordType('Page', {
    fields: { body: text({ searchable: true }), likes: integer({ default: 0 }) },
  })
  await store.defineType({ definition: Page.definition }, owner)
  for (const body of ['alpha beta', 'beta gamma']) {
    await store.create({ type: 'Page', id: body[0] ?? '', data: { body } }, owner)
  }
  const migrations = [one('words', [renameField('body', 'words'), removeField('likes')])]
  await store.migrateType({ type: 'Page', migrations, backup: false }, owner)
  await store.create({ type: 'Page', id: 'c', data: { words: 'beta delta' } }, owner)
  await store.purge({ type: 'Page', id: 'b', expectedVersion: 1 }, owner)
  let found: string[] = []
  for (let tries = 0; tries < 200 && found.length !== 2; tries++) {
    const { hits } = await store.search({ query: 'beta', types: ['Page'] }, owner)
    found = hits.map(({ record }) => record.id).sort()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.deepEqual(found, ['a', 'c'])
})

test('references follow a renamed field, and a type that others name is not removed', async (t) => {
  const Part = defineRecordType('Part', { fields: { name: text() } })
  const Whole = defineRecordType('Whole', { fields: { part: reference('Part') } })
  const store = await openTestStore(t, { types: [] })
  for (const { definition } of [Part, Whole]) await store.defineType({ definition }, owner)
  await store.create({ type: 'Part', id: 'p', data: { name: 'n' } }, owner)
  await store.create({ type: 'Whole', id: 'w', data: { part: 'p' } }, owner)
  const rename = [one('piece', [renameField('part', 'piece')])]
  await store.migrateType({ type: 'Whole', migrations: rename, backup: false }, owner)
  const purge = await refusal(store.purge({ type: 'Part', id: 'p', expectedVersion: 1 }, owner))
  assert.match(purge.message, /piece|Whole/)
  const drop = { type: 'Part', migrations: [one('drop', [removeType()])], backup: false }
  assert.match(
    (await refusal(store.migrateType(drop, owner))).message,
    /Whole\.piece names records/,
  )
  assert.equal((await store.get({ type: 'Part', id: 'p' }, owner)).version, 1)
})

test('what is written while a type is migrated is in it, and old versions stay as they were', async (t) => {
  const store = await openTestStore(t, { types: [], limits: { turnMaxMs: 1 } })
  await store.defineType({ definition: taskType() }, owner)
  const create = (index: number) =>
    store.create({ type: 'Task', id: `t${index}`, data: { summary: `s${index}` } }, owner)
  await Promise.all(Array.from({ length: 600 }, (_, index) => create(index)))
  const migrations = [one('title', [renameField('summary', 'title')])]
  const stages = new Set<string>()
  const wrote: Promise<unknown>[] = []
  const migrated = store.migrateType({ type: 'Task', migrations, backup: false }, owner, (told) => {
    if (told.stage === 'copying') {
      const id = `t${wrote.length}`
      wrote.push(store.update({ type: 'Task', id, expectedVersion: 1, set: { points: 5 } }, owner))
      wrote.push(create(1000 + wrote.length))
    }
    if (told.stage === 'copying' && wrote.length === 2) {
      wrote.push(store.purge({ type: 'Task', id: 't599', expectedVersion: 1 }, owner))
      wrote.push(store.delete({ type: 'Task', id: 't598', expectedVersion: 1 }, owner))
    }
    stages.add(told.stage)
  })
  const reading = store.list(
    { type: 'Task', orderBy: [{ field: 'tags', direction: 'asc' }] },
    owner,
  )
  await reading.catch(() => {})
  const { token } = await migrated
  const results = await Promise.all(wrote)
  assert.ok(stages.has('copying') && results.length >= 4, [...stages].join())
  const { count } = await store.count({ type: 'Task' }, owner)
  const created = results.length / 2 - 1
  assert.equal(count, 600 + created - 2)
  const first = await store.get({ type: 'Task', id: 't0' }, owner)
  assert.deepEqual([first.version, first.data.points, first.data.title], [2, 5, 's0'])
  assert.equal((await store.get({ type: 'Task', id: 't598' }, owner)).lifecycle, 'deleted')
  const before = await store.get({ type: 'Task', id: 't0', version: 1 }, owner)
  assert.equal(before.data.summary, 's0')
  const { versions } = await store.history({ type: 'Task', id: 't0' }, owner)
  assert.deepEqual(
    versions.map(({ version, schemaVersion }) => [version, schemaVersion]),
    [
      [2, 1],
      [1, 1],
    ],
  )
  const event = store.log.readEvents((store.seqOf(token ?? store.token()) as number) - 1, 1)[0]
  assert.deepEqual([event?.topic, event?.type], ['Task.migrated', undefined])
})
