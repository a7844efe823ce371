/** Hooks before writes: what they see, change and refuse, and what happens when they say nothing. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Limits } from '../../daemon/limits.ts'
import {
  type Action,
  beforeWrite,
  type Client,
  DescribeAction,
  defineAction,
  definePlugin,
  ExecuteAction,
  type HookContext,
  type ProposedWrite,
  z,
} from '../../sdk/index.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { Note, Tally } from '../support/store.ts'

type Write = ProposedWrite<RecordData<typeof Note>>

/** A daemon with one plugin before the notes, and a client of it. */
async function world(
  t: TestContext,
  run: (write: Write, context: HookContext) => unknown,
  options: {
    readonly fail?: 'closed' | 'open'
    readonly limits?: Partial<Limits>
    readonly actions?: readonly Action[]
    readonly operations?: readonly ('create' | 'update' | 'delete' | 'archive' | 'restore')[]
  } = {},
): Promise<Client> {
  const { fail = 'closed', limits = {}, actions = [], operations } = options
  const gate = definePlugin({
    name: 'gate',
    apiVersion: 1,
    scopes: { read: ['Note', 'Tally'], write: ['Note', 'Tally'] },
    actions,
    hooks: [
      beforeWrite(Note, {
        fail,
        run: async (write, context) => (await run(write, context)) as undefined,
        ...(operations === undefined ? {} : { operations }),
      }),
    ],
  })
  return await daemonClient(t, await startDaemon(t, { plugins: [gate], limits }))
}

test('a hook sees each write as it would be, and who asks for it', async (t) => {
  const seen: Write[] = []
  const client = await world(t, (write) => void seen.push(write), {
    operations: ['create', 'update', 'delete'],
  })
  const notes = client.repository(Note)
  const { id } = await notes.create({ title: 'a' })
  await notes.update(id, { expectedVersion: 1, set: { title: 'b' } })
  await notes.update(id, { apply: [{ field: 'count', op: 'increment', value: 2 }] } as never)
  await notes.delete(id, { expectedVersion: 3 })
  assert.deepEqual(
    seen.map(({ op, before, after }) => [op, before?.version, after?.title, after?.count]),
    [
      ['create', undefined, 'a', undefined],
      ['update', 1, 'b', 0],
      ['update', 2, 'b', 2],
      ['delete', 3, undefined, undefined],
    ],
  )
  assert.deepEqual(
    new Set(seen.map((write) => `${write.principal} ${write.id}`)),
    new Set([`owner ${id}`]),
  )
})

test('what a hook adds is checked as if the writer had written it, and remembered with the key', async (t) => {
  let calls = 0
  const client = await world(t, ({ op }) => {
    calls++
    return op === 'create' ? { set: { extra: { stamp: calls } } } : { set: { count: 'many' } }
  })
  const notes = client.repository(Note)
  const first = await notes.create({ title: 'a' }, { idempotencyKey: 'one' })
  const again = await notes.create({ title: 'a' }, { idempotencyKey: 'one' })
  assert.deepEqual([again.id, again.replayed, calls], [first.id, true, 1])
  assert.deepEqual((await notes.get(first.id)).data.extra, { stamp: 1 })
  const changed = notes.update(first.id, { expectedVersion: 1, set: { title: 'b' } })
  await assert.rejects(changed, { kind: 'invalid_record' })
})

test('what a hook refuses is not written, in a transaction none of it', async (t) => {
  const client = await world(t, ({ after }) =>
    after?.title === 'bad' ? { refuse: 'no bad notes', path: 'title' } : undefined,
  )
  const refused = { kind: 'forbidden', message: /gate refuses it: title: no bad notes/ }
  await assert.rejects(client.repository(Note).create({ title: 'bad' }), refused)
  const create = (title: string) => ({ op: 'create' as const, type: 'Note', data: { title } })
  const both = client.transact({ operations: [create('good'), create('bad')] })
  await assert.rejects(
    both,
    (error: { data?: { operation?: number } }) => error.data?.operation === 1,
  )
  assert.equal((await client.repository(Note).count()).count, 0)
  await client.transact({ operations: [create('good')] })
  assert.equal((await client.repository(Note).count()).count, 1)
})

test('an action and a dry run pass by the same hooks', async (t) => {
  const save = defineAction('note.save', {
    description: 'Keeps a note.',
    input: z.object({ title: z.string().min(2) }),
    types: [Note],
    criteria: [
      {
        path: 'title',
        check: async ({ title }, { list }) =>
          (await list(Note, { where: { title } })).length > 0 ? 'is there already' : undefined,
      },
    ],
    apply: ({ title }) => [{ op: 'create', type: 'Note', data: { title } }],
  })
  const client = await world(
    t,
    ({ after }) => (after?.title === 'bad' ? { refuse: 'no bad notes' } : { set: { count: 7 } }),
    { actions: [save] },
  )
  const run = (title: string, more: object = {}) =>
    client.request(ExecuteAction, { action: 'note.save', params: { title }, ...more })
  await assert.rejects(run('bad'), { kind: 'forbidden', message: /no bad notes/ })
  await assert.rejects(run('bad', { dryRun: true }), { kind: 'forbidden' })
  await assert.rejects(run('x'), { kind: 'invalid_params', message: /title/ })
  await run('good')
  await assert.rejects(run('good'), { kind: 'invalid_request', message: /is there already/ })
  const { records } = await client.repository(Note).list()
  assert.deepEqual(
    records.map(({ data }) => [data.title, data.count]),
    [['good', 7]],
  )
  const described = await client.request(DescribeAction, { action: 'note.save' })
  assert.deepEqual(described.types, ['Note'])
})

