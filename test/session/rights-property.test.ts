/** Whatever a connection asks, in whatever order: it never sees a byte of what it may not read. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { integer, list, reference, text } from '../../sdk/field.ts'
import { type Scope, scopes } from '../../sdk/protocol/schemas.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const names = ['Alpha', 'Beta', 'Gamma'] as const
/** A type that nobody is given and that no request names. */
const unnamed = 'Zukunftsplan'
/** Clients' own topics, too, are somebody's. */
const words = [...names, unnamed, 'Build'] as const
const ids = ['r0', 'r1', 'r2', 'new']

const definitionOf = (name: string) =>
  defineRecordType(name, {
    description: markerOf(name),
    fields: {
      title: text({ searchable: true }),
      slug: text({ optional: true, unique: true }),
      tags: list(text(), { default: [] }),
      count: integer({ default: 0, maximum: 5 }),
      about: list(reference('*'), { default: [] }),
    },
  }).definition

/** Stands in everything that belongs to a type. */
function markerOf(name: string): string {
  return `<<of ${name.toLowerCase()}>>`
}

interface Asked {
  readonly method: string
  readonly params: Parsed
}

const typeName = fc.constantFrom(...names)
const id = fc.constantFrom(...ids)
const version = fc.integer({ min: 1, max: 4 })
const field = fc.constantFrom('title', 'slug', 'tags', 'count', 'no')
const where = fc.option(
  fc.constantFrom(
    { title: { contains: 'of' } },
    { count: { gte: 0 } },
    { no: 1 },
    { slug: { isNull: true } },
  ),
  { nil: undefined },
)
const expand = fc.constantFrom(['about'], undefined)
const pattern = fc.oneof(
  fc.constantFrom(
    '*',
    '*.created',
    '?*',
    '[AB]*',
    '{Alpha,Beta}.*',
    'Z*',
    '*a*',
    'Build.*',
    '*.said',
  ),
  typeName.map((name) => `${name}.*`),
)
const options = fc.record(
  {
    dryRun: fc.boolean(),
    return: fc.constant('record'),
    idempotencyKey: fc.constantFrom('k1', 'k2'),
    force: fc.boolean(),
  },
  { requiredKeys: [] },
)
const data = fc.constantFrom(
  { title: 'mine' },
  { title: 'mine', slug: 'taken0' },
  { title: 'mine', count: 9 },
  { title: 'mine', about: ['Alpha/r0', 'Gamma/r1'] },
  {},
)
const update = fc.record({
  set: fc.constantFrom(
    {},
    { title: 'mine' },
    { slug: 'taken1' },
    { count: 5 },
    { about: ['Beta/r0'] },
    { about: ['Gamma/no'] },
  ),
  apply: fc.constantFrom(
    [],
    [{ field: 'count', op: 'increment', value: 3 }],
    [{ field: 'tags', op: 'append', value: 1 }],
  ),
  expectedVersion: version,
})
const operation = fc.oneof(
  fc.record({ op: fc.constant('create'), type: typeName, id, data }),
  fc
    .tuple(typeName, id, update)
    .map(([type, key, more]) => ({ op: 'update', type, id: key, ...more })),
  fc.record({
    op: fc.constantFrom('delete', 'archive'),
    type: typeName,
    id,
    expectedVersion: version,
  }),
)

