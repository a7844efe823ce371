import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../../daemon/log.ts'
import { silentLog } from '../../daemon/log.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import type { WireClient } from '../support/wire-client.ts'

/** The daemon serves on, and nothing was written. */
async function assertUnharmed(daemon: TestDaemon, client: WireClient): Promise<void> {
  const status = await client.call('daemon/status')
  assert.equal(status.store.state, 'ready')
  assert.match(status.token, /\.0$/, 'something was written')
  const other = await daemon.connect()
  assert.equal((await other.call('type/list')).types.length > 0, true)
  await other.close()
}

const longId = 'x'.repeat(256)
const deep = (levels: number): unknown =>
  JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)

const table: readonly (readonly [
  name: string,
  method: string,
  params: unknown,
  code: number,
  kind: string,
])[] = [
  ['an unknown method', 'record/got', {}, -32601, 'method_not_found'],
  ['a method that is a member of every object', 'constructor', {}, -32601, 'method_not_found'],
  ['no parameters', 'record/get', undefined, -32602, 'invalid_params'],
  ['parameters by position', 'record/get', ['Note', 'a'], -32602, 'invalid_params'],
  ['an id that is a number', 'record/get', { type: 'Note', id: 1 }, -32602, 'invalid_params'],
  ['an id that is empty', 'record/get', { type: 'Note', id: '' }, -32602, 'invalid_params'],
  ['an id of 256 bytes', 'record/get', { type: 'Note', id: longId }, -32602, 'invalid_params'],
  [
    'an id of 300 bytes in 100 characters',
    'record/get',
    { type: 'Note', id: '저'.repeat(100) },
    -32602,
    'invalid_params',
  ],
  [
    'an id with a control character',
    'record/get',
    { type: 'Note', id: 'a\u0000b' },
    -32602,
    'invalid_params',
  ],
  [
    'an id with a lone surrogate',
    'record/get',
    { type: 'Note', id: '\ud800' },
    -32602,
    'invalid_params',
  ],
  ['a record that is not there', 'record/get', { type: 'Note', id: 'a' }, 40400, 'not_found'],
  ['a type that is not there', 'record/get', { type: 'Nope', id: 'a' }, 40401, 'unknown_type'],
  [
    'a type that is a member of every object',
    'record/get',
    { type: '__proto__', id: 'a' },
    40401,
    'unknown_type',
  ],
  [
    'a version that is no integer',
    'record/update',
    { type: 'Note', id: 'a', expectedVersion: 1.5, set: {} },
    -32602,
    'invalid_params',
  ],
  [
    'a version of zero',
    'record/update',
    { type: 'Note', id: 'a', expectedVersion: 0, set: {} },
    -32602,
    'invalid_params',
  ],
  [
    'a version beyond the safe integers',
    'record/update',
    { type: 'Note', id: 'a', expectedVersion: 2 ** 60, set: {} },
    -32602,
    'invalid_params',
  ],
  [
    'a version that is a text',
    'record/delete',
    { type: 'Note', id: 'a', expectedVersion: '1' },
    -32602,
    'invalid_params',
  ],
  ['data that is a list', 'record/create', { type: 'Note', data: [] }, -32602, 'invalid_params'],
  [
    'data without a required field',
    'record/create',
    { type: 'Note', data: {} },
    40001,
    'invalid_record',
  ],
  [
    'data with an unknown field',
    'record/create',
    { type: 'Note', data: { title: 'a', titel: 'b' } },
    40001,
    'invalid_record',
  ],
  [
    'data with a field of the wrong type',
    'record/create',
    { type: 'Note', data: { title: 1 } },
    40001,
    'invalid_record',
  ],
  [
    'data over its limit',
    'record/create',
    { type: 'Note', data: { title: 'a', extra: { x: 'x'.repeat(1_100_000) } } },
    41300,
    'too_large',
  ],
  [
    'more operations than a transaction may have',
    'record/transact',
    { operations: Array(1001).fill({ op: 'create', type: 'Note', data: { title: 'a' } }) },
    41300,
    'too_large',
  ],
  [
    'an operation that is none',
    'record/transact',
    { operations: [{ op: 'upsert', type: 'Note' }] },
    -32602,
    'invalid_params',
  ],
  [
    'a list longer than a page',
    'record/list',
    { type: 'Note', limit: 1001 },
    -32602,
    'invalid_params',
  ],
  [
    'a filter on an unknown field',
    'record/list',
    { type: 'Note', where: { titel: 'a' } },
    40000,
    'invalid_request',
  ],
  [
    'a page cursor that is none',
    'record/list',
    { type: 'Note', after: 'x' },
    40000,
    'invalid_request',
  ],
  [
    'a token that is none',
    'record/get',
    { type: 'Note', id: 'a', atLeast: 'soon' },
    40000,
    'token_invalid',
  ],
  ['a pattern that is no text', 'subscription/open', { patterns: [1] }, -32602, 'invalid_params'],
  ['no pattern', 'subscription/open', { patterns: [] }, -32602, 'invalid_params'],
  ['65 patterns', 'subscription/open', { patterns: Array(65).fill('*') }, -32602, 'invalid_params'],
  [
    'a pattern that matches nothing',
    'subscription/open',
    { patterns: ['Nate.*'] },
    40000,
    'invalid_request',
  ],
  [
    'a pattern of many braces',
    'subscription/open',
    { patterns: ['{a,b}'.repeat(50)] },
    40000,
    'invalid_request',
  ],
  [
    'a subscription of somebody else',
    'subscription/close',
    { subscriptionId: 's99' },
    40400,
    'not_found',
  ],
  [
    'a topic of a record type',
    'event/publish',
    { topic: 'Note.created' },
    40000,
    'invalid_request',
  ],
  ['a topic with a star', 'event/publish', { topic: 'Build.*' }, -32602, 'invalid_params'],
  [
    'a topic with a control character',
    'event/publish',
    { topic: 'Build.\u0001' },
    -32602,
    'invalid_params',
  ],
  [
    'a payload over its limit',
    'event/publish',
    { topic: 'Build.done', payload: 'x'.repeat(1_100_000) },
    41300,
    'too_large',
  ],
  ['a wait over a minute', 'event/list', { waitMs: 60_001 }, -32602, 'invalid_params'],
  [
    'a type definition without fields',
    'type/define',
    { definition: { name: 'X', fields: {} } },
    40000,
    'invalid_request',
  ],
  [
    'a type definition that is a text',
    'type/define',
    { definition: 'X' },
    -32602,
    'invalid_params',
  ],
  [
    'a backup to a directory that is not there',
    'daemon/backup',
    { path: '/nowhere/at/all.sqlite' },
    50700,
    'storage_failed',
  ],
]