/** A gate before which somebody else writes while it looks, so often. */
async function meddled(t: TestContext, times: number) {
  const seen: (number | undefined)[] = []
  let left = times
  const client: Client = await world(
    t,
    async ({ op, before, after }) => {
      if (op !== 'update' || after?.ratio !== before?.data.ratio) return undefined
      seen.push(before?.version)
      if (left-- > 0 && before !== undefined) {
        const { id, version: expectedVersion } = before
        const set = { ratio: left }
        await client.repository(Note).update(id, { expectedVersion, set })
      }
      return undefined
    },
    { limits: { hookRoundsMax: 3 } },
  )
  return { client, seen }
}

const bump = (client: Client, id: string, more: object = {}) =>
  client.transact({
    operations: [
      { op: 'update', type: 'Note', id, apply: [{ field: 'count', op: 'increment', value: 1 }] },
    ],
    ...more,
  })

test('a hook looks again when the record has changed meanwhile', async (t) => {
  const { client, seen } = await meddled(t, 2)
  const { id } = await client.repository(Note).create({ title: 'a' })
  await bump(client, id)
  assert.deepEqual(seen, [1, 2, 3])
  assert.equal((await client.repository(Note).get(id)).data.count, 1)
})

test('a record that changes each time the hook looks is a conflict', async (t) => {
  const { client, seen } = await meddled(t, 100)
  const { id } = await client.repository(Note).create({ title: 'a' })
  await assert.rejects(bump(client, id), { kind: 'conflict' })
  assert.deepEqual(seen, [1, 2, 3])
  assert.equal((await client.repository(Note).get(id)).data.count, 0)
})

test('a write that must lose loses as without a hook, and nobody is asked', async (t) => {
  const seen: string[] = []
  const client = await world(t, ({ op }) => void seen.push(op))
  const notes = client.repository(Note)
  await notes.create({ title: 'a' }, { id: 'a' } as never)
  const { id } = await notes.create({ title: 'b' })
  await notes.update(id, { expectedVersion: 1, set: { title: 'c' } })
  seen.length = 0
  await assert.rejects(notes.update(id, { expectedVersion: 1, set: { title: 'd' } }), {
    kind: 'conflict',
  })
  await assert.rejects(notes.update('nobody', { expectedVersion: 1, set: { title: 'd' } }), {
    kind: 'not_found',
  })
  assert.deepEqual(seen, [])
})

for (const { fail, what, run, says } of [
  { fail: 'closed', what: 'throws', run: () => assert.fail('broken'), says: /broken/ },
  {
    fail: 'closed',
    what: 'never answers',
    run: () => new Promise(() => {}),
    says: /no answer within \d+ ms/,
  },
  { fail: 'closed', what: 'answers nonsense', run: () => ({ unset: [1] }), says: /wrongly/ },
  { fail: 'open', what: 'throws', run: () => assert.fail('broken'), says: undefined },
  { fail: 'open', what: 'never answers', run: () => new Promise(() => {}), says: undefined },
] as const) {
  test(`a hook that fails ${fail} and ${what} ${says ? 'stops the write' : 'is passed by'}`, async (t) => {
    const client = await world(t, run, { fail, limits: { hookMaxMs: 300 } })
    const written = client.repository(Note).create({ title: 'a' })
    if (says === undefined) await written
    else await assert.rejects(written, { kind: 'forbidden', message: says })
    assert.equal((await client.repository(Tally).create({})).version, 1, 'other types go on')
  })
}

test('a hook reads, and what it tries to write is refused', async (t) => {
  let problem: unknown
  let client: Client | undefined
  const writer = definePlugin({
    name: 'writer',
    apiVersion: 1,
    scopes: { read: 'all', write: 'all' },
    start: (context) => {
      client = context.client
    },
    hooks: [
      beforeWrite(Note, {
        fail: 'closed',
        run: async (_write, { get, list }) => {
          const total = (await list(Tally)).length
          assert.equal(await get(Note, 'nobody'), undefined)
          await client
            ?.repository(Tally)
            .create({ total })
            .catch((error: unknown) => {
              problem = error
            })
          return { set: { count: total } }
        },
      }),
    ],
  })
  const owner = await daemonClient(t, await startDaemon(t, { plugins: [writer] }))
  await owner.repository(Tally).create({})
  const { id } = await owner.repository(Note).create({ title: 'a' })
  assert.equal((await owner.repository(Note).get(id)).data.count, 1)
  assert.match(String(problem), /a hook can’t write, and asked for record\/create/)
  assert.equal((await owner.repository(Tally).count()).count, 1)
})

test('a plugin that is asked too much at once says so for the rest', async (t) => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const limits = { pluginCallsMax: 2, hookMaxMs: 60_000 }
  const client = await world(t, () => held, { limits })
  const writes = [1, 2, 3].map((count) =>
    client.repository(Note).create({ title: `${count}` }, { timeoutMs: 60_000 }),
  )
  await client.repository(Tally).create({})
  release()
  const written = await Promise.all(writes)
  assert.equal(written.length, 3, 'the third is sent again until there is room')
})
