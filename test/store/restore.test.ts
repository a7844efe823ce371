/** A restore that is cut off anywhere leaves the old store or the new one, whole; what can't be restored changes nothing. */
import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../daemon/clock.ts'
import { leftoverCopies } from '../../daemon/store/backup-files.ts'
import { inspectFile } from '../../daemon/store/inspect-file.ts'
import {
  decideRestore,
  finishRestore,
  nodeRestoreIo,
  type RestoreIo,
} from '../../daemon/store/restore.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

class Killed extends Error {}

/** The calls of a process that ends at the n-th of them: that one and all after it do nothing but throw. */
function mortalIo(lives: number): RestoreIo & { calls(): number } {
  let calls = 0
  const live = (): void => {
    if (calls++ >= lives) throw new Killed()
  }
  return {
    calls: () => calls,
    copy: async (from, to) => {
      live()
      await nodeRestoreIo.copy(from, to)
    },
    sync: async (path) => {
      live()
      await nodeRestoreIo.sync(path)
    },
    rename: (from, to) => {
      live()
      nodeRestoreIo.rename(from, to)
    },
    syncDirectory: (path) => {
      live()
      nodeRestoreIo.syncDirectory(path)
    },
  }
}

interface Scene {
  readonly path: string
  readonly backup: string
  readonly storeId: string
  readonly epoch: string
}

/** A closed store with the record `new`, and a backup of it from before that. */
async function scene(t: TestContext): Promise<Scene> {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'store'))
  const path = join(directory, 'store', 'store.db')
  const store = await openTestStore(t, { path })
  await store.create({ type: 'Note', id: 'old', data: { title: 'a' } }, caller())
  const { path: backup } = await store.backup(join(directory, 'backup.sqlite'))
  await store.create({ type: 'Note', id: 'new', data: { title: 'b' } }, caller())
  const { storeId, epoch } = store
  await store.close()
  return { path, backup, storeId, epoch }
}

async function decide(
  { path, backup, storeId }: Scene,
  more: { io?: RestoreIo; force?: boolean; current?: { storeId: string; seq: number } } = {},
) {
  const engine = await loadTestEngine()
  return await decideRestore({
    databasePath: path,
    backupPath: backup,
    force: false,
    current: { storeId, seq: 2 },
    engine,
    inspect: async (copy) =>
      inspectFile(engine, copy, { depth: 'whole', nowMicros: systemClock.nowMicros() }),
    ...more,
  })
}

async function idsOf(t: TestContext, path: string) {
  const store = await openTestStore(t, { path })
  const { records } = await store.list({ type: 'Note' } as never, caller())
  const { storeId, epoch } = store
  await store.close()
  return { ids: records.map(({ id }) => id).sort(), storeId, epoch }
}

test('a restore that ends at any call leaves the old store or the new one, whole', async (t) => {
  const outcomes: string[] = []
  for (let lives = 0; ; lives++) {
    const set = await scene(t)
    const io = mortalIo(lives)
    let finished = false
    try {
      await decide(set, { io })
      finishRestore(set.path, io)
      finished = true
    } catch (error) {
      const told = error instanceof Error && error.cause instanceof Killed
      assert.ok(told || error instanceof Killed, String(error))
    }
    const { ids, storeId, epoch } = await idsOf(t, set.path)
    assert.equal(storeId, set.storeId)
    const outcome = ids.join()
    assert.ok(outcome === 'old' || outcome === 'new,old', outcome)
    assert.equal(epoch === set.epoch, outcome === 'new,old', 'a new epoch with the new state only')
    assert.deepEqual(leftoverCopies(set.path), [])
    outcomes.push(outcome)
    if (finished) break
  }
  assert.ok(outcomes.length > 6)
  assert.deepEqual([outcomes[0], outcomes.at(-1)], ['new,old', 'old'])
  assert.deepEqual(outcomes, [...outcomes].sort(), 'from one call on it is decided')
})

test('a log that the old file had left is never applied to the new one', async (t) => {
  const set = await scene(t)
  // As a daemon leaves it that was killed: commits are in the log alone.
  const store = await openTestStore(t, { path: set.path })
  await store.create({ type: 'Note', id: 'in the log', data: { title: 'c' } }, caller())
  copyFileSync(`${set.path}-wal`, join(dirname(set.backup), 'wal'))
  await store.close()
  copyFileSync(join(dirname(set.backup), 'wal'), `${set.path}-wal`)
  const { kept } = await decide(set)
  const { ids } = await idsOf(t, set.path)
  assert.deepEqual(ids, ['old'])
  assert.ok(existsSync(kept))
  assert.ok(existsSync(`${kept}-wal`), 'it is kept with the file it belongs to')
})

test('what can not be restored is refused, and nothing is changed', async (t) => {
  const set = await scene(t)
  const before = statSync(set.path).mtimeMs
  const directory = dirname(set.backup)
  const other = await openTestStore(t, { path: join(directory, 'other.db') })
  await other.create({ type: 'Note', data: { title: 'x' } }, caller())
  const { path: foreign } = await other.backup(join(directory, 'foreign.sqlite'))
  const garbage = join(directory, 'garbage')
  writeFileSync(garbage, Buffer.alloc(9000, 7))
  const empty = join(directory, 'empty')
  writeFileSync(empty, '')
  const cases: [string, string, RegExp][] = [
    ['relative', 'invalid_request', /absolute path/],
    [join(directory, 'nowhere'), 'invalid_request', /there is no file/],
    [directory, 'invalid_request', /expected a file/],
    ['/dev/null', 'invalid_request', /expected a file/],
    [set.path, 'invalid_request', /the live store itself/],
    [foreign, 'invalid_request', /a backup of another store/],
    [garbage, 'storage_failed', /can't be restored/],
    [empty, 'storage_failed', /no store/],
  ]
  for (const [backup, kind, message] of cases) {
    await assert.rejects(decide({ ...set, backup }), { kind, message }, backup)
  }
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' })
  const io = { ...nodeRestoreIo, sync: async () => Promise.reject(full) }
  await assert.rejects(decide(set, { io }), { kind: 'storage_full' })
  assert.equal(finishRestore(set.path), undefined)
  assert.deepEqual(readdirSync(dirname(set.path)), ['store.db'])
  assert.equal(statSync(set.path).mtimeMs, before)

  // A backup of another store can be forced, and a store that is empty has nothing to lose by it.
  await decide({ ...set, backup: foreign }, { force: true })
  assert.equal((await idsOf(t, set.path)).storeId, set.storeId, 'the store stays the one it is')
  await decide({ ...set, backup: foreign }, { current: { storeId: 'fresh0000000', seq: 0 } })
})

test('a store whose file is a symbolic link is left alone, a backup may be one', async (t) => {
  const set = await scene(t)
  const link = join(dirname(set.backup), 'link')
  symlinkSync(set.backup, link)
  const linked = join(dirname(set.backup), 'linked.db')
  symlinkSync(set.path, linked)
  await assert.rejects(decide({ ...set, path: linked }), { message: /symbolic link/ })
  await decide({ ...set, backup: link })
  assert.deepEqual((await idsOf(t, set.path)).ids, ['old'])
  assert.ok(existsSync(set.backup))
})
