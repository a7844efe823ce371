/** What the writes of a store promise, against a real file. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { type ErrorKind, isOrionError, type OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { caller, openTestStore } from '../support/store.ts'

const owner = caller()

async function refused<K extends ErrorKind>(
  kind: K,
  work: Promise<unknown>,
): Promise<OrionError<K>> {
  const error = await work.then(
    (value) => assert.fail(`expected ${kind}, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  assert.ok(isOrionError(error, kind), `expected ${kind}, got ${String(error)}`)
  return error
}

async function withNote(
  t: TestContext,
  data: JsonObject = { title: 'first' },
): Promise<{ store: StoreApi; id: string }> {
  const store = await openTestStore(t)
  const { id } = await store.create({ type: 'Note', data }, owner)
  return { store, id }
}

const note = (id: string) => ({ type: 'Note', id })

test('a created record has version 1, its defaults, and one event', async (t) => {
  const store = await openTestStore(t)
  const made = await store.create({ type: 'Note', data: { title: 'a' }, return: 'record' }, owner)
  assert.equal(made.version, 1)
  assert.deepEqual(made.record?.data, { title: 'a', state: 'open', count: 0, tags: [] })
  const [event, ...more] = store.log.readEvents(0, 10)
  assert.deepEqual(more, [])
  assert.equal(event?.topic, 'Note.created')
  assert.equal(event?.token, made.token)
  assert.deepEqual(event?.record, await store.get(note(made.id), owner))
})

test('an update with a stale version reports who changed what, and when', async (t) => {
  const { store, id } = await withNote(t)
  await store.update(
    { ...note(id), expectedVersion: 1, set: { title: 'b', count: 3 } },
    caller('maria'),
  )
  await store.update({ ...note(id), expectedVersion: 2, set: { tags: ['x'] } }, caller('jun'))
  const lost = await refused(
    'conflict',
    store.update({ ...note(id), expectedVersion: 1, set: { title: 'c' } }, owner),
  )
  assert.equal(lost.data.reason, 'version')
  assert.deepEqual(lost.data.current, await store.get(note(id), owner))
  assert.deepEqual([...(lost.data.changedFields ?? [])].sort(), ['count', 'tags', 'title'])
  assert.equal(lost.data.changedBy, 'jun')
  assert.equal(lost.data.expectedVersion, 1)
})

test('a caller that may not read a type sees only the version in a conflict', async (t) => {
  const { store, id } = await withNote(t)
  await store.update({ ...note(id), expectedVersion: 1, set: { title: 'b' } }, owner)
  const blind = caller('blind', { mayRead: () => false })
  const lost = await refused(
    'conflict',
    store.update({ ...note(id), expectedVersion: 1, set: { title: 'c' } }, blind),
  )
  assert.deepEqual(lost.data.current, { version: 2 })
  assert.equal(lost.data.changedFields, undefined)
})

test('of many racing writers exactly one wins each version', async (t) => {
  const { store, id } = await withNote(t)
  const race = await Promise.allSettled(
    Array.from({ length: 50 }, (_, n) =>
      store.update({ ...note(id), expectedVersion: 1, set: { title: `by ${n}` } }, caller(`w${n}`)),
    ),
  )
  assert.equal(race.filter((result) => result.status === 'fulfilled').length, 1)
  assert.equal((await store.get(note(id), owner)).version, 2)
  assert.equal(store.log.durableSeq, 2)
})

test('racing first writes of one id make one record and conflicts that say it exists', async (t) => {
  const store = await openTestStore(t)
  const race = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      store.create({ ...note('same'), data: { title: `${n}` } }, owner),
    ),
  )
  const lost = race.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  assert.equal(lost.length, 19)
  for (const error of lost) {
    assert.ok(isOrionError(error, 'conflict'))
    assert.equal(error.data.reason, 'exists')
    assert.ok(error.data.current !== null && 'data' in error.data.current)
  }
})

test('a write that changes nothing makes no version and no event', async (t) => {
  const { store, id } = await withNote(t, {
    title: 'a',
    tags: ['x'],
    extra: { deep: [1, { k: 2 }] },
  })
  const same = await store.update(
    {
      ...note(id),
      expectedVersion: 1,
      set: { title: 'a', tags: ['x'], extra: { deep: [1, { k: 2 }] } },
    },
    owner,
  )
  assert.deepEqual([same.changed, same.version], [false, 1])
  const added = await store.update(
    { ...note(id), apply: [{ field: 'tags', op: 'addToSet', value: 'x' }] },
    owner,
  )
  assert.equal(added.changed, false)
  assert.equal(store.log.durableSeq, 1)
})

test('operators need no version and apply in log order', async (t) => {
  const { store, id } = await withNote(t)
  await Promise.all(
    Array.from({ length: 40 }, () =>
      store.update({ ...note(id), apply: [{ field: 'count', op: 'increment', value: 1 }] }, owner),
    ),
  )
  const { data, version } = await store.get(note(id), owner)
  assert.deepEqual([data.count, version], [40, 41])
  const tagged = await store.update(
    {
      ...note(id),
      return: 'record',
      apply: [
        { field: 'tags', op: 'append', value: 'a' },
        { field: 'tags', op: 'addToSet', value: 'b' },
        { field: 'tags', op: 'remove', value: 'a' },
      ],
    },
    owner,
  )
  assert.deepEqual(tagged.record?.data.tags, ['b'])
})

test('operators fail on absent, deleted and archived records, and when the result does not fit', async (t) => {
  const { store, id } = await withNote(t)
  const add = (to: string, value: number) =>
    store.update({ ...note(to), apply: [{ field: 'count', op: 'increment', value }] }, owner)
  await refused('not_found', add('nobody', 1))
  await refused('invalid_record', add(id, 5000))
  await refused('invalid_record', add(id, 0.5))
  await refused(
    'invalid_record',
    store.update({ ...note(id), apply: [{ field: 'title', op: 'append', value: 'x' }] }, owner),
  )
  await store.archive({ ...note(id), expectedVersion: 1 }, owner)
  await refused('invalid_request', add(id, 1))
  await store.delete({ ...note(id), expectedVersion: 2 }, owner)
  await refused('invalid_request', add(id, 1))
  assert.equal((await store.get(note(id), owner)).version, 3)
})

test('a version may be left out only with operators alone or with force', async (t) => {
  const { store, id } = await withNote(t)
  await refused('invalid_params', store.update({ ...note(id), set: { title: 'b' } }, owner))
  await refused('invalid_params', store.delete(note(id), owner))
  await refused(
    'invalid_params',
    store.update(
      { ...note(id), set: { title: 'b' }, apply: [{ field: 'count', op: 'increment', value: 1 }] },
      owner,
    ),
  )
  const forced = await store.update({ ...note(id), set: { title: 'b' }, force: true }, owner)
  assert.equal(forced.version, 2)
})

test('deleting, restoring and archiving raise the version, say so, and repeat without effect', async (t) => {
  const { store, id } = await withNote(t)
  await store.delete({ ...note(id), expectedVersion: 1 }, owner)
  assert.equal((await store.delete({ ...note(id), expectedVersion: 2 }, owner)).changed, false)
  const deleted = await store.get(note(id), owner)
  assert.deepEqual([deleted.lifecycle, deleted.version], ['deleted', 2])
  await refused(
    'invalid_request',
    store.update({ ...note(id), expectedVersion: 2, set: { title: 'x' } }, owner),
  )
  await refused('conflict', store.restore({ ...note(id), expectedVersion: 1 }, owner))
  await store.restore({ ...note(id), expectedVersion: 2 }, owner)
  await store.archive({ ...note(id), expectedVersion: 3 }, owner)
  await store.restore({ ...note(id), expectedVersion: 4 }, owner)
  const topics = store.log.readEvents(0, 10).map((event) => event.topic)
  assert.deepEqual(
    topics,
    ['created', 'deleted', 'restored', 'archived', 'restored'].map((op) => `Note.${op}`),
  )
})

test('a purge erases the values everywhere and never gives a version twice', async (t) => {
  const { store, id } = await withNote(t, { title: 'a secret of some length' })
  await store.update(
    { ...note(id), expectedVersion: 1, set: { title: 'another secret text' }, idempotencyKey: 'k' },
    owner,
  )
  const gone = await store.purge({ ...note(id), expectedVersion: 2 }, owner)
  assert.equal(gone.version, 3)
  await refused('not_found', store.get(note(id), owner))
  for (const event of store.log.readEvents(0, 10)) {
    assert.equal(event.redacted, true)
    assert.equal(event.record, undefined)
  }
  const { versions } = await store.history(note(id), owner)
  assert.deepEqual(
    versions.map(({ version, data }) => [version, data]),
    [
      [3, undefined],
      [2, undefined],
      [1, undefined],
    ],
  )
  const lost = await refused(
    'conflict',
    store.update({ ...note(id), expectedVersion: 2, set: { title: 'x' } }, owner),
  )
  assert.equal(lost.data.current, null)
  assert.equal((await store.create({ ...note(id), data: { title: 'new' } }, owner)).version, 4)
})

test('bad data is refused whole, with every problem, and nothing is written', async (t) => {
  const store = await openTestStore(t)
  const cases: readonly [ErrorKind, JsonObject, string][] = [
    ['invalid_record', {}, 'title'],
    ['invalid_record', { title: 1 }, 'title'],
    ['invalid_record', { title: 'a', titel: 'b' }, 'titel'],
    ['invalid_record', { title: 'x'.repeat(201) }, 'title'],
    ['invalid_record', { title: 'a', count: -1 }, 'count'],
    ['invalid_record', { title: 'a', count: 2 ** 60 }, 'count'],
    ['invalid_record', { title: 'a', due: 'yesterday' }, 'due'],
    ['invalid_record', { title: '\ud800' }, 'title'],
    ['invalid_record', JSON.parse('{"title":"a","__proto__":{"x":1}}'), '__proto__'],
  ]
  for (const [kind, data, path] of cases) {
    const error = await refused(kind, store.create({ type: 'Note', data }, owner))
    assert.ok(
      'issues' in error.data && error.data.issues?.some((issue) => issue.path === path),
      path,
    )
  }
  await refused(
    'forbidden',
    store.create({ type: 'Note', data: { title: 'a', state: 'done' } }, owner),
  )
  const unknown = await refused('unknown_type', store.create({ type: 'Noet', data: {} }, owner))
  assert.equal(unknown.data.didYouMean, 'Note')
  assert.equal(store.log.durableSeq, 0)
})

test('values come back exactly, whatever they hold', async (t) => {
  const store = await openTestStore(t)
  const data = {
    title: 'nul \u0000 and 🎉 and 저장소',
    count: 999,
    ratio: 1e-300,
    flag: false,
    due: '2026-01-01T00:00:00.123456Z',
    tags: ['', '%_'],
    extra: JSON.parse('{"constructor":1,"__proto__":{"a":null},"n":9007199254740993}'),
  }
  const { id } = await store.create({ type: 'Note', data }, owner)
  const { data: read } = await store.get(note(id), owner)
  assert.equal(JSON.stringify(read.extra), JSON.stringify(data.extra))
  assert.deepEqual({ ...read, extra: 0, state: 0 }, { ...data, extra: 0, state: 0 })
})

test('unique, immutable and managed fields hold', async (t) => {
  const store = await openTestStore(t)
  const first = await store.create(
    { type: 'Note', data: { title: 'a', slug: 's', origin: 'here' } },
    owner,
  )
  const second = await store.create({ type: 'Note', data: { title: 'b' } }, owner)
  const twin = await refused(
    'unique_violation',
    store.update({ ...note(second.id), expectedVersion: 1, set: { slug: 's' } }, owner),
  )
  assert.deepEqual([twin.data.field, twin.data.existingId], ['slug', first.id])
  await refused(
    'invalid_record',
    store.update({ ...note(first.id), expectedVersion: 1, set: { origin: 'there' } }, owner),
  )
  await refused(
    'forbidden',
    store.update({ ...note(first.id), expectedVersion: 1, set: { state: 'done' } }, owner),
  )
  await refused(
    'forbidden',
    store.update({ ...note(first.id), expectedVersion: 1, unset: ['state'] }, owner),
  )
  assert.equal(store.log.durableSeq, 2)
})
