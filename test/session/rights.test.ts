/** Scopes by method and record type, and what must not leak past them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { select } from '../../daemon/events/subscriber.ts'
import { TopicPatterns } from '../../daemon/events/topic-pattern.ts'
import { requests } from '../../sdk/protocol/methods.ts'
import { type Scope, scopes } from '../../sdk/protocol/schemas.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import type { WireClient } from '../support/wire-client.ts'

/** Every method that needs a scope, with parameters about a type; without them it is about the whole store. */
const methods: readonly (readonly [string, Scope, ((type: string) => object)?])[] = [
  ['record/get', 'read', (type) => ({ type, id: 'a' })],
  ['record/getMany', 'read', (type) => ({ keys: [{ type, id: 'a' }] })],
  ['record/list', 'read', (type) => ({ type })],
  ['record/count', 'read', (type) => ({ type })],
  ['record/explain', 'read', (type) => ({ type })],
  ['record/search', 'read', (type) => ({ query: 'a', types: [type] })],
  ['record/history', 'read', (type) => ({ type, id: 'a' })],
  ['record/blame', 'read', (type) => ({ type, id: 'a' })],
  ['record/referrers', 'read', (type) => ({ type, id: 'a' })],
  ['record/create', 'write', (type) => ({ type, data: {}, dryRun: true })],
  ['record/update', 'write', (type) => ({ type, id: 'a', expectedVersion: 1, set: {} })],
  ['record/delete', 'write', (type) => ({ type, id: 'no', expectedVersion: 1 })],
  ['record/restore', 'write', (type) => ({ type, id: 'no', expectedVersion: 1 })],
  ['record/archive', 'write', (type) => ({ type, id: 'no', expectedVersion: 1 })],
  ['record/purge', 'admin', (type) => ({ type, id: 'no', expectedVersion: 1 })],
  [
    'record/transact',
    'write',
    (type) => ({ operations: [{ op: 'create', type, data: {} }], dryRun: true }),
  ],
  ['record/import', 'admin', (type) => ({ records: [{ type, id: 'x', data: {} }], dryRun: true })],
  [
    'proposal/create',
    'propose',
    (type) => ({ operations: [{ op: 'create', type, data: {} }], dryRun: true }),
  ],
  ['type/get', 'read', (type) => ({ type })],
  [
    'type/define',
    'define',
    (name) => ({ definition: { name, fields: { a: { kind: 'text' } } }, dryRun: true }),
  ],
  ['type/migrate', 'admin', (type) => ({ type, migrations: [] })],
  ['type/history', 'read', (type) => ({ type })],
  ['event/publish', 'publish', (type) => ({ topic: `${type}.said`, dryRun: true })],
  ['event/list', 'read', (type) => ({ patterns: [`${type}.*`] })],
  ['subscription/open', 'read', (type) => ({ patterns: [`${type}.*`], allowUnknown: true })],
  ['daemon/compact', 'admin'],
  ['daemon/backup', 'admin'],
  ['daemon/backups', 'admin'],
  ['plugin/list', 'admin'],
]

/** Serve everybody who has the scope for anything: what they answer is cut to what may be seen. */
const answersAll = new Set([
  'type/list',
  'daemon/status',
  // About a proposal: the types that it would change are looked at where it is read.
  'proposal/submit',
  // What an action is about is known only once it is found.
  'action/list',
  'action/describe',
  'action/execute',
  // Reading alone is not enough: see test/governance/attacks.test.ts.
  'simulation/run',
  'simulation/apply',
  'proposal/approve',
  'proposal/reject',
  'proposal/cancel',
  'proposal/execute',
  'proposal/diff',
  'subscription/acknowledge',
  'subscription/flush',
])
/** Called below, by who may not: they would end the daemon, or take long. */
const upkeep: readonly (readonly [method: string, params: object])[] = [
  ['daemon/restore', { path: '/nowhere' }],
  ['daemon/settle', { as: 'moved' }],
  ['daemon/check', { repair: true }],
  ['approver/init', { secret: 'x'.repeat(12) }],
  ['plugin/inspect', { plugin: './x', cwd: '/' }],
  ['plugin/describe', { entry: '/x.ts', codeDigest: '0'.repeat(64) }],
  ['plugin/add', { entry: '/x.ts', codeDigest: '0'.repeat(64), manifestDigest: '0'.repeat(64) }],
  ['plugin/enable', { name: 'x' }],
  ['plugin/disable', { name: 'x' }],
  ['plugin/remove', { name: 'x' }],
  ['plugin/logs', { name: 'x' }],
]
/** Not called here: it would end the daemon. */
const uncalled = new Set([
  'daemon/shutdown',
  'daemon/handover',
  ...upkeep.map(([method]) => method),
])

