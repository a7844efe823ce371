/** A store's file that is moved, replaced or copied. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { StoreMemory } from '../../daemon/store/store-memory.ts'
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

test('content that was overwritten in place by an older one begins a new epoch', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const memory = (): StoreMemory => new StoreMemory(join(directory, 'state', 'stores'))
  const open = () => openTestStore(t, { path, memory: memory() })
  const store = await open()
  const { storeId, epoch } = store
  await store.create({ type: 'Note', data: { title: 'a' } }, caller())
  await store.close()
  const old = readFileSync(path)
  const again = await open()
  assert.equal(again.epoch, epoch)
  const { token } = await again.create({ type: 'Note', data: { title: 'lost' } }, caller())
  await again.close()

  writeFileSync(path, old)
  const back = await open()
  assert.equal(back.storeId, storeId)
  assert.notEqual(back.epoch, epoch)
  assert.equal(back.seqOf(token), 'epoch')
  // It goes another way from here, as far as it had been before.
  await back.create({ type: 'Note', data: { title: 'other' } }, caller())
  const second = back.epoch
  await back.close()
  const kept = await open()
  assert.equal(kept.epoch, second, 'and only once')
  await kept.close()
  // The old content again: its epoch is one that the store has left.
  writeFileSync(path, old)
  const third = await open()
  assert.ok(![epoch, second].includes(third.epoch))
  await third.close()
  // Nothing is remembered by a user whose state others may write to.
  chmodSync(join(directory, 'state', 'stores'), 0o777)
  writeFileSync(path, old)
  assert.equal((await open()).epoch, epoch)
})

test('a copy asks whose it is; the answer is kept, and what was moved gets its id back', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const before = await visit(t, path)
  for (const name of ['copy.db', 'moved.db']) copyFileSync(path, join(directory, name))
  const copy = await openTestStore(t, { path: join(directory, 'copy.db') })
  assert.equal(copy.identity.copiedFrom?.path, path)
  await assert.rejects(copy.identity.settle('moved'), { message: /is still there/ })
  assert.deepEqual(await copy.identity.settle('copied'), { storeId: copy.storeId, reopen: false })
  assert.equal(copy.identity.copiedFrom, undefined)
  await assert.rejects(copy.identity.settle('moved'), { kind: 'invalid_request' })
  await copy.close()
  const again = await openTestStore(t, { path: join(directory, 'copy.db') })
  assert.equal(again.identity.copiedFrom, undefined)

  rmSync(path)
  const moved = await openTestStore(t, { path: join(directory, 'moved.db') })
  assert.equal((await moved.identity.settle('moved')).reopen, true)
  const { epoch } = moved
  await moved.close()
  const own = await openTestStore(t, { path: join(directory, 'moved.db') })
  assert.equal(own.storeId, before.storeId)
  assert.equal(own.epoch, epoch, 'the epoch stays the new one')
  assert.notEqual(own.epoch, before.epoch)
})

test('a second name of one file is refused, a first name that is gone is not', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const before = await visit(t, path)
  const second = join(directory, 'second.db')
  linkSync(path, second)
  await assert.rejects(openTestStore(t, { path: second }), {
    kind: 'storage_failed',
    message: /one file with two names/,
  })
  assert.deepEqual(await visit(t, path), before)
  rmSync(path)
  assert.deepEqual(await visit(t, second), before)
})
