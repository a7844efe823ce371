/** Nothing leaks before it is on disk; a failing disk loses nothing that was answered and invents nothing. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import type { HostIo } from '../../daemon/store/engine/host-io.ts'
import { nodeHostIo } from '../../daemon/store/engine/host-io.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()
const note = (id: string) => ({ type: 'Note', id })

/** All syncs on another thread, where they can be held. */
const unblocking = { blockingSyncMaxMs: 0, groupMaxMs: 60_000 }

/** A disk whose syncs wait until they are let through, or fail. */
class HeldDisk {
  syncs = 0
  blockingSyncs = 0
  /** How long a sync takes that blocks, at least. */
  slowMs = 0
  writeError: string | undefined
  #holding = false
  #waiting: (() => void)[] = []
  #failing = false

  readonly io: Partial<HostIo> = {
    syncDataAsync: async (fd) => {
      this.syncs += 1
      if (this.#holding) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      if (this.#failing)
        throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
      await nodeHostIo.syncDataAsync(fd)
    },
    syncData: (fd) => {
      this.blockingSyncs += 1
      if (this.#failing)
        throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
      const endMs = performance.now() + this.slowMs
      while (performance.now() < endMs);
      nodeHostIo.syncData(fd)
    },
    write: (fd, bytes, position) => {
      if (this.writeError === undefined) return nodeHostIo.write(fd, bytes, position)
      throw Object.assign(new Error(`${this.writeError}: injected`), { code: this.writeError })
    },
  }

  hold(): void {
    this.#holding = true
  }

  fail(): void {
    this.#failing = true
  }

  letThrough(): void {
    this.#holding = false
    for (const resume of this.#waiting.splice(0)) resume()
  }

  /** Resolves when a sync is being held. */
  async held(): Promise<void> {
    while (this.#waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function settled(work: Promise<unknown>): Promise<boolean> {
  let done = false
  work.then(
    () => {
      done = true
    },
    () => {
      done = true
    },
  )
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  return done
}

test('no answer, event or token tells of a commit before its sync', async (t) => {
  const disk = new HeldDisk()
  const store = await openTestStore(t, { io: disk.io, limits: unblocking })
  await store.create({ ...note('old'), data: { title: 'old' } }, owner)
  const told: number[] = []
  store.log.onDurable((seq) => told.push(seq))
  disk.hold()
  const write = store.create({ ...note('new'), data: { title: 'new' } }, owner)
  await disk.held()
  assert.equal(
    (await store.get(note('old'), owner)).version,
    1,
    'a durable record is answered at once',
  )
  const held = [
    write,
    store.get(note('new'), owner),
    store.getMany({ keys: [note('new')] }, owner),
    store.get(note('absent'), owner).catch((error: unknown) => error),
    store.history(note('new'), owner),
    store
      .create({ ...note('new'), data: { title: 'twin' } }, owner)
      .catch((error: unknown) => error),
  ]
  for (const [index, work] of held.entries())
    assert.equal(await settled(work), false, `answer ${index} is held`)
  assert.deepEqual(told, [])
  assert.equal(store.log.readEvents(1, 10).length, 0)
  assert.equal(store.seqOf(store.token()), 1)
  disk.letThrough()
  await Promise.all(held)
  assert.deepEqual(told, [2])
  assert.equal(store.log.readEvents(1, 10).length, 1)
})

test('writes that wait share one transaction and one sync', async (t) => {
  const disk = new HeldDisk()
  const store = await openTestStore(t, { io: disk.io, limits: unblocking })
  disk.hold()
  const first = store.create({ type: 'Note', data: { title: 'first' } }, owner)
  await disk.held()
  const before = disk.syncs
  const rest = Array.from({ length: 200 }, (_, n) =>
    store.create({ type: 'Note', data: { title: `${n}` } }, owner),
  )
  disk.letThrough()
  await Promise.all([first, ...rest])
  assert.equal(disk.syncs - before, 1)
})

test('a refused write leaves the others of its group alone', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...note('n'), data: { title: 'n', slug: 'taken' } }, owner)
  const results = await Promise.allSettled([
    store.create({ type: 'Note', data: { title: 'a' } }, owner),
    store.create({ type: 'Note', data: { title: 'b', slug: 'taken' } }, owner),
    store.update({ ...note('n'), expectedVersion: 9, set: { title: 'm' } }, owner),
    store.transact(
      {
        operations: [
          { op: 'create', type: 'Tally', data: {} },
          { op: 'create', type: 'Note', data: {} },
        ],
      },
      owner,
    ),
    store.create({ type: 'Note', data: { title: 'c' } }, owner),
  ])
  assert.deepEqual(results.map(({ status }) => status[0]).join(''), 'frrrf')
  const events = store.log.readEvents(0, 100)
  assert.deepEqual(
    events.map(({ seq }) => seq),
    [1, 2, 3],
    'the log has no hole',
  )
})

test('a full disk refuses what does not fit, stores nothing of it, and the store goes on', async (t) => {
  const disk = new HeldDisk()
  const store = await openTestStore(t, { io: disk.io, limits: unblocking })
  await store.create({ ...note('n'), data: { title: 'n' } }, owner)
  disk.writeError = 'ENOSPC'
  const refused = await Promise.allSettled(
    Array.from({ length: 3 }, (_, n) =>
      store.create({ type: 'Note', data: { title: `${n}` } }, owner),
    ),
  )
  for (const result of refused) {
    assert.ok(result.status === 'rejected')
    assert.equal(result.reason.kind, 'storage_full')
  }
  assert.equal((await store.get(note('n'), owner)).version, 1, 'reads go on')
  disk.writeError = undefined
  const made = await store.create({ type: 'Note', data: { title: 'again' } }, owner)
  assert.equal(store.seqOf(made.token), 2, 'nothing of the refused writes has a place in the log')
  assert.equal(store.status().store.state, 'ready')
})

for (const [where, limits] of [
  ['on another thread', unblocking],
  ['while the loop waits', {}],
] as const) {
  test(`a failed sync ${where} says that the outcome is unknown and stops the store until it is opened again`, async (t) => {
    const path = join(temporaryDirectory(t), 'store.db')
    const disk = new HeldDisk()
    const failures: Error[] = []
    const onFailure = (failure: Error) => failures.push(failure)
    const store = await openTestStore(t, { path, io: disk.io, limits, onFailure })
    await store.create({ ...note('kept'), data: { title: 'kept' } }, owner)
    disk.fail()
    await assert.rejects(store.create({ ...note('maybe'), data: { title: 'maybe' } }, owner), {
      kind: 'outcome_unknown',
    })
    await assert.rejects(store.create({ ...note('never'), data: { title: 'never' } }, owner), {
      kind: 'storage_failed',
    })
    await assert.rejects(store.get(note('maybe'), owner), { kind: 'storage_failed' })
    assert.equal((await store.get(note('kept'), owner)).version, 1)
    assert.equal(store.status().store.state, 'failed')
    assert.deepEqual(
      failures.map(({ message }) => message.includes('EIO')),
      [true],
    )
    assert.equal(store.log.durableSeq, 1)
    await store.close()
    const again = await openTestStore(t, { path })
    assert.equal((await again.get(note('kept'), owner)).version, 1)
    await assert.rejects(again.get(note('never'), owner), { kind: 'not_found' })
    assert.equal(again.storeId, store.storeId)
  })
}

test('a write that waits longer than its caller, or was cancelled, is not begun', async (t) => {
  const disk = new HeldDisk()
  const store = await openTestStore(t, { io: disk.io, limits: unblocking })
  disk.hold()
  const first = store.create({ ...note('first'), data: { title: 'first' } }, owner)
  await disk.held()
  const late = assert.rejects(
    store.create({ ...note('late'), data: { title: 'late' } }, caller('owner', { deadlineMs: 0 })),
    { kind: 'overloaded' },
  )
  const cancelled = assert.rejects(
    store.create(
      { ...note('cancelled'), data: { title: 'c' } },
      caller('owner', { cancelled: true }),
    ),
    { kind: 'cancelled' },
  )
  disk.letThrough()
  await Promise.all([first, late, cancelled])
  assert.equal(store.log.durableSeq, 1)
})

test('a full queue answers overloaded and loses nothing that it took', async (t) => {
  const disk = new HeldDisk()
  const store = await openTestStore(t, { io: disk.io, limits: { ...unblocking, writeQueueMax: 5 } })
  disk.hold()
  const first = store.create({ type: 'Note', data: { title: 'first' } }, owner)
  await disk.held()
  const rest = Array.from({ length: 8 }, () =>
    store.create({ type: 'Note', data: { title: 'x' } }, owner),
  )
  const results = Promise.allSettled(rest)
  disk.letThrough()
  await first
  const refused = (await results).filter((result) => result.status === 'rejected')
  assert.equal(refused.length, 3)
  assert.ok(
    refused.every(({ reason }) => reason.kind === 'overloaded' && reason.data.retryAfterMs > 0),
  )
  assert.equal(store.log.durableSeq, 6)
})

test('closing answers what was accepted and refuses what comes after', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await openTestStore(t, { path })
  const accepted = Array.from({ length: 20 }, (_, n) =>
    store.create({ ...note(`${n}`), data: { title: 'x' } }, owner),
  )
  const closing = store.close()
  await assert.rejects(store.create({ type: 'Note', data: { title: 'late' } }, owner), {
    kind: 'draining',
  })
  await Promise.all([...accepted, closing])
  const again = await openTestStore(t, { path })
  assert.equal(again.log.durableSeq, 20)
})

test('the log grows no further than checkpoints let it while writes go on', async (t) => {
  const store = await openTestStore(t, { limits: { checkpointPages: 50 } })
  for (let round = 0; round < 30; round++) {
    await Promise.all(
      Array.from({ length: 20 }, () =>
        store.create({ type: 'Note', data: { title: 'x'.repeat(150) } }, owner),
      ),
    )
  }
  assert.ok(store.status().store.logPages < 50 * 4 + 60, `${store.status().store.logPages} pages`)
})

test('the time never goes back, even if the clock does', async (t) => {
  let micros = 1_800_000_000_000_000
  const path = join(temporaryDirectory(t), 'store.db')
  const clock = { nowMicros: () => micros, monotonicMs: () => 0 }
  const store = await openTestStore(t, { path, clock })
  await store.create({ type: 'Note', data: { title: 'a' } }, owner)
  micros -= 3_600_000_000
  await store.create({ type: 'Note', data: { title: 'b' } }, owner)
  await store.close()
  const again = await openTestStore(t, { path, clock })
  await again.create({ type: 'Note', data: { title: 'c' } }, owner)
  const times = again.log.readEvents(0, 10).map(({ at }) => at)
  assert.deepEqual(times, [...times].sort())
  assert.equal(new Set(times).size, 3)
})

test('the loop waits for the syncs of a fast disk, and not for those of a slow one', async (t) => {
  const disk = new HeldDisk()
  const store = await openTestStore(t, { io: disk.io, limits: { blockingSyncMaxMs: 1_000 } })
  const write = () => store.create({ type: 'Note', data: { title: 'x' } }, owner)
  const [blocking, other] = [disk.blockingSyncs, disk.syncs]
  for (let n = 0; n < 10; n++) await write()
  assert.deepEqual([disk.blockingSyncs - blocking, disk.syncs - other], [10, 0])
  const slow = await openTestStore(t, { io: disk.io, limits: { blockingSyncMaxMs: 1 } })
  disk.slowMs = 20
  const [before, otherBefore] = [disk.blockingSyncs, disk.syncs]
  for (let n = 0; n < 20; n++) await slow.create({ type: 'Note', data: { title: 'x' } }, owner)
  assert.ok(disk.blockingSyncs - before <= 4, `${disk.blockingSyncs - before} blocked the loop`)
  assert.ok(disk.syncs - otherBefore >= 16)
})

test('the sync of a large group does not block', async (t) => {
  const disk = new HeldDisk()
  // On a slow machine a group would end before all are in it, and the rest be a small one.
  const limits = { blockingSyncMaxMs: 1_000, groupMaxMs: 60_000 }
  const store = await openTestStore(t, { io: disk.io, limits })
  const before = disk.blockingSyncs
  const writes = Array.from({ length: 50 }, () =>
    store.create({ type: 'Note', data: { title: 'x' } }, owner),
  )
  await Promise.all(writes)
  assert.equal(disk.blockingSyncs, before)
})