/** Requests, each with what may differ in it. */
const requests: readonly fc.Arbitrary<Asked>[] = [
  call(
    'record/get',
    fc.record({ type: typeName, id, version, expand }, { requiredKeys: ['type', 'id'] }),
  ),
  call('record/getMany', fc.record({ keys: fc.array(fc.record({ type: typeName, id })) })),
  call('record/list', fc.record({ type: typeName, where, expand })),
  call('record/count', fc.record({ type: typeName, where, groupBy: field })),
  call('record/explain', fc.record({ type: typeName, where })),
  call('record/history', fc.record({ type: typeName, id })),
  call('record/blame', fc.record({ type: typeName, id })),
  call(
    'record/referrers',
    fc.record({ type: typeName, id, from: typeName }, { requiredKeys: ['type', 'id'] }),
  ),
  call('record/search', fc.record({ query: fc.constant('of') })),
  call(
    'record/search',
    fc.record({
      query: fc.constant('of'),
      types: fc.array(typeName, { minLength: 1, maxLength: 2 }),
      highlight: fc.constant(true),
    }),
  ),
  call('type/list', fc.record({ count: fc.boolean() })),
  call('type/get', fc.record({ type: typeName })),
  call(
    'type/define',
    typeName.map((name) => ({ definition: definitionOf(name), dryRun: true })),
  ),
  call('type/history', fc.record({ type: typeName })),
  call(
    'type/migrate',
    fc.record({ type: typeName, migrations: fc.constant([]), dryRun: fc.constant(true) }),
  ),
  call('event/list', fc.record({ patterns: fc.array(pattern, { minLength: 1, maxLength: 2 }) })),
  call('event/list', fc.constant({})),
  call(
    'subscription/open',
    fc.record(
      {
        patterns: fc.array(pattern, { minLength: 1, maxLength: 2 }),
        from: fc.constantFrom('now', 'snapshot'),
        policy: fc.constantFrom('park', 'coalesce'),
        where,
        name: fc.constantFrom('p'),
      },
      { requiredKeys: ['patterns', 'from'] },
    ),
  ),
  call(
    'record/create',
    fc.tuple(fc.record({ type: typeName, id, data }), options).map(([a, b]) => ({ ...a, ...b })),
  ),
  call(
    'record/update',
    fc
      .tuple(typeName, id, update, options)
      .map(([type, key, a, b]) => ({ type, id: key, ...a, ...b })),
  ),
  call(
    'record/purge',
    fc
      .tuple(typeName, id, options)
      .map(([type, key, a]) => ({ type, id: key, expectedVersion: 1, ...a })),
  ),
  call(
    'record/transact',
    fc
      .tuple(
        fc.array(operation, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ type: typeName, id, version }), { maxLength: 2 }),
        options,
      )
      .map(([operations, guards, a]) => ({ operations, guards, ...a })),
  ),
  call(
    'record/import',
    fc
      .tuple(fc.record({ type: typeName, id, data }), options)
      .map(([record, a]) => ({ records: [record], ...a })),
  ),
  call(
    'event/publish',
    fc.constantFrom(...words.slice(0, 3), 'Build').map((word) => ({ topic: `${word}.said` })),
  ),
  call(
    'proposal/create',
    fc
      .tuple(fc.array(operation, { minLength: 1, maxLength: 2 }), id, fc.boolean())
      .map(([operations, key, submit]) => ({ operations, id: key, submit, expiresInMs: 60_000 })),
  ),
  ...['proposal/submit', 'proposal/cancel', 'proposal/execute', 'proposal/diff'].map((method) =>
    call(method, fc.record({ id })),
  ),
  ...['proposal/approve', 'proposal/reject'].map((method) =>
    call(
      method,
      fc.record({ id, digest: fc.constant('0'.repeat(64)), comment: fc.constant('no') }),
    ),
  ),
  call('daemon/status', fc.constant({})),
  call('token/list', fc.constant({})),
]

function call(method: string, params: fc.Arbitrary<Parsed>): fc.Arbitrary<Asked> {
  return params.map((value) => ({ method, params: JSON.parse(JSON.stringify(value)) }))
}

/** What each scope holds for: nothing, some, or everything; never everything for reading. */
const rights = fc.record(
  Object.fromEntries(
    scopes.map((scope) => {
      const some = fc.subarray(['Alpha', 'Beta', 'Build'], { minLength: 1 })
      const more = scope === 'read' ? some : fc.oneof(some, fc.constant('all' as const))
      return [scope, fc.option(more, { nil: undefined, freq: scope === 'read' ? 9 : 1 })]
    }),
  ),
)

/** What tells of everything is asked each time. */
const always: readonly Asked[] = [
  { method: 'subscription/open', params: { patterns: ['*'], from: 'snapshot' } },
  { method: 'subscription/open', params: { patterns: ['*', 'Build.*'], allowUnknown: true } },
  { method: 'subscription/open', params: { patterns: ['*.*d'], policy: 'coalesce' } },
]