for (const [name, method, params, code, kind] of table) {
  test(`${name} is answered with ${kind}, and nothing is written`, async (t) => {
    const daemon = await startDaemon(t)
    const client = await daemon.connect()
    const error = await client.refused(method, params)
    assert.equal(error.code, code, error.message)
    assert.equal(error.data.kind, kind)
    assert.equal(typeof error.data.retryable, 'boolean')
    await assertUnharmed(daemon, client)
  })
}

test('invalid parameters name each place and what was expected there', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const error = await client.refused('record/transact', {
    operations: [
      { op: 'create', type: 'Note', data: {} },
      { op: 'update', type: 5, id: '' },
    ],
  })
  const paths = error.data.issues.map(({ path }: { path: string }) => path)
  assert.deepEqual(paths, ['operations.1.type', 'operations.1.id'])
})

test('a thousand things wrong at once are told in a short answer', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const keys = Array.from({ length: 1000 }, () => ({ type: 5, id: 5 }))
  const error = await client.refused('record/getMany', { keys })
  assert.ok(error.data.issues.length <= 20)
  assert.ok(JSON.stringify(error).length < 10_000)
})

test('a misspelt method is answered with the one that was meant', async (t) => {
  const client = await (await startDaemon(t)).connect()
  assert.equal((await client.refused('record/creat', {})).data.didYouMean, 'record/create')
})

test('deep JSON is refused and its connection lives on', async (t) => {
  const daemon = await startDaemon(t)
  const client = await daemon.connect()
  const tooDeep = await client.refused('record/create', { type: 'Note', data: deep(250) })
  assert.equal(tooDeep.code, -32600)
  await assertUnharmed(daemon, client)
})

test('more requests in flight than allowed are refused one by one', async (t) => {
  const daemon = await startDaemon(t, { limits: { requestsInFlightMax: 3 } })
  const client = await daemon.connect()
  const waiting = [1, 2, 3].map(() => client.send('event/list', { waitMs: 60_000 }))
  const error = await client.refused('daemon/status')
  assert.equal(error.code, 42900)
  assert.equal(error.data.kind, 'overloaded')
  for (const id of waiting) client.notify('$/cancelRequest', { id })
  await Promise.all(waiting.map((id) => client.answer(id)))
  await assertUnharmed(daemon, client)
})

test('members called __proto__ stay members of the data they came in', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const data = JSON.parse('{"title":"a","extra":{"__proto__":{"polluted":true}}}')
  const { id } = await client.call('record/create', { type: 'Note', data })
  const record = await client.call('record/get', { type: 'Note', id })
  assert.ok(Object.hasOwn(record.data.extra, '__proto__'))
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('unknown notifications and answers nobody waits for are ignored', async (t) => {
  const daemon = await startDaemon(t)
  const client = await daemon.connect()
  client.notify('no/such', { a: 1 })
  client.notify('record/create', { type: 'Note', data: { title: 'a' } })
  client.notify('$/cancelRequest', { id: 12345 })
  client.notify('$/cancelRequest', 'nonsense')
  client.notify('subscription/acknowledge', {})
  await assertUnharmed(daemon, client)
})

test('a bug is told as an incident that the log explains, and nothing else', async (t) => {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = []
  const log: Log = {
    ...silentLog,
    error: (message, fields = {}) => void lines.push({ message, fields }),
  }
  const daemon = await startDaemon(t, { log })
  const { client, session } = daemon.dial()
  await client.initialize()
  const store: { status: unknown } = session.services.store
  store.status = () => {
    throw new Error('secret of the inside')
  }
  const error = await client.refused('daemon/status')
  assert.equal(error.code, 50000)
  assert.equal(error.data.kind, 'internal')
  assert.doesNotMatch(JSON.stringify(error), /secret/)
  const line = lines.find(({ fields }) => fields.incident === error.data.incident)
  assert.match(String(line?.fields.error), /secret of the inside/)
})
