/** A store's file that is moved, replaced or copied. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

/** Opens the store, writes one record, closes it, and tells who it was. */
async function visit(t: TestContext, path: string): Promise<{ storeId: string; epoch: string }> {
  const store = await openTestStore(t, { path })
  await store.create({ type: 'Note', data: { title: 'a' } }, caller())
  const { storeId, epoch } = store
  await store.close()
  return { storeId, epoch }
}

test('a store that is opened again, or was moved, stays the one it is', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const before = await visit(t, path)
  assert.deepEqual(await visit(t, path), before)
  mkdirSync(join(directory, 'elsewhere'))
  const moved = join(directory, 'elsewhere', 'store.db')
  renameSync(path, moved)
  assert.deepEqual(await visit(t, moved), before)
})

test('another file in its place begins a new epoch of the same store', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const before = await visit(t, path)
  copyFileSync(path, join(directory, 'old.db'))
  await visit(t, path)
  renameSync(join(directory, 'old.db'), path)
  const after = await visit(t, path)
  assert.equal(after.storeId, before.storeId)
  assert.notEqual(after.epoch, before.epoch)
  assert.deepEqual(await visit(t, path), after)
})

test('a copy elsewhere is a store of its own, and leaves the first alone', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const before = await visit(t, path)
  copyFileSync(path, join(directory, 'copy.db'))
  const copy = await visit(t, join(directory, 'copy.db'))
  assert.notEqual(copy.storeId, before.storeId)
  assert.notEqual(copy.epoch, before.epoch)
  assert.deepEqual(await visit(t, path), before)
})

test('a new epoch can be asked for', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const before = await visit(t, path)
  const store = await openTestStore(t, { path, beginEpoch: true })
  assert.equal(store.storeId, before.storeId)
  assert.notEqual(store.epoch, before.epoch)
  const { token } = await store.create({ type: 'Note', data: { title: 'b' } }, caller())
  assert.equal(store.seqOf(token), 2)
  assert.equal(store.seqOf(token.replace(store.epoch, before.epoch) as typeof token), 'epoch')
})