test('a connection with any rights never sees a byte of what it may not read', async (t) => {
  const world = await makeWorld(t)
  let seen = 0
  await fc.assert(
    fc.asyncProperty(
      rights,
      fc.array(fc.oneof(...requests), { minLength: 25, maxLength: 40 }),
      async (held, asked) => {
        const received = await ask(world, held, [
          ...always,
          ...asked,
          { method: 'event/list', params: {} },
        ])
        const readable = new Set(held.read ?? [])
        for (const word of words) {
          const marker = markerOf(word)
          if (readable.has(word)) seen += received.split(marker).length - 1
          else assert.ok(!received.includes(marker), `saw ${excerpt(received, marker)}`)
        }
        // Who looks after the whole store sees in its status what others watch, by name.
        if (held.admin === 'all') return
        assert.ok(!received.includes(unnamed), `saw ${excerpt(received, unnamed)}`)
      },
    ),
    { numRuns: process.env.ORION_LONG === '1' ? 300 : 25 },
  )
  // Otherwise nothing would be seen by anybody, and nothing proved.
  assert.ok(seen > 100, `${seen} markers that might be read`)
})

interface World {
  readonly place: TestDaemon
  readonly owner: WireClient
  round: number
}

async function makeWorld(t: TestContext): Promise<World> {
  const types = [...names, unnamed].map(definitionOf)
  const place = await startDaemon(t, { types, limits: { tokensMax: 10_000 } })
  return { place, owner: await place.connect(), round: 0 }
}

/** Sends the requests while the owner writes, and gives all that came back as text. */
async function ask(
  world: World,
  held: { readonly [scope: string]: readonly string[] | 'all' | undefined },
  asked: readonly Asked[],
): Promise<string> {
  const { owner, place } = world
  const heldScopes = scopes.filter((scope) => held[scope] !== undefined)
  if (heldScopes.length === 0) return ''
  const limited = heldScopes.filter((scope) => held[scope] !== 'all')
  const made = await owner.call('token/create', {
    name: `agent:${world.round}`,
    scopes: heldScopes,
    types: Object.fromEntries(limited.map((scope: Scope) => [scope, held[scope]])),
  })
  await write(world)
  const client = await place.connect({ token: made.token })
  const opened: string[] = []
  for (const [index, { method, params }] of asked.entries()) {
    const asCommand = index % 5 === 4
    const sent = asCommand
      ? client.send('workspace/executeCommand', { command: `orion.${method}`, arguments: [params] })
      : client.send(method, params)
    if (index % 10 === 5) await write(world)
    const { result } = await client.answer(sent)
    if (result?.subscriptionId !== undefined) opened.push(result.subscriptionId)
  }
  await write(world)
  for (const subscriptionId of opened) {
    await client.answer(client.send('subscription/flush', { subscriptionId }))
  }
  await client.close()
  return JSON.stringify(client.received)
}

/** The owner's part: new, changed and removed records of every type, alone and together, and events. */
async function write(world: World): Promise<void> {
  const { owner } = world
  const round = world.round++
  const operations = [...names, unnamed].map((type) => ({
    op: 'create',
    type,
    id: `t${round}`,
    data: {
      title: markerOf(type),
      tags: [markerOf(type)],
      about: names.map((name) => `${name}/t${round}`),
    },
  }))
  await owner.call('record/transact', { operations })
  for (const type of [...names, unnamed]) {
    const marker = markerOf(type)
    const key = ids[round % 3] ?? 'r0'
    const slug = `taken${round % 3}`
    const reason = marker
    const create = { type, id: key, data: { title: marker, count: 4 }, reason }
    await owner.answer(owner.send('record/create', create))
    await owner.answer(
      owner.send('record/update', {
        type,
        id: key,
        set: { slug, tags: [marker], about: names.map((name) => `${name}/t${round}`) },
        force: true,
        reason,
      }),
    )
    if (round % 4 === 3) {
      await owner.answer(owner.send('record/delete', { type, id: key, force: true, reason }))
    }
  }
  await owner.answer(
    owner.send('proposal/create', {
      id: ids[round % 3],
      operations: [
        { op: 'create', type: names[round % 3], data: { title: markerOf(names[round % 3] ?? '') } },
        { op: 'create', type: unnamed, data: { title: markerOf(unnamed) } },
      ],
      reason: markerOf(unnamed),
      submit: round % 2 === 0,
    }),
  )
  // Topics of record types can't be published: those of other words are.
  await owner.call('event/publish', { topic: 'Build.said', payload: markerOf('Build') })
  await owner
    .call('subscription/open', { patterns: [`${unnamed}.*`], name: unnamed })
    .then(({ subscriptionId }) => owner.call('subscription/close', { subscriptionId }))
}

function excerpt(text: string, part: string): string {
  const at = text.indexOf(part)
  return text.slice(Math.max(0, at - 400), at + 100)
}
