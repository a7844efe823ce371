/** References: what may be named, what becomes of them when their targets go, and the table that knows them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { formatMigrations } from '../../daemon/store/format.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { isOrionError, type OrionError } from '../../sdk/errors.ts'
import { list, object, reference, text } from '../../sdk/field.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { defineRecordType, type RecordTypeDefinition } from '../../sdk/record-type.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()

const Person = defineRecordType('Person', {
  fields: { name: text(), boss: reference('self', { optional: true }) },
})
const Task = defineRecordType('Task', {
  fields: {
    title: text({ default: '' }),
    owner: reference(Person, { optional: true }),
    watchers: list(reference(Person), { default: [] }),
    after: list(reference('self', { weak: true }), { default: [] }),
    evidence: list(object({ about: reference('*'), note: text({ optional: true }) }), {
      default: [],
    }),
  },
})
const types = [Person.definition, Task.definition]

const open = (t: TestContext, path?: string): Promise<StoreApi> =>
  openTestStore(t, { types, ...(path === undefined ? {} : { path }) })
const person = (store: StoreApi, id: string, data: JsonObject = {}) =>
  store.create({ type: 'Person', id, data: { name: id, ...data } }, owner)
const task = (store: StoreApi, id: string, data: JsonObject) =>
  store.create({ type: 'Task', id, data }, owner)

async function refused(work: Promise<unknown>, kind: string): Promise<OrionError> {
  try {
    await work
  } catch (error) {
    assert.ok(isOrionError(error), String(error))
    assert.equal(error.kind, kind, error.message)
    return error
  }
  throw new assert.AssertionError({ message: `expected ${kind}, but it was done` })
}

/** What is in the table, read from the closed file. */
async function rows(path: string): Promise<string[]> {
  const engine = await loadTestEngine()
  const options = { syncMode: 'off', cacheKib: 1024, statementsMax: 8, readOnly: true } as const
  const connection = engine.open(path, options)
  try {
    return connection
      .prepare('SELECT * FROM record_references')
      .all()
      .map((row) => `${row.type} ${row.id} ${row.field} ${row.target_type} ${row.target_id}`)
      .sort()
  } finally {
    connection.close()
  }
}

test('a write that names a record that is not there is told which field names what', async (t) => {
  const store = await open(t)
  const error = await refused(task(store, 't', { owner: 'nobody' }), 'invalid_record')
  assert.match(error.message, /owner names Person "nobody", but there is no such record/)
  assert.deepEqual(error.data, {
    issues: [{ path: 'owner', message: 'names Person "nobody", but there is no such record' }],
    missing: [{ path: 'owner', type: 'Person', id: 'nobody' }],
    remedy: error.data.remedy,
  })
  assert.match(error.data.remedy ?? '', /Create the record first/)
  assert.equal(store.log.durableSeq, 0, 'nothing was written')
})

test('each item of a list and each nested reference is checked', async (t) => {
  const store = await open(t)
  await person(store, 'a')
  const data = { watchers: ['a', 'b', 'c'], evidence: [{ about: 'Person/a' }, { about: 'Task/x' }] }
  const error = await refused(task(store, 't', data), 'invalid_record')
  assert.ok(isOrionError(error, 'invalid_record'))
  assert.deepEqual(error.data.missing, [
    { path: 'watchers', type: 'Person', id: 'b' },
    { path: 'watchers', type: 'Person', id: 'c' },
    { path: 'evidence.about', type: 'Task', id: 'x' },
  ])
  await refused(task(store, 't', { evidence: [{ about: 'nothing' }] }), 'invalid_record')
  const unknown = await refused(
    task(store, 't', { evidence: [{ about: 'Job/1' }] }),
    'invalid_record',
  )
  assert.match(unknown.message, /there is no such record type/)
  await task(store, 't', { watchers: ['a', 'a'], evidence: [{ about: 'Person/a' }] })
})

test('a weak reference is not checked, and may hold any text', async (t) => {
  const store = await open(t)
  await task(store, 't', { after: ['nowhere', ''] })
})

test('a record may name itself', async (t) => {
  const store = await open(t)
  await person(store, 'a', { boss: 'a' })
  const { version } = await store.get({ type: 'Person', id: 'a' }, owner)
  await store.purge({ type: 'Person', id: 'a', expectedVersion: version }, owner)
})