test('the table has every method that needs a scope', () => {
  const named = new Set([...methods.map(([method]) => method), ...answersAll, ...uncalled])
  const missing = requests.filter(({ method, scope }) => scope !== undefined && !named.has(method))
  assert.deepEqual(
    missing.map(({ method }) => method).filter((method) => !method.startsWith('token/')),
    [],
  )
})

test('upkeep is refused to everybody without admin for all types', async (t) => {
  const { connect } = await startDaemon(t)
  const others = scopes.filter((scope) => scope !== 'admin')
  for (const narrow of [{ scopes: others }, { scopes: [...scopes], types: ['Note'] }]) {
    const client = await connect({ narrow })
    for (const [method, params] of upkeep) {
      assert.equal((await client.refused(method, params)).code, 40300, method)
    }
  }
})

test('a method serves exactly those who hold its scope for the type it is about', async (t) => {
  const { connect } = await startDaemon(t)
  const asked = [...scopes.map((scope) => ({ scopes: [scope], types: ['Note'] }))]
  for (const narrow of [...asked, ...scopes.map((scope) => ({ scopes: [scope] }))]) {
    const client = await connect({ narrow })
    for (const [method, needed, paramsOf] of methods) {
      for (const type of paramsOf === undefined ? ['Store'] : ['Note', 'Tally', 'Nothing']) {
        const has = narrow.scopes[0] === needed
        const holds = !('types' in narrow) || (paramsOf !== undefined && type === 'Note')
        const { error } = await client.answer(client.send(method, paramsOf?.(type) ?? {}))
        const told = `${method} ${type} with ${JSON.stringify(narrow)}: ${JSON.stringify(error)}`
        assert.equal(error?.code !== 40300, has && holds, told)
        if (error?.code === 40300) assert.equal(error.data.needs, needed, told)
      }
    }
    await client.close()
  }
})

test('a request over several types needs its scope for each of them', async (t) => {
  const { connect } = await startDaemon(t)
  const writer = await connect({ narrow: { scopes: ['write', 'admin'], types: ['Note'] } })
  const create = (type: string) => ({ op: 'create', type, data: { title: 'a' } })
  const both = [create('Note'), create('Tally')]
  const cases: readonly (readonly [string, object, string])[] = [
    ['record/transact', { operations: both }, 'write'],
    [
      'record/transact',
      { operations: [create('Note')], guards: [{ type: 'Note', id: 'a', version: null }] },
      'read',
    ],
    ['record/transact', { operations: [create('Note')], return: 'record' }, 'read'],
    ['record/create', { type: 'Note', data: { title: 'a' }, return: 'record' }, 'read'],
    [
      'record/import',
      { records: [{ type: 'Tally', id: 'a', data: {} }], return: 'record' },
      'admin',
    ],
  ]
  for (const [method, params, needs] of cases) {
    const error = await writer.refused(method, params)
    assert.equal(error.code, 40300, method)
    assert.equal(error.data.needs, needs, method)
  }
  const owner = await connect()
  assert.equal((await owner.call('record/count', { type: 'Note' })).count, 0)
})

test('an unreadable type answers like one that is not there', async (t) => {
  const { client } = await reader(t)
  for (const ask of [
    (type: string) => client.refused('record/get', { type, id: 'a' }),
    (type: string) => client.refused('record/list', { type, where: { total: 1 } }),
    (type: string) => client.refused('type/get', { type }),
    (type: string) => client.refused('subscription/open', { patterns: [`${type}.created`] }),
    (type: string) => client.refused('subscription/open', { patterns: [`{Note,${type}}.*`] }),
    (type: string) => client.refused('event/list', { patterns: [`${type}.*`] }),
    (type: string) => client.refused('subscription/open', { patterns: [`${type}*.created`] }),
  ]) {
    const [there, absent] = [await ask('Tally'), await ask('Absen')]
    assert.equal(JSON.stringify(there).replaceAll('Tally', 'Absen'), JSON.stringify(absent))
  }
})

