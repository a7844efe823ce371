/** Live queries against a real daemon in this process: the set is what a list says, at every position. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveChange } from '../../sdk/client/live-change.ts'
import type { LiveQuery } from '../../sdk/client/live-query.ts'
import { CancelledError, InvalidRequestError } from '../../sdk/client/typed-errors.ts'
import { integer, text } from '../../sdk/field.ts'
import { parseToken, type Record } from '../../sdk/model.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient, until } from '../support/sdk-client.ts'

const Task = defineRecordType('Task', {
  fields: { name: text(), rank: integer({ default: 0 }), state: text({ default: 'open' }) },
})
type Live = LiveQuery<typeof Task>

async function setUp(t: Parameters<typeof startDaemon>[0]) {
  const daemon = await startDaemon(t)
  const client = await daemonClient(t, daemon)
  const tasks = client.repository(Task)
  const add = async (name: string, rank: number, state = 'open') => {
    const { id } = await tasks.create({ name, rank, state }, { id: name })
    return id
  }
  return { client, tasks, add }
}

function names(live: Live): string[] {
  return live.records.map(({ data }) => data.name)
}

/** Waits until the set is as of this write, or later. */
async function reached(live: Live, { token }: { readonly token: string }): Promise<void> {
  const wanted = parseToken(token)?.seq ?? 0
  await until(() => (parseToken(live.token)?.seq ?? -1) >= wanted)
}

test('a live query begins with what there is, and follows writes, moves and deletions', async (t) => {
  const { client, tasks, add } = await setUp(t)
  await add('b', 2)
  await add('gone', 0)
  await tasks.delete('gone', { expectedVersion: 1 })
  const live = await client.liveQuery(Task, { orderBy: [{ field: 'rank' }] })
  assert.deepEqual(names(live), ['b'])
  await add('c', 3)
  await reached(live, await tasks.create({ name: 'a', rank: 1 }, { id: 'a' }))
  assert.deepEqual(names(live), ['a', 'b', 'c'])
  await reached(live, await tasks.update('a', { expectedVersion: 1, set: { rank: 9 } }))
  assert.deepEqual(names(live), ['b', 'c', 'a'])
  await reached(live, await tasks.delete('c', { expectedVersion: 1 }))
  assert.deepEqual(names(live), ['b', 'a'])
  await reached(live, await tasks.restore('gone', { expectedVersion: 2 }))
  assert.deepEqual(names(live), ['gone', 'b', 'a'])
  await live.close()
  assert.equal(await live.closed, undefined)
})

test('a record enters and leaves a live query with its filter', async (t) => {
  const { client, tasks, add } = await setUp(t)
  await add('a', 1)
  await add('b', 2, 'done')
  const where = { state: 'open' }
  const live = await client.liveQuery(Task, { where, orderBy: [{ field: 'rank' }] })
  assert.deepEqual(names(live), ['a'])
  await reached(live, await tasks.update('b', { expectedVersion: 1, set: { state: 'open' } }))
  assert.deepEqual(names(live), ['a', 'b'])
  await reached(live, await tasks.update('a', { expectedVersion: 1, set: { state: 'done' } }))
  assert.deepEqual(names(live), ['b'])
})

test('with a limit the first records are shown, and others move in when one leaves', async (t) => {
  const { client, tasks, add } = await setUp(t)
  for (const rank of [1, 2, 3, 4, 5]) await add(`t${rank}`, rank)
  const live = await client.liveQuery(Task, { orderBy: [{ field: 'rank' }], limit: 3 })
  assert.deepEqual(names(live), ['t1', 't2', 't3'])
  await reached(live, await tasks.delete('t2', { expectedVersion: 1 }))
  assert.deepEqual(names(live), ['t1', 't3', 't4'])
  await reached(live, await tasks.update('t1', { expectedVersion: 1, set: { rank: 99 } }))
  assert.deepEqual(names(live), ['t3', 't4', 't5'])
  await reached(live, await tasks.update('t5', { expectedVersion: 1, set: { rank: 0 } }))
  assert.deepEqual(names(live), ['t5', 't3', 't4'])
  await reached(live, await tasks.create({ name: 't0', rank: 1 }, { id: 't0' }))
  assert.deepEqual(names(live), ['t5', 't0', 't3'])
})

