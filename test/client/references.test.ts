/** References as a program follows them: what comes with a record, and who names one. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ConflictError, InvalidRequestError } from '../../sdk/client/typed-errors.ts'
import { list, object, reference, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'

const Person = defineRecordType('Person', { fields: { name: text() } })
const Task = defineRecordType('Task', {
  fields: {
    title: text(),
    owner: reference(Person, { optional: true }),
    watchers: list(reference('Person'), { default: [] }),
    after: list(reference('self', { weak: true }), { default: [] }),
    sources: list(object({ about: reference('*', { weak: true }) }), { default: [] }),
  },
})

async function setUp(t: TestContext, place?: TestDaemon) {
  const daemon = place ?? (await startDaemon(t))
  const client = await daemonClient(t, daemon)
  const people = client.repository(Person)
  const tasks = client.repository(Task)
  for (const id of ['ada', 'bob']) await people.create({ name: id }, { id })
  const sources = [{ about: 'Person/bob' }, { about: 'Task/gone' }, { about: 'no type' }]
  await tasks.create({ title: 'first' }, { id: 't1' })
  await tasks.create(
    { title: 'second', owner: 'ada', watchers: ['bob', 'ada'], after: ['t1', 't9'], sources },
    { id: 't2' },
  )
  return { daemon, client, people, tasks }
}

test('what a record names comes with it, in one request', async (t) => {
  const { tasks } = await setUp(t)
  const expand = ['owner', 'watchers', 'after', 'sources.about'] as const
  const task = await tasks.get('t2', { expand })
  const { owner, watchers, after } = task.expanded
  assert.equal(owner?.data.name, 'ada')
  assert.deepEqual(
    watchers.map(({ id }) => id),
    ['bob', 'ada'],
  )
  assert.deepEqual(
    after.map(({ data }) => data.title),
    ['first'],
  )
  assert.deepEqual(
    task.expanded['sources.about'].map(({ type, id }) => `${type}/${id}`),
    ['Person/bob'],
  )
  assert.deepEqual(task.omitted, [
    { type: 'Task', id: 't9', reason: 'absent' },
    { type: 'Task', id: 'gone', reason: 'absent' },
  ])
  assert.equal('included' in task, false)
  const plain = await tasks.get('t2')
  assert.equal('expanded' in plain, false)
  const lone = await tasks.get('t1', { expand: ['owner'] })
  assert.deepEqual([lone.expanded.owner, lone.omitted], [undefined, []])
})

test('the records of a page, and an old version, are followed alike', async (t) => {
  const { tasks, people } = await setUp(t)
  await tasks.update('t2', { expectedVersion: 1, set: { owner: 'bob' } })
  const old = await tasks.get('t2', { version: 1, expand: ['owner'] })
  assert.equal(old.expanded.owner?.id, 'ada')
  await people.delete('bob', { expectedVersion: 1 })
  const fields = ['title', 'owner'] as const
  const orderBy = [{ field: 'title' }] as const
  const page = await tasks.list({ fields, orderBy, expand: ['owner'] })
  assert.deepEqual(
    page.records.map(({ data, expanded }) => [data.title, expanded.owner?.lifecycle]),
    [
      ['first', undefined],
      ['second', 'deleted'],
    ],
  )
  const titles: string[] = []
  for await (const { expanded } of tasks.listAll({ limit: 1, expand: ['after'] }))
    titles.push(...expanded.after.map(({ data }) => data.title))
  assert.deepEqual(titles, ['first'])
})

test('a name that is no reference is told, with the one that was meant', async (t) => {
  const { client, daemon, tasks } = await setUp(t)
  const wrong = await daemon.connect()
  const get = { type: 'Task', id: 't2' }
  const error = await wrong.refused('record/get', { ...get, expand: ['ownr'] })
  assert.equal(error.data?.kind, 'invalid_request')
  assert.equal(error.data?.didYouMean, 'owner')
  assert.match(error.message, /owner, watchers, after, sources.about/)
  await assert.rejects(
    tasks.list({ fields: ['title'], expand: ['owner'] }),
    (reason: unknown) =>
      reason instanceof InvalidRequestError && /leaves owner out/.test(reason.message),
  )
  const many = Array.from({ length: 17 }, () => 'owner')
  assert.equal((await wrong.refused('record/get', { ...get, expand: many })).code, -32602)
  await client.close()
})

test('who names a record is found by type, by field, by lifecycle, and page by page', async (t) => {
  const { tasks, people } = await setUp(t)
  const of = async (options: Parameters<typeof people.referrers>[1] = {}) => {
    const found: string[] = []
    for await (const { field, record } of people.referrers('bob', options))
      found.push(`${record.type} ${record.id} ${field}`)
    return found
  }
  assert.deepEqual(await of(), ['Task t2 sources.about', 'Task t2 watchers'])
  assert.deepEqual(await of({ limit: 1 }), ['Task t2 sources.about', 'Task t2 watchers'])
  assert.deepEqual(await of({ field: 'watchers' }), ['Task t2 watchers'])
  for (let n = 3; n < 8; n++) await tasks.create({ title: 'more', owner: 'bob' }, { id: `t${n}` })
  await tasks.archive('t5', { expectedVersion: 1 })
  const page = await people.referrersPage('bob', { from: Task, field: 'owner', limit: 3 })
  const first: string[] = page.referrers.map(({ record }) => record.data.title)
  assert.equal(first.length, 3)
  const { next } = page
  assert.ok(next !== undefined)
  const last = await people.referrersPage('bob', { from: Task, field: 'owner', after: next })
  assert.deepEqual(
    last.referrers.map(({ record }) => record.id),
    ['t7'],
  )
  assert.deepEqual(await of({ lifecycle: ['archived'] }), ['Task t5 owner'])
  const other = people.referrersPage('ada', { from: Task, field: 'owner', after: next })
  await assert.rejects(other, InvalidRequestError)
  await assert.rejects(people.referrersPage('bob', { after: 'rXX' }), InvalidRequestError)
  await assert.rejects(
    // @ts-expect-error a person has no such reference
    people.referrersPage('bob', { from: Person, field: 'owner' }),
    InvalidRequestError,
  )
  assert.deepEqual(await tasks.referrersPage('t9').then((one) => one.referrers.length), 1)
})

test('what may not be read is left out and marked, and who may not be read names nobody', async (t) => {
  const { daemon, client } = await setUp(t)
  const owner = await daemon.connect()
  const token = async (read: string[]) => {
    const types = { read, write: ['Task'] }
    const params = { name: 'somebody', scopes: ['read', 'write'], types }
    return (await owner.call('token/create', params)).token
  }
  const blind = await daemon.connect({ token: await token(['Task']) })
  const task = await blind.call('record/get', { type: 'Task', id: 't2', expand: ['owner'] })
  assert.deepEqual(task.included, [])
  assert.deepEqual(task.omitted, [{ type: 'Person', id: 'ada', reason: 'forbidden' }])
  assert.equal((await blind.refused('record/referrers', { type: 'Person', id: 'bob' })).code, 40300)
  const write = { type: 'Task', data: { title: 'a', owner: 'ada' } }
  assert.equal((await blind.refused('record/create', write)).code, 40300)
  const other = await daemon.connect({ token: await token(['Person']) })
  const question = { type: 'Person', id: 'bob' }
  assert.deepEqual((await other.call('record/referrers', question)).referrers, [])
  const named = await other.refused('record/referrers', { ...question, from: 'Task' })
  assert.equal(named.code, 40300)
  await client.close()
})

test('the purge of a record that is named is a conflict of its own reason', async (t) => {
  const { people } = await setUp(t)
  await assert.rejects(people.purge('ada', { expectedVersion: 1 }), (error: unknown) => {
    assert.ok(error instanceof ConflictError)
    assert.equal(error.data.reason, 'referenced')
    assert.deepEqual(error.data.referrers, [
      { type: 'Task', id: 't2', field: 'owner' },
      { type: 'Task', id: 't2', field: 'watchers' },
    ])
    return true
  })
})