test('what is misspelt is never corrected into the name of an unreadable type', async (t) => {
  const { client } = await reader(t, ['Note', 'Tallx'])
  const unknown = await client.refused('record/list', { type: 'Tallx' })
  assert.equal(unknown.code, 40401)
  assert.ok(!JSON.stringify(unknown).includes('Tally'))
  const pattern = await client.refused('subscription/open', { patterns: ['Tallx.*'] })
  assert.ok(!JSON.stringify(pattern).includes('Tally'))
  const own = await reader(t, ['Note', 'Notr'])
  assert.equal((await own.client.refused('record/list', { type: 'Notr' })).data.didYouMean, 'Note')
})

test('wide patterns leave out what may not be read, in events, snapshots and lists', async (t) => {
  const { client, owner } = await reader(t)
  await owner.call('record/create', { type: 'Tally', id: 'secret-before', data: { total: 7 } })
  const wide = await client.call('subscription/open', { patterns: ['*'], from: 'snapshot' })
  const narrowed = await client.call('subscription/open', { patterns: ['*.created'] })
  const all = await owner.call('subscription/open', { patterns: ['*'] })
  const both = await owner.call('record/transact', {
    operations: [
      { op: 'create', type: 'Tally', id: 'secret', data: { total: 7 } },
      { op: 'create', type: 'Note', id: 'open', data: { title: 'a' } },
    ],
  })
  await owner.call('event/publish', { topic: 'Tally2.said', payload: 'secret' })
  await client.call('subscription/flush', { subscriptionId: wide.subscriptionId })
  await client.call('subscription/flush', { subscriptionId: narrowed.subscriptionId })
  await owner.call('subscription/flush', { subscriptionId: all.subscriptionId })
  const topics = (events: { topic: string }[]): string[] => events.map(({ topic }) => topic)
  assert.deepEqual(topics(client.events(wide.subscriptionId)), ['Note.created'])
  assert.deepEqual(topics(client.events(narrowed.subscriptionId)), ['Note.created'])
  assert.equal(owner.events(all.subscriptionId).length, 3)
  assert.deepEqual(client.notifications('subscription/snapshot'), [])
  const listed = await client.call('event/list', {})
  assert.deepEqual(new Set(topics(listed.events)), new Set(['Note.created']))
  assert.equal(client.events(wide.subscriptionId)[0].txn, both.firstSeq)
  const { types } = await client.call('type/list', { count: true })
  assert.deepEqual(
    types.map(({ name }: { name: string }) => name),
    ['Note'],
  )
  assert.ok(!JSON.stringify(client.received).includes('secret'))
})

test('subscriptions with other rights want something else, and those with all share a key', () => {
  const pattern = new TopicPatterns({ patternMaxLength: 100 }).compile('*')
  const parts = { patterns: [pattern], include: 'record', windowEvents: 1 } as const
  const keys = [undefined, new Set<string>(), new Set(['Note']), new Set(['Tally'])].map(
    (reads) => select({ ...parts, reads }).key,
  )
  assert.equal(new Set(keys).size, 4)
  assert.equal(keys[0], select(parts).key)
  const [one, other] = [new Set(['Note', 'Tally']), new Set(['Tally', 'Note'])]
  assert.equal(select({ ...parts, reads: one }).key, select({ ...parts, reads: other }).key)
})

test('who may write and not read is told the version of a conflict, and nothing else', async (t) => {
  const { connect } = await startDaemon(t)
  const owner = await connect()
  const data = { title: 'marker', slug: 'taken', count: 1000 }
  await owner.call('record/create', { type: 'Note', id: 'a', data })
  const writer = await connect({ narrow: { principal: 'agent:w', scopes: ['write'] } })
  const lost = await writer.refused('record/update', {
    type: 'Note',
    id: 'a',
    expectedVersion: 9,
    set: {},
  })
  assert.deepEqual(lost.data.current, { version: 1 })
  assert.deepEqual(
    ['changedBy', 'changedAt', 'changedFields'].filter((name) => name in lost.data),
    [],
  )
  const exists = await writer.refused('record/create', {
    type: 'Note',
    id: 'a',
    data: { title: 'b' },
  })
  assert.deepEqual(exists.data.current, { version: 1 })
  const taken = await writer.refused('record/create', {
    type: 'Note',
    data: { title: 'b', slug: 'taken' },
  })
  assert.equal(taken.code, 40903)
  assert.equal(taken.data.existingId, undefined)
  const over = await writer.refused('record/update', {
    type: 'Note',
    id: 'a',
    apply: [{ field: 'count', op: 'increment', value: 1 }],
  })
  assert.equal(over.code, 40001)
  assert.deepEqual(over.data.issues, [{ path: 'count', message: 'would not fit' }])
  const told = JSON.stringify(writer.received)
  for (const secret of ['marker', '1001', 'owner']) {
    assert.ok(!told.replaceAll('"principal"', '').includes(secret), secret)
  }
})