test('in a transaction a later operation may make what an earlier one names', async (t) => {
  const store = await open(t)
  const naming = { op: 'create' as const, type: 'Task', id: 't', data: { owner: 'a' } }
  const named = { op: 'create' as const, type: 'Person', id: 'a', data: { name: 'a' } }
  await store.transact({ operations: [naming, named] }, owner)
  const other = { ...naming, id: 'u', data: { owner: 'b' } }
  const error = await refused(
    store.transact({ operations: [{ ...named, id: 'c' }, other] }, owner),
    'invalid_record',
  )
  assert.equal(error.data.operation, 1)
  await refused(store.get({ type: 'Person', id: 'c' }, owner), 'not_found')
})

test('of writes that share a transaction of the store each is judged by itself', async (t) => {
  const store = await open(t)
  const done = await Promise.allSettled([
    task(store, 't', { owner: 'a' }),
    person(store, 'a'),
    task(store, 'u', { owner: 'a' }),
    task(store, 'v', { owner: 'b' }),
  ])
  assert.deepEqual(
    done.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled', 'rejected'],
  )
})

test('a deleted record can’t be named anew, an archived one can; who names it already goes on', async (t) => {
  const store = await open(t)
  await person(store, 'a')
  await person(store, 'b')
  await task(store, 't', { owner: 'a' })
  await store.delete({ type: 'Person', id: 'a', expectedVersion: 1 }, owner)
  await store.archive({ type: 'Person', id: 'b', expectedVersion: 1 }, owner)
  const error = await refused(task(store, 'u', { owner: 'a' }), 'invalid_record')
  assert.match(error.message, /it is deleted/)
  await task(store, 'u', { owner: 'b' })
  const update = { type: 'Task', id: 't', expectedVersion: 1 }
  await store.update({ ...update, set: { title: 'still', owner: 'a' } }, owner)
  const adding = { ...update, expectedVersion: 2, set: { watchers: ['a'] } }
  await refused(store.update(adding, owner), 'invalid_record')
  const records = [{ type: 'Task', id: 'old', data: { owner: 'a' } }]
  await store.import({ records }, owner)
  await refused(
    store.import({ records: [{ type: 'Task', id: 'older', data: { owner: 'x' } }] }, owner),
    'invalid_record',
  )
})

test('a record that is named can’t be purged, unless by force', async (t) => {
  const store = await open(t)
  await person(store, 'a')
  for (let n = 0; n < 7; n++) await task(store, `t${n}`, { owner: 'a' })
  const purge = { type: 'Person', id: 'a', expectedVersion: 1 }
  const error = await refused(store.purge(purge, owner), 'conflict')
  assert.ok(isOrionError(error, 'conflict'))
  assert.equal(error.data.reason, 'referenced')
  assert.deepEqual(error.data.referrers?.[0], { type: 'Task', id: 't0', field: 'owner' })
  assert.equal(error.data.referrers?.length, 5)
  assert.match(error.message, /is named by Task "t0", .* and others/)
  const blind = caller('somebody', { mayRead: (type) => type !== 'Task' })
  const hidden = await refused(store.purge(purge, blind), 'conflict')
  assert.match(hidden.message, /named by records that you may not read/)
  assert.ok(isOrionError(hidden, 'conflict') && hidden.data.referrers?.length === 0)
  await store.purge({ ...purge, force: true }, owner)
  const set = { title: 'its owner is gone' }
  await store.update({ type: 'Task', id: 't0', expectedVersion: 1, set }, owner)
})

test('a weak reference keeps nothing from being purged', async (t) => {
  const store = await open(t)
  await task(store, 'a', {})
  await task(store, 'b', { after: ['a'] })
  await store.purge({ type: 'Task', id: 'a', expectedVersion: 1 }, owner)
})

test('who may not read a type can’t name its records, and learns nothing of them', async (t) => {
  const store = await open(t)
  await person(store, 'a')
  const blind = caller('somebody', { mayRead: (type) => type !== 'Person' })
  const [there, absent] = await Promise.all(
    ['a', 'b'].map((id) =>
      refused(store.create({ type: 'Task', data: { owner: id } }, blind), 'forbidden'),
    ),
  )
  assert.deepEqual([there?.message, there?.data], [absent?.message, absent?.data])
  await store.create({ type: 'Task', data: { after: ['a'] } }, blind)
})

