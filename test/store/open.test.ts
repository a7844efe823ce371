/** Opening a store: what is refused, and what is found again. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { boolean, integer, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, Note, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()

test('everything is there again after closing and opening', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await openTestStore(t, { path })
  const made = await store.create(
    { type: 'Note', id: 'n', data: { title: 'n' }, idempotencyKey: 'k' },
    owner,
  )
  const events = store.log.readEvents(0, 10)
  await store.close()
  const again = await openTestStore(t, { path })
  assert.deepEqual(
    [again.storeId, again.epoch, again.token()],
    [store.storeId, store.epoch, made.token],
  )
  assert.deepEqual(
    again.log.readEvents(0, 10),
    events,
    'events from the file equal those from memory',
  )
  const repeated = await again.create(
    { type: 'Note', id: 'n', data: { title: 'n' }, idempotencyKey: 'k' },
    owner,
  )
  assert.equal(repeated.replayed, true)
})

test('a file that is no store is refused with a remedy and left as it was', async (t) => {
  const directory = temporaryDirectory(t)
  const garbage = join(directory, 'garbage.db')
  writeFileSync(
    garbage,
    'not a database at all, but long enough to look like a file of somebody'.repeat(40),
  )
  await assert.rejects(openTestStore(t, { path: garbage }), (error: Error & { kind?: string }) => {
    assert.equal(error.kind, 'storage_failed')
    assert.match(error.message, /garbage\.db/)
    return true
  })
  const foreign = join(directory, 'foreign.db')
  const engine = await loadTestEngine()
  const connection = engine.open(foreign, { syncMode: 'full', cacheKib: 1000, statementsMax: 10 })
  connection.exec('CREATE TABLE mine (a)')
  connection.close()
  await assert.rejects(openTestStore(t, { path: foreign }), {
    kind: 'storage_failed',
    message: /another program/,
  })
})

test('a store of a newer format is refused with what is needed', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  await (await openTestStore(t, { path })).close()
  const engine = await loadTestEngine()
  const connection = engine.open(path, { syncMode: 'full', cacheKib: 1000, statementsMax: 10 })
  connection.exec('PRAGMA user_version = 99')
  connection.close()
  await assert.rejects(openTestStore(t, { path }), { kind: 'storage_failed', message: /format 99/ })
})

test('a path that can’t be opened says so', async (t) => {
  const directory = temporaryDirectory(t)
  await assert.rejects(openTestStore(t, { path: join(directory, 'missing', 'store.db') }), {
    kind: 'storage_failed',
  })
  mkdirSync(join(directory, 'folder.db'))
  await assert.rejects(openTestStore(t, { path: join(directory, 'folder.db') }), {
    kind: 'storage_failed',
  })
})

test('defining adds types and fields; anything else needs a migration and changes nothing', async (t) => {
  const store = await openTestStore(t)
  const one = defineRecordType('Thing', { fields: { name: text() } }).definition
  const define = (definition: typeof one, dryRun = false) =>
    store.defineType({ definition, dryRun }, owner)
  assert.deepEqual(await define(one, true), {
    name: 'Thing',
    schemaVersion: 1,
    changes: [{ change: 'type added' }],
    changed: true,
  })
  assert.equal(store.typeDefinition('Thing'), undefined, 'a dry run defines nothing')
  await define(one)
  assert.equal((await define(one)).changed, false)
  const old = await store.create({ type: 'Thing', data: { name: 'a' }, return: 'record' }, owner)
  const two = defineRecordType('Thing', {
    fields: {
      name: text(),
      size: integer({ default: 3 }),
      on: boolean({ optional: true, indexed: true }),
    },
  }).definition
  assert.equal((await define(two)).schemaVersion, 2)
  assert.equal((await define(one)).changed, false, 'a client that knows less changes nothing')
  const seen = await store.get({ type: 'Thing', id: old.id }, owner)
  assert.deepEqual(seen.data, { name: 'a', size: 3 })
  const refusals = [
    { name: text({ maxLength: 3 }) },
    { name: integer() },
    { name: text(), extra: text() },
    { name: text({ unique: true }) },
  ]
  for (const fields of refusals) {
    await assert.rejects(define(defineRecordType('Thing', { fields }).definition), {
      kind: 'migration_required',
    })
  }
  await assert.rejects(define({ ...one, name: 'thing' }), { kind: 'invalid_request' })
  await assert.rejects(define({ ...one, name: 'THING' }), { kind: 'invalid_request' })
  await assert.rejects(define({ ...one, fields: { id: { kind: 'text' } } }), {
    kind: 'invalid_request',
  })
  assert.equal(store.getType('Thing').schemaVersion, 2)
  await store.update({ type: 'Thing', id: old.id, expectedVersion: 1, set: { on: true } }, owner)
})

test('types are listed with their counts and described with a JSON Schema', async (t) => {
  const store = await openTestStore(t)
  await store.create({ type: 'Note', data: { title: 'a' } }, owner)
  const { types } = await store.listTypes({ count: true }, caller())
  assert.deepEqual(
    types.map(({ name, count }) => [name, count]),
    [
      ['Note', 1],
      ['Tally', 0],
    ],
  )
  const described = store.getType('Note')
  assert.equal(described.description, Note.definition.description)
  assert.deepEqual(described.jsonSchema.required, ['title'])
})

test('a backup made while others write is a store of its own', async (t) => {
  const directory = temporaryDirectory(t)
  const store = await openTestStore(t, { path: join(directory, 'store.db') })
  const writing = (async () => {
    for (let n = 0; n < 200; n++)
      await store.create({ type: 'Note', data: { title: `${n}` } }, owner)
  })()
  const made = await store.backup(join(directory, 'copy.db'))
  await writing
  assert.equal(made.path, join(directory, 'copy.db'))
  const copy = await openTestStore(t, { path: made.path })
  assert.ok(copy.log.durableSeq <= store.log.durableSeq)
  // It goes its own way from here on, so the positions are the same but the tokens are not.
  assert.notEqual(copy.storeId, store.storeId)
  const withoutIdentity = (opened: StoreApi): unknown =>
    JSON.parse(
      JSON.stringify(opened.log.readEvents(0, copy.log.durableSeq)).replaceAll(
        `${opened.storeId}.${opened.epoch}`,
        '',
      ),
    )
  assert.deepEqual(withoutIdentity(copy), withoutIdentity(store))
  await assert.rejects(store.backup('relative.db'), { kind: 'invalid_request' })
  await assert.rejects(store.backup(join(directory, 'store.db')), { kind: 'invalid_request' })
  await assert.rejects(store.backup('/proc/nowhere/copy.db'), { kind: 'storage_failed' })
})
