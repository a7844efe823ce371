import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../../sdk/client/client.ts'
import {
  ConflictError,
  ForbiddenError,
  InvalidRecordError,
  InvalidRequestError,
  NotFoundError,
  UniqueViolationError,
} from '../../sdk/client/typed-errors.ts'
import { integer, list, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { Note } from '../support/store.ts'

const Finding = defineRecordType('Finding', {
  fields: {
    summary: text(),
    domain: text({ optional: true }),
    uses: integer({ default: 0 }),
    tags: list(text(), { default: [] }),
  },
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function setUp(t: Parameters<typeof startDaemon>[0]): Promise<Client> {
  return await daemonClient(t, await startDaemon(t))
}

test('a record of a new type is created, read, changed and put away', async (t) => {
  const client = await setUp(t)
  const findings = client.repository(Finding)
  const created = await findings.create({ summary: 'a' }, { return: 'record', reason: 'first' })
  assert.equal(created.version, 1)
  assert.deepEqual(created.record.data, { summary: 'a', uses: 0, tags: [] })
  const { id } = created

  const changed = await findings.update(
    id,
    {
      expectedVersion: 1,
      set: { domain: 'ci' },
      apply: [{ field: 'tags', op: 'append', value: 'x' }],
    },
    { return: 'record' },
  )
  assert.deepEqual(changed.record.data, { summary: 'a', domain: 'ci', uses: 0, tags: ['x'] })
  await findings.update(id, { apply: [{ field: 'uses', op: 'increment', value: 2 }] })
  const unset = await findings.update(id, { expectedVersion: 3, unset: ['domain'] })
  assert.equal(unset.version, 4)
  assert.deepEqual((await findings.get(id)).data, { summary: 'a', uses: 2, tags: ['x'] })
  assert.equal((await findings.get(id, { version: 2 })).data.domain, 'ci')

  await findings.archive(id, { expectedVersion: 4 })
  await findings.restore(id, { expectedVersion: 5 })
  await findings.delete(id, { expectedVersion: 6 })
  assert.equal((await findings.get(id)).lifecycle, 'deleted')
  const history = await collect(findings.history(id, { limit: 2 }))
  assert.deepEqual(
    history.map(({ version, op }) => [version, op]),
    [
      [7, 'deleted'],
      [6, 'restored'],
      [5, 'archived'],
      [4, 'updated'],
      [3, 'updated'],
      [2, 'updated'],
      [1, 'created'],
    ],
  )
  assert.equal(history.at(-1)?.reason, 'first')
  assert.equal((await findings.historyPage(id, { limit: 3 })).versions.length, 3)
  await findings.purge(id, { expectedVersion: 7 })
  assert.equal(await findings.find(id), undefined)
})

test('an absent record is undefined to find and an error to get', async (t) => {
  const findings = (await setUp(t)).repository(Finding)
  assert.equal(await findings.find('nobody'), undefined)
  await assert.rejects(findings.get('nobody'), NotFoundError)
})

test('many records come in the order of their ids, however many', async (t) => {
  const client = await setUp(t)
  const findings = client.repository(Finding)
  const transaction = client.transaction()
  for (let i = 0; i < 1000; i++) transaction.create(Finding, { summary: `${i}` }, { id: `f${i}` })
  await transaction.commit()
  const ids = Array.from({ length: 1100 }, (_, i) => `f${1099 - i}`)
  const found = await findings.getMany(ids)
  assert.deepEqual(
    found.map((record) => record?.id),
    ids.map((id) => (Number(id.slice(1)) < 1000 ? id : undefined)),
  )
})

test('a list filters, orders, pages and picks fields', async (t) => {
  const client = await setUp(t)
  const findings = client.repository(Finding)
  for (let uses = 0; uses < 7; uses++) {
    await findings.create({
      summary: `s${uses}`,
      uses,
      ...(uses % 2 === 0 ? { domain: 'ci' } : {}),
    })
  }
  const page = await findings.list({
    where: { domain: 'ci', uses: { gt: 0 } },
    orderBy: [{ field: 'uses', direction: 'desc' }],
    limit: 2,
    fields: ['uses'],
  })
  assert.deepEqual(
    page.records.map(({ data }) => data),
    [{ uses: 6 }, { uses: 4 }],
  )
  const all = await collect(findings.listAll({ limit: 3, orderBy: [{ field: 'uses' }] }))
  assert.deepEqual(
    all.map(({ data }) => data.uses),
    [0, 1, 2, 3, 4, 5, 6],
  )
  const { count, groups } = await findings.count({ groupBy: 'domain', where: { uses: { lte: 4 } } })
  assert.equal(count, 5)
  assert.deepEqual(
    groups?.toSorted((left, right) => left.count - right.count),
    [
      { value: null, count: 2 },
      { value: 'ci', count: 3 },
    ],
  )
})

test('the loser of a race is told what is there, who wrote it and which fields', async (t) => {
  const findings = (await setUp(t)).repository(Finding)
  const { id } = await findings.create({ summary: 'a' })
  await findings.update(id, { expectedVersion: 1, set: { summary: 'b' } })
  await assert.rejects(
    findings.update(id, { expectedVersion: 1, set: { summary: 'c' } }),
    (error) => {
      assert.ok(error instanceof ConflictError)
      assert.equal(error.data.reason, 'version')
      assert.equal(error.current?.version, 2)
      assert.deepEqual(error.data.changedFields, ['summary'])
      assert.equal(error.data.changedBy, 'owner')
      return true
    },
  )
  await assert.rejects(findings.create({ summary: 'd' }, { id }), (error) => {
    return error instanceof ConflictError && error.data.reason === 'exists'
  })
  await findings.update(id, { force: true, set: { summary: 'forced' } })
  assert.equal((await findings.get(id)).version, 3)
})

test('data that does not fit, and fields that are managed, are refused', async (t) => {
  const notes = (await setUp(t)).repository(Note)
  await assert.rejects(notes.create({ title: 'x'.repeat(201) }), InvalidRecordError)
  // @ts-expect-error managed: the compiler says so, and so does the daemon
  await assert.rejects(notes.create({ title: 'a', state: 'done' }), ForbiddenError)
  await notes.create({ title: 'a', slug: 's' }, { id: 'one' })
  await assert.rejects(notes.create({ title: 'b', slug: 's' }), (error) => {
    assert.ok(error instanceof UniqueViolationError)
    assert.equal(error.data.existingId, 'one')
    return true
  })
  // @ts-expect-error there is no such field
  await assert.rejects(notes.list({ where: { titel: 'a' } }), (error) => {
    assert.ok(error instanceof InvalidRequestError)
    assert.equal(error.data.didYouMean, 'title')
    return true
  })
})

test('a dry run answers and leaves nothing behind', async (t) => {
  const findings = (await setUp(t)).repository(Finding)
  const answer = await findings.create({ summary: 'a' }, { id: 'a', dryRun: true })
  assert.equal(answer.changed, true)
  assert.equal(await findings.find('a'), undefined)
})

test('a transaction over two types happens wholly, or not at all', async (t) => {
  const client = await setUp(t)
  const [findings, notes] = [client.repository(Finding), client.repository(Note)]
  const note = await notes.create({ title: 'guarded' })
  const result = await client
    .transaction()
    .create(Finding, { summary: 'a' }, { id: 'f' })
    .update(Finding, 'f', { expectedVersion: 1, set: { summary: 'b' } })
    .create(Note, { title: 'n' }, { id: 'n' })
    .guard(Note, note.id, 1)
    .guard(Note, 'absent', null)
    .commit({ reason: 'all of it' })
  assert.deepEqual(
    result.results.map(({ version }) => version),
    [1, 2, 1],
  )
  const failing = client
    .transaction()
    .delete(Note, 'n', { expectedVersion: 1 })
    .archive(Finding, 'f', { expectedVersion: 9 })
  await assert.rejects(failing.commit(), (error) => {
    return error instanceof ConflictError && error.data.operation === 1
  })
  assert.equal((await notes.get('n')).lifecycle, 'active')
  assert.equal((await findings.get('f')).data.summary, 'b')
})

test('a transaction that is committed twice has happened once', async (t) => {
  const client = await setUp(t)
  const transaction = client.transaction().create(Finding, { summary: 'a' })
  const first = await transaction.commit()
  const second = await transaction.commit()
  assert.equal(second.replayed, true)
  assert.equal(second.results[0]?.id, first.results[0]?.id)
  assert.equal((await client.repository(Finding).count()).count, 1)
})

test('events of a program’s own are published, listed and heard', async (t) => {
  const client = await setUp(t)
  const heard = await client.subscribe('Build.*', { allowUnknown: true })
  const { token } = await client.publish('Build.finished', { ok: true })
  const { value } = await heard.next()
  assert.deepEqual(value?.payload, { ok: true })
  assert.equal(value?.token, token)
  await client.publish('Other.thing')
  const { events } = await client.events({ patterns: ['Build.*'], limit: 10 })
  assert.deepEqual(
    events.map(({ topic }) => topic),
    ['Build.finished'],
  )
})

test('raw operations are done wholly as well', async (t) => {
  const client = await setUp(t)
  const { results } = await client.transact({
    operations: [{ op: 'create', type: 'Note', id: 'n', data: { title: 'raw' } }],
    guards: [{ type: 'Note', id: 'n', version: null }],
  })
  assert.equal(results[0]?.version, 1)
})

test('thousands of writes at once all happen, though the daemon takes fewer at a time', async (t) => {
  const client = await setUp(t)
  const findings = client.repository(Finding)
  const writes = Array.from({ length: 3000 }, (_, i) => findings.create({ summary: `${i}` }))
  const ids = (await Promise.all(writes)).map(({ id }) => id)
  assert.equal(new Set(ids).size, 3000)
  assert.equal((await findings.count()).count, 3000)
})

test('a record goes back to an old version by a new one, and tells where each value comes from', async (t) => {
  const client = await setUp(t)
  const findings = client.repository(Finding)
  const { id } = await findings.create({ summary: 'a', domain: 'ci' })
  await findings.update(id, { expectedVersion: 1, set: { summary: 'b', tags: ['x'] } })
  await findings.update(id, { expectedVersion: 2, set: { uses: 4 }, unset: ['domain'] })

  const reverted = await findings.revert(id, { toVersion: 1, return: 'record' })
  assert.equal(reverted.version, 4)
  assert.deepEqual(reverted.record.data, { summary: 'a', domain: 'ci', uses: 0, tags: [] })
  const { fields } = await findings.blame(id, { atLeast: reverted.token })
  for (const { field, change } of fields)
    assert.deepEqual([field, change?.version, change?.reason], [field, 4, 'back to version 1'])

  const again = await findings.revert(id, { toVersion: 1 })
  assert.deepEqual(
    [again.version, again.changed],
    [4, false],
    'what is so already makes no version',
  )
  await assert.rejects(findings.revert(id, { toVersion: 2, expectedVersion: 3 }), ConflictError)
  await assert.rejects(findings.revert(id, { toVersion: 9 }), NotFoundError)
  const told = await findings.revert(id, { toVersion: 3, reason: 'it was right' })
  const [newest] = await collect(findings.history(id))
  assert.deepEqual([newest?.version, newest?.reason], [told.version, 'it was right'])
})