test('the table follows creations, updates, deletions and purges, and is rolled back with them', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await open(t, path)
  for (const id of ['a', 'b']) await person(store, id)
  await task(store, 't', { owner: 'a', watchers: ['a', 'b', 'b'], after: ['', 'gone'] })
  await task(store, 'u', { evidence: [{ about: 'Person/b' }, { about: 'Task/t' }] })
  await task(store, 'v', { owner: 'a' })
  const update = { type: 'Task', id: 't', expectedVersion: 1 }
  await store.update({ ...update, set: { watchers: ['b'] }, unset: ['owner'] }, owner)
  await store.update({ ...update, expectedVersion: 2, set: { owner: 'b' }, dryRun: true }, owner)
  await store.delete({ type: 'Task', id: 'u', expectedVersion: 1 }, owner)
  await store.purge({ type: 'Task', id: 'v', expectedVersion: 1 }, owner)
  const failing = { op: 'create' as const, type: 'Task', id: 'w', data: { owner: 'x' } }
  const fine = { op: 'update' as const, ...update, expectedVersion: 2, set: { owner: 'a' } }
  await refused(store.transact({ operations: [fine, failing] }, owner), 'invalid_record')
  await store.close()
  assert.deepEqual(await rows(path), [
    'Task t after Task gone',
    'Task t watchers Person b',
    'Task u evidence.about Person b',
    'Task u evidence.about Task t',
  ])
})

test('a store of the format before gets its rows when it is opened', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await open(t, path)
  await person(store, 'a')
  await task(store, 't', { owner: 'a', after: ['x'] })
  await store.close()
  const engine = await loadTestEngine()
  const connection = engine.open(path, { syncMode: 'off', cacheKib: 1024, statementsMax: 8 })
  const later = formatMigrations.slice(1).flatMap(({ statements }) => statements)
  for (const statement of later) {
    const name = /^CREATE (?:VIRTUAL )?TABLE (\w+)/.exec(statement)?.[1]
    if (name !== undefined) connection.exec(`DROP TABLE ${name}`)
  }
  connection.exec(`DELETE FROM meta WHERE key LIKE 'references:%'`)
  connection.exec('PRAGMA user_version = 1')
  connection.close()
  await (await openTestStore(t, { path, types: [], migrations: formatMigrations })).close()
  assert.deepEqual(await rows(path), ['Task t after Task x', 'Task t owner Person a'])
})

test('texts become references by themselves: weak ones always, checked ones when all of them hold', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const plain = (fields: RecordTypeDefinition['fields']): RecordTypeDefinition => ({
    name: 'Link',
    fields,
  })
  const texts = { to: { kind: 'list', items: { kind: 'text' }, default: [] } } as const
  const weak = {
    to: { kind: 'list', items: { kind: 'reference', to: 'Link', weak: true }, default: [] },
  } as const
  const checked = {
    to: { kind: 'list', items: { kind: 'reference', to: 'Link' }, default: [] },
  } as const
  const store = await openTestStore(t, { path, types: [plain(texts)] })
  await store.create({ type: 'Link', id: 'a', data: { to: ['a', 'b', ''] } }, owner)
  const define = (fields: RecordTypeDefinition['fields']) =>
    store.defineType({ definition: plain(fields) }, owner)
  assert.deepEqual((await define(weak)).changes, [{ change: 'reference added', field: 'to' }])
  const error = await refused(define(checked), 'migration_required')
  assert.match(error.message, /Link a: to "" is no id; Link a: to names Link b, which is not there/)
  assert.equal((await define(texts)).changed, false, 'an older client changes nothing')
  await store.update({ type: 'Link', id: 'a', expectedVersion: 1, set: { to: ['a'] } }, owner)
  assert.deepEqual((await define(checked)).changes, [{ change: 'reference checked', field: 'to' }])
  assert.equal((await define(weak)).changed, false, 'nor does one that says less')
  await refused(define({ to: { kind: 'text' } }), 'migration_required')
  await refused(store.create({ type: 'Link', data: { to: ['b'] } }, owner), 'invalid_record')
  await store.close()
  assert.deepEqual(await rows(path), ['Link a to Link a'])
})

test('a field with references that is added has its rows, and its default must hold', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await open(t, path)
  await person(store, 'a')
  const added = (id: string) => ({
    definition: {
      name: 'Person',
      fields: {
        ...Person.definition.fields,
        friend: { kind: 'reference' as const, to: 'Person', default: id },
      },
    },
  })
  await refused(store.defineType(added('nobody'), owner), 'migration_required')
  await store.defineType(added('a'), owner)
  await store.close()
  assert.deepEqual(await rows(path), ['Person a friend Person a'])
})