test('a reader sees of the others at work nothing but its own', async (t) => {
  const { client, owner } = await reader(t)
  await owner.call('subscription/open', { patterns: ['Tally.*'], name: 'secret-position' })
  const mine = await client.call('daemon/status')
  assert.equal(mine.connections.length, 1)
  assert.ok(!JSON.stringify(mine).includes('Tally'))
  assert.ok(!JSON.stringify(mine).includes('secret-position'))
  assert.equal((await owner.call('daemon/status')).connections.length, 2)
})

test('an idempotency key is another one for another principal', async (t) => {
  const { client, owner, daemon } = await reader(t, ['Note'], ['read', 'write'])
  const create = { type: 'Note', data: { title: 'mine' }, idempotencyKey: 'k', return: 'record' }
  const first = await owner.call('record/create', create)
  const second = await client.call('record/create', create)
  assert.notEqual(second.id, first.id)
  assert.equal(second.replayed, undefined)
  const blind = await daemon.connect({ narrow: { principal: 'agent:r', scopes: ['write'] } })
  assert.equal((await blind.refused('record/create', create)).data.needs, 'read')
})

test('what a message says about its sender changes nothing', async (t) => {
  const { client, owner } = await reader(t, ['Note'], ['read', 'write'])
  const forged = { principal: 'owner', actor: { principal: 'owner' }, createdBy: 'owner' }
  const { record } = await client.call('record/create', {
    type: 'Note',
    data: { title: 'a' },
    return: 'record',
    ...forged,
    ...{ scopes: ['admin'], narrow: { scopes: ['admin'] }, claims: { agent: 'owner' } },
  })
  assert.equal(record.createdBy, 'agent:r')
  const { events } = await owner.call('event/list', { patterns: ['Note.*'] })
  const { actor } = events.at(-1)
  assert.deepEqual(actor, { principal: 'agent:r', client: 'test/1', scopes: ['read', 'write'] })
  for (const command of ['orion.record/purge', 'orion.daemon/shutdown']) {
    const error = await client.refused('workspace/executeCommand', {
      command,
      arguments: [{ type: 'Note', id: record.id, expectedVersion: 1, ...forged }],
    })
    assert.equal(error.code, 40300)
  }
})

test('the events of the owner carry no scopes', async (t) => {
  const owner = await (await startDaemon(t)).connect()
  await owner.call('record/create', { type: 'Note', data: { title: 'a' } })
  const { events } = await owner.call('event/list', {})
  assert.deepEqual(events[0].actor, { principal: 'owner', client: 'test/1' })
})

test('a session is taken over by its own principal alone', async (t) => {
  const { connect } = await startDaemon(t)
  const owner = await connect({ sessionId: 'one' })
  const other = await connect({ sessionId: 'one', narrow: { principal: 'agent:x' } })
  await owner.call('daemon/status')
  const again = await connect({ sessionId: 'one', narrow: { principal: 'agent:x' } })
  await other.closed
  await owner.call('daemon/status')
  await again.call('daemon/status')
})

/** A connection that may read some types, and one of the owner. */
async function reader(
  t: Parameters<typeof startDaemon>[0],
  types: readonly string[] = ['Note'],
  held: readonly Scope[] = ['read'],
): Promise<{ client: WireClient; owner: WireClient; daemon: TestDaemon }> {
  const daemon = await startDaemon(t)
  const owner = await daemon.connect()
  const client = await daemon.connect({
    narrow: { principal: 'agent:r', scopes: held, types },
  })
  return { client, owner, daemon }
}
