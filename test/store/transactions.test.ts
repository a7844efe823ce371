/** Transactions, idempotency, dry runs, imports: what happens wholly or not at all, and only once. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { isOrionError } from '../../sdk/errors.ts'
import { caller, openTestStore } from '../support/store.ts'

const owner = caller()
const note = (id: string) => ({ type: 'Note', id })

test('a transaction over several types happens at one place in the log', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...note('n'), data: { title: 'n' } }, owner)
  const done = await store.transact(
    {
      operations: [
        { op: 'create', type: 'Tally', id: 'a', data: { total: 1 } },
        { op: 'update', ...note('n'), expectedVersion: 1, set: { title: 'm' } },
        { op: 'update', ...note('n'), expectedVersion: 2, set: { count: 7 } },
        { op: 'delete', ...note('n'), expectedVersion: 3 },
      ],
      guards: [
        { ...note('n'), version: 1 },
        { type: 'Tally', id: 'b', version: null },
      ],
      return: 'record',
    },
    owner,
  )
  assert.deepEqual(
    done.results.map(({ version }) => version),
    [1, 2, 3, 4],
  )
  assert.deepEqual([done.firstSeq, done.lastSeq], [2, 5])
  const events = store.log.readEvents(1, 1)
  assert.deepEqual(
    events.map(({ seq, txn }) => [seq, txn]),
    [
      [2, 2],
      [3, 2],
      [4, 2],
      [5, 2],
    ],
  )
})

test('a transaction that fails leaves nothing, and names its operation', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...note('n'), data: { title: 'n' } }, owner)
  const error = await store
    .transact(
      {
        operations: [
          { op: 'create', type: 'Tally', id: 'a', data: {} },
          { op: 'update', ...note('n'), expectedVersion: 9, set: { title: 'm' } },
        ],
      },
      owner,
    )
    .catch((reason: unknown) => reason)
  assert.ok(isOrionError(error, 'conflict'))
  assert.equal(error.data.operation, 1)
  await assert.rejects(store.get({ type: 'Tally', id: 'a' }, owner), { kind: 'not_found' })
  assert.equal(store.log.durableSeq, 1)
  const next = await store.create({ type: 'Tally', data: {} }, owner)
  assert.equal(store.seqOf(next.token), 2, 'the log has no hole')
})

test('a guard that no longer holds refuses the transaction', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...note('n'), data: { title: 'n' } }, owner)
  for (const guard of [
    { ...note('n'), version: 2 },
    { ...note('n'), version: null },
    { ...note('x'), version: 1 },
  ]) {
    const error = await store
      .transact({ operations: [{ op: 'create', type: 'Tally', data: {} }], guards: [guard] }, owner)
      .catch((reason: unknown) => reason)
    assert.ok(isOrionError(error, 'conflict') && error.data.reason === 'guard')
  }
  assert.equal(store.log.durableSeq, 1)
})

test('a repeated key gives the first answer and has no second effect', async (t) => {
  const store = await openTestStore(t)
  const params = { ...note('n'), data: { title: 'n', tags: ['a'] }, idempotencyKey: 'k1' }
  const first = await store.create(params, owner)
  const again = await store.create(
    { ...params, return: 'record', data: { tags: ['a'], title: 'n' } },
    owner,
  )
  assert.deepEqual(
    { ...again, record: undefined, replayed: undefined },
    { ...first, record: undefined, replayed: undefined },
  )
  assert.equal(again.replayed, true)
  assert.equal(again.record?.data.title, 'n')
  await assert.rejects(store.create({ ...params, data: { title: 'other' } }, owner), {
    kind: 'idempotency_mismatch',
  })
  const other = await store.create({ ...params, id: 'other' }, caller('maria'))
  assert.equal(other.replayed, undefined, 'a key is its principal’s own')
  assert.equal(store.log.durableSeq, 2)
})

test('the same key sent twice at once is done once', async (t) => {
  const store = await openTestStore(t)
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      store.create({ type: 'Note', data: { title: 'n' }, idempotencyKey: 'k' }, owner),
    ),
  )
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1)
  assert.equal(answers.filter(({ replayed }) => replayed).length, 7)
})

test('a refused write does not use up its key', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...note('n'), data: { title: 'n' } }, owner)
  const write = { ...note('n'), expectedVersion: 2, set: { title: 'm' }, idempotencyKey: 'k' }
  await assert.rejects(store.update(write, owner), { kind: 'conflict' })
  await store.update({ ...note('n'), expectedVersion: 1, set: { count: 1 } }, owner)
  assert.equal((await store.update(write, owner)).version, 3)
})

test('a repeated transaction answers as before', async (t) => {
  const store = await openTestStore(t)
  const params = {
    operations: [{ op: 'create' as const, type: 'Note', data: { title: 'n' } }],
    idempotencyKey: 'k',
  }
  const first = await store.transact(params, owner)
  const again = await store.transact(params, owner)
  assert.equal(again.replayed, true)
  assert.deepEqual(
    again.results.map(({ id }) => id),
    first.results.map(({ id }) => id),
  )
  assert.equal(store.log.durableSeq, 1)
})

test('a dry run tells everything and keeps nothing', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...note('n'), data: { title: 'n' } }, owner)
  const token = store.token()
  const dry = await store.update(
    {
      ...note('n'),
      expectedVersion: 1,
      set: { title: 'm' },
      dryRun: true,
      return: 'record',
      idempotencyKey: 'k',
    },
    owner,
  )
  assert.deepEqual(
    [dry.version, dry.changed, dry.record?.data.title, dry.token],
    [2, true, 'm', token],
  )
  await assert.rejects(
    store.update({ ...note('n'), expectedVersion: 5, set: { title: 'm' }, dryRun: true }, owner),
    { kind: 'conflict' },
  )
  await store.purge({ ...note('n'), expectedVersion: 1, dryRun: true }, owner)
  const record = await store.get(note('n'), owner)
  assert.deepEqual([record.version, record.data.title, store.token()], [1, 'n', token])
  const real = await store.update(
    { ...note('n'), expectedVersion: 1, set: { title: 'm' }, idempotencyKey: 'k' },
    owner,
  )
  assert.equal(real.replayed, undefined)
})

test('an epoch that is not the store’s refuses the write', async (t) => {
  const store = await openTestStore(t)
  const error = await store
    .create({ type: 'Note', data: { title: 'n' }, expectedEpoch: 'other' }, owner)
    .catch((reason: unknown) => reason)
  assert.ok(
    isOrionError(error, 'conflict') &&
      error.data.reason === 'epoch' &&
      error.data.epoch === store.epoch,
  )
  await store.create({ type: 'Note', data: { title: 'n' }, expectedEpoch: store.epoch }, owner)
})

test('imported records keep their versions, instants and creators', async (t) => {
  const store = await openTestStore(t)
  const { results } = await store.import(
    {
      records: [
        {
          ...note('old'),
          version: 7,
          createdAt: '2025-12-20T09:00:00+09:00',
          createdBy: 'earlier',
          updatedAt: '2025-12-27T10:11:12.123456Z',
          lifecycle: 'archived',
          data: { title: 'old', state: 'done' },
        },
        { ...note('plain'), data: { title: 'plain' } },
      ],
    },
    owner,
  )
  assert.deepEqual(
    results.map(({ version }) => version),
    [7, 1],
  )
  const old = await store.get(note('old'), owner)
  assert.deepEqual(
    [old.createdAt, old.createdBy, old.updatedAt, old.lifecycle, old.data.state],
    ['2025-12-20T00:00:00.000000Z', 'earlier', '2025-12-27T10:11:12.123456Z', 'archived', 'done'],
  )
  assert.ok(
    store.log.readEvents(0, 10).every((event) => event.imported === true && event.txn === 1),
  )
  const update = await store.update(
    { ...note('plain'), expectedVersion: 1, set: { title: 'p' } },
    owner,
  )
  assert.equal(update.version, 2)
})

test('more operations than the limit are refused before anything happens', async (t) => {
  const store = await openTestStore(t)
  const operations = Array.from({ length: 1001 }, () => ({
    op: 'create' as const,
    type: 'Note',
    data: { title: 'n' },
  }))
  await assert.rejects(store.transact({ operations }, owner), { kind: 'too_large' })
  const { results } = await store.transact({ operations: operations.slice(1) }, owner)
  assert.equal(results.length, 1000)
  assert.equal(store.log.readEvents(0, 10).length, 1000, 'a transaction is never cut')
})

test('published events take their place in the log; topics of record types are refused', async (t) => {
  const store = await openTestStore(t)
  const done = await store.publish(
    { topic: 'Build.finished', payload: { ok: true }, reason: 'nightly' },
    caller('ci'),
  )
  assert.equal(done.seq, 1)
  const [event] = store.log.readEvents(0, 10)
  assert.deepEqual(
    [event?.topic, event?.payload, event?.reason, event?.actor.principal],
    ['Build.finished', { ok: true }, 'nightly', 'ci'],
  )
  await assert.rejects(store.publish({ topic: 'Note.created', payload: {} }, owner), {
    kind: 'invalid_request',
  })
})
