/** Old versions are found however many there are, by walking from one to the one before. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import type { Record } from '../../sdk/model.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()
const n = { type: 'Note', id: 'n' }

test('every one of many versions can be read, and pages hold each of them once', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await openTestStore(t, { path })
  const states: Record[] = []
  for (let version = 1; version <= 150; version++) {
    const set = { title: `title ${version}` }
    await (version === 1
      ? store.create({ ...n, data: set }, owner)
      : store.update({ ...n, expectedVersion: version - 1, set }, owner))
    await store.create({ type: 'Note', data: { title: 'another record' } }, owner)
    states.push(await store.get(n, owner))
  }
  await store.close()
  const again = await openTestStore(t, { path })
  for (const state of states) {
    assert.deepEqual(await again.get({ ...n, version: state.version }, owner), state)
  }
  for (const version of [151, 160, 1_000_000]) {
    await assert.rejects(again.get({ ...n, version }, owner), { kind: 'not_found' })
  }
  const found: number[] = []
  let after: string | undefined
  do {
    const page = await again.history({ ...n, limit: 7, after }, owner)
    found.push(...page.versions.map(({ version }) => version))
    after = page.next
  } while (after !== undefined)
  assert.deepEqual(found, states.map(({ version }) => version).reverse())
})

test('a page that is whole has no cursor, and a cursor of another record is refused', async (t) => {
  const store = await openTestStore(t)
  for (const id of ['a', 'b']) {
    await store.create({ type: 'Note', id, data: { title: id } }, owner)
    await store.update({ type: 'Note', id, expectedVersion: 1, set: { title: 'x' } }, owner)
  }
  assert.equal((await store.history({ type: 'Note', id: 'a', limit: 2 }, owner)).next, undefined)
  const { next } = await store.history({ type: 'Note', id: 'a', limit: 1 }, owner)
  assert.ok(next !== undefined)
  await assert.rejects(store.history({ type: 'Note', id: 'b', after: next }, owner), {
    kind: 'invalid_request',
  })
  assert.equal(
    (await store.history({ type: 'Note', id: 'a', after: next }, owner)).versions.length,
    1,
  )
})

test('what came before a purge stays in the history without values, also of who comes after it', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...n, data: { title: 'secret' } }, owner)
  for (let version = 1; version < 40; version++) {
    await store.update(
      { ...n, expectedVersion: version, set: { title: `secret ${version}` } },
      owner,
    )
  }
  await store.purge({ ...n, expectedVersion: 40 }, owner)
  const heir = await store.create({ ...n, data: { title: 'heir' } }, owner)
  assert.equal(heir.version, 42)
  const { versions } = await store.history({ ...n, limit: 100 }, owner)
  assert.deepEqual(
    versions.map(({ version }) => version),
    Array.from({ length: 42 }, (_, index) => 42 - index),
  )
  assert.deepEqual(
    versions.filter(({ data }) => data !== undefined).map(({ version }) => version),
    [42],
  )
  assert.ok(!JSON.stringify(versions).includes('secret'))
})

test('a refused or rehearsed write leaves no link behind', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...n, data: { title: 'n' } }, owner)
  await store.update({ ...n, expectedVersion: 1, set: { title: 'rehearsed' }, dryRun: true }, owner)
  await assert.rejects(
    store.transact(
      {
        operations: [
          { op: 'update', ...n, expectedVersion: 1, set: { title: 'undone' } },
          { op: 'create', type: 'Note', data: {} },
        ],
      },
      owner,
    ),
  )
  assert.equal((await store.get(n, owner)).version, 1, 'what was taken back is not remembered')
  await store.update({ ...n, expectedVersion: 1, set: { title: 'done' } }, owner)
  const { versions } = await store.history(n, owner)
  assert.deepEqual(
    versions.map(({ version, data }) => [version, data?.title]),
    [
      [2, 'done'],
      [1, 'n'],
    ],
  )
})