test('what one transaction brings into the first records and takes out again is not among them', async (t) => {
  const { client, add } = await setUp(t)
  for (const rank of [1, 2, 3, 4]) await add(`t${rank}`, rank)
  const live = await client.liveQuery(Task, { orderBy: [{ field: 'rank' }], limit: 3 })
  const create = (id: string) => {
    return { op: 'create' as const, type: 'Task', id, data: { name: id, rank: 0 } }
  }
  const moved = { op: 'update' as const, type: 'Task', id: 'late', set: { rank: 99 } }
  const operations = [create('late'), { ...moved, expectedVersion: 1 }]
  await reached(live, await client.transact({ operations }))
  assert.deepEqual(names(live), ['t1', 't2', 't3'])
  const gone = { op: 'delete' as const, type: 'Task', id: 'gone', expectedVersion: 1 }
  await reached(live, await client.transact({ operations: [create('gone'), gone] }))
  assert.deepEqual(names(live), ['t1', 't2', 't3'])
})

test('a set that is smaller than its limit needs no list to shrink', async (t) => {
  const { client, tasks, add } = await setUp(t)
  for (const rank of [1, 2]) await add(`t${rank}`, rank)
  const live = await client.liveQuery(Task, { orderBy: [{ field: 'rank' }], limit: 3 })
  await reached(live, await tasks.delete('t1', { expectedVersion: 1 }))
  assert.deepEqual(names(live), ['t2'])
  await reached(live, await tasks.create({ name: 't3', rank: 3 }, { id: 't3' }))
  assert.deepEqual(names(live), ['t2', 't3'])
})

test('a loop is told everything first, then what was added, changed and removed', async (t) => {
  const { client, tasks, add } = await setUp(t)
  await add('a', 1)
  const live = await client.liveQuery(Task, { orderBy: [{ field: 'rank' }] })
  const told: string[] = []
  const show = (records: readonly Record<{ readonly name: string }>[]) =>
    records.map(({ data }) => data.name).join()
  const take = ({ added, changed, removed }: LiveChange<Record<{ readonly name: string }>>) =>
    told.push(`+${show(added)} ~${show(changed)} -${show(removed)}`)
  const loop = live[Symbol.asyncIterator]()
  take((await loop.next()).value ?? assert.fail())
  await reached(live, await add('b', 2).then(() => tasks.get('b')))
  take((await loop.next()).value ?? assert.fail())
  await client
    .transaction()
    .update(Task, 'a', { expectedVersion: 1, set: { rank: 7 } })
    .delete(Task, 'b', { expectedVersion: 1 })
    .create(Task, { name: 'c', rank: 3 }, { id: 'c' })
    .commit()
  take((await loop.next()).value ?? assert.fail())
  assert.deepEqual(told, ['+a ~ -', '+b ~ -', '+c ~a -b'])
})

test('a slow loop gets one change for many, and none for what went and came back', async (t) => {
  const { client, tasks, add } = await setUp(t)
  const live = await client.liveQuery(Task)
  const loop = live[Symbol.asyncIterator]()
  assert.deepEqual((await loop.next()).value?.added, [])
  await add('here', 1)
  await add('brief', 1)
  await tasks.update('here', { expectedVersion: 1, set: { rank: 5 } })
  await reached(live, await tasks.delete('brief', { expectedVersion: 1 }))
  const { value } = await loop.next()
  assert.ok(value)
  assert.deepEqual(
    value.added.map(({ id, version }) => [id, version]),
    [['here', 2]],
  )
  assert.deepEqual([value.changed, value.removed], [[], []])
})

test('a loop that is left does not close the query, and closing the query ends its loops', async (t) => {
  const { client, add } = await setUp(t)
  const live = await client.liveQuery(Task)
  for await (const { added } of live) {
    assert.deepEqual(added, [])
    break
  }
  const loop = live[Symbol.asyncIterator]()
  await loop.next()
  const next = loop.next()
  await add('a', 1)
  assert.equal((await next).value?.added.length, 1)
  const last = loop.next()
  await live.close()
  assert.equal((await last).done, true)
  assert.equal((await live[Symbol.asyncIterator]().next()).done, true)
})

test('a live query that can’t be is refused: an unknown field, a wrong limit, a signal that is over', async (t) => {
  const { client } = await setUp(t)
  const wrong: object = { where: { nmae: 'a' } }
  await assert.rejects(client.liveQuery(Task, wrong), { kind: 'invalid_request' })
  const order: object = { orderBy: [{ field: 'nmae' }] }
  await assert.rejects(client.liveQuery(Task, order), { kind: 'invalid_request' })
  for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
    await assert.rejects(client.liveQuery(Task, { limit }), InvalidRequestError)
  }
  const signal = AbortSignal.abort()
  await assert.rejects(client.liveQuery(Task, { signal }), CancelledError)
  await assert.rejects(client.liveQuery(Task, { signal, limit: 3 }), CancelledError)
})
