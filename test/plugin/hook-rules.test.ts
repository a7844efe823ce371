/** What holds for hooks whatever they do: their order, their time, what they are bound to, and that they can't write. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HookedOperations } from '../../daemon/governance/hooked-operations.ts'
import { HookedWrites } from '../../daemon/governance/hooked-writes.ts'
import type { Limits } from '../../daemon/limits.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import {
  ApplySimulation,
  beforeWrite,
  type Client,
  definePlugin,
  ExecuteAction,
  type HookContext,
  isOrionError,
  type ProposedWrite,
} from '../../sdk/index.ts'
import type { Record, WriteResult } from '../../sdk/model.ts'
import { ExecuteCommand } from '../../sdk/protocol/handshake.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { caller, Note, Tally } from '../support/store.ts'

type Write = ProposedWrite<RecordData<typeof Note>>

/** A plugin that does one thing before notes are written, and hands out its own client. */
function gate(
  name: string,
  run: (write: Write, context: HookContext) => unknown,
  options: {
    readonly fail?: 'closed' | 'open'
    readonly timeMaxMs?: number
    readonly start?: (client: Client) => void
  } = {},
) {
  const { fail = 'closed', timeMaxMs, start } = options
  return definePlugin({
    name,
    apiVersion: 1,
    scopes: { read: ['Note', 'Tally'], write: ['Note', 'Tally'], publish: ['Gate'] },
    start: ({ client }) => start?.(client),
    hooks: [
      beforeWrite(Note, {
        fail,
        ...(timeMaxMs === undefined ? {} : { timeMaxMs }),
        run: async (write, context) => (await run(write, context)) as undefined,
      }),
    ],
  })
}

async function world(
  t: TestContext,
  plugins: readonly ReturnType<typeof gate>[],
  limits: Partial<Limits> = {},
): Promise<Client> {
  return await daemonClient(t, await startDaemon(t, { plugins, limits }))
}

test('hooks of several plugins are asked by name, and each sees what those before it have changed', async (t) => {
  const seen: unknown[] = []
  const looking = (name: string, count: number) =>
    gate(name, ({ after }) => {
      seen.push([name, after?.count, after?.title])
      return { set: { count, title: `${after?.title}${name}` } }
    })
  const client = await world(t, [looking('b', 2), looking('a', 1), looking('c', 3)])
  const { id } = await client.repository(Note).create({ title: '-' })
  assert.deepEqual(seen, [
    ['a', undefined, '-'],
    ['b', 1, '-a'],
    ['c', 2, '-ab'],
  ])
  const { data } = await client.repository(Note).get(id)
  assert.deepEqual([data.count, data.title], [3, '-abc'])
})

for (const { what, timeMaxMs, hookMaxMs, says } of [
  { what: 'its own', timeMaxMs: 50, hookMaxMs: 60_000, says: /no answer within ([1-4]?\d|50) ms/ },
  {
    what: 'that of all',
    timeMaxMs: 60_000,
    hookMaxMs: 50,
    says: /no answer within ([1-4]?\d|50) ms/,
  },
]) {
  test(`a hook has the shorter of two times: ${what}`, async (t) => {
    const slow = gate('slow', () => new Promise(() => {}), { timeMaxMs })
    const client = await world(t, [slow], { hookMaxMs })
    await assert.rejects(client.repository(Note).create({ title: 'a' }), {
      kind: 'forbidden',
      message: says,
    })
  })
}

for (const { what, change } of [
  {
    what: 'an operator',
    change: { apply: [{ field: 'count', op: 'increment', value: 1 }] },
  },
  { what: 'a write by force', change: { set: { count: 1 }, force: true } },
]) {
  test(`${what}, which would fit any version, is bound to the one that the hook saw`, async (t) => {
    const seen: (number | undefined)[] = []
    let meddles = true
    const client: Client = await world(t, [
      gate('gate', async ({ op, before, after }) => {
        if (op !== 'update' || after?.count === before?.data.count) return
        seen.push(before?.version)
        if (!meddles || before === undefined) return
        meddles = false
        await client
          .repository(Note)
          .update(before.id, { expectedVersion: before.version, set: { title: 'other' } })
      }),
    ])
    const notes = client.repository(Note)
    const { id } = await notes.create({ title: 'a' })
    const { version } = await notes.update(id, change as never)
    assert.deepEqual([seen, version], [[1, 2], 3])
  })
}

test('a write that was bound to lose and no longer is goes by its hooks first', async () => {
  const record = { type: 'Note', id: 'a', version: 1, data: { title: 'old' } } as never as Record
  let stored: Record | undefined
  const asked: unknown[] = []
  const store = {
    getMany: async () => ({ records: [stored ?? null] }),
    typeDefinition: () => Note.definition,
  } as never as StoreApi
  const operations = new HookedOperations(store, {
    any: true,
    of: () => [
      {
        plugin: 'gate',
        operations: new Set(['update'] as const),
        ask: async ({ before }) => {
          asked.push(before?.version)
          return { set: { count: 1 } }
        },
      },
    ],
  })
  const written: { readonly dryRun: unknown; readonly set: unknown }[] = []
  const params = { type: 'Note', id: 'a', set: { title: 'new' }, force: true }
  await new HookedWrites(store as never, operations, 3).one(
    {
      op: 'update',
      params: params as never,
      write: async ({ dryRun, set }: { dryRun?: boolean; set?: unknown } & typeof params) => {
        written.push({ dryRun, set })
        // Somebody has made it since it was looked for.
        stored = record
        return {} as WriteResult
      },
    },
    caller(),
  )
  assert.deepEqual(asked, [1])
  assert.deepEqual(written, [
    { dryRun: true, set: { title: 'new' } },
    { dryRun: undefined, set: { title: 'new', count: 1 } },
  ])
})

test('a refusal names an operation where there are several, and none for a single write', async (t) => {
  const client = await world(t, [gate('gate', () => ({ refuse: 'not today' }))])
  const told = async (what: Promise<unknown>): Promise<unknown> =>
    await what.then(
      () => 'done',
      (error: unknown) => isOrionError(error, 'forbidden') && error.data.operation,
    )
  const create = { op: 'create', type: 'Note', data: { title: 'a' } } as const
  assert.equal(await told(client.repository(Note).create({ title: 'a' })), undefined)
  assert.equal(await told(client.transact({ operations: [create] })), 0)
})

for (const { how, write } of [
  { how: 'by a record', write: (client: Client) => client.repository(Tally).create({ total: 9 }) },
  { how: 'by an event', write: (client: Client) => client.publish('Gate.said') },
  {
    how: 'by an action',
    write: (client: Client) =>
      client.request(ExecuteAction, { action: 'memory.save_insight', params: {} }),
  },
  {
    how: 'by what was simulated',
    write: (client: Client) =>
      client.request(ApplySimulation, {
        operations: [{ op: 'create', type: 'Tally', data: {} }],
        digest: '',
        as: 'transaction',
      }),
  },
  {
    how: 'by a command',
    write: (client: Client) =>
      client.request(ExecuteCommand, {
        command: 'orion.record/create',
        arguments: [{ type: 'Tally', data: {} }],
      }),
  },
]) {
  test(`the SDK refuses a hook that writes ${how}`, async (t) => {
    let own: Client | undefined
    let problem: unknown
    const hook = gate(
      'gate',
      async () => {
        assert.ok(own)
        await write(own).catch((error: unknown) => {
          problem = error
        })
      },
      {
        start: (client) => {
          own = client
        },
      },
    )
    const client = await world(t, [hook])
    await client.repository(Note).create({ title: 'a' })
    assert.match(String(problem), /a hook can’t write, and asked for /)
    assert.equal((await client.repository(Tally).count()).count, 0)
  })
}

/** A plugin that writes for its hook where the SDK does not see that it is one: in a part that has run since it started. */
function conspiracy(
  run: (context: HookContext, writeElsewhere: () => Promise<unknown>) => unknown,
) {
  let own: Client | undefined
  const wanted: ((done: Promise<unknown>) => void)[] = []
  let wake: () => void = () => {}
  const elsewhere = async (client: Client): Promise<void> => {
    for (;;) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      wanted.shift()?.(client.repository(Tally).create({ total: 1 }))
    }
  }
  const ask = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      wanted.push((done) => void done.then(resolve, reject))
      wake()
    })
  return gate('sly', (_write, context) => run(context, ask), {
    start: (client) => {
      own = client
      void elsewhere(own)
    },
  })
}

test('the daemon writes nothing of a plugin while a hook of it has not answered', async (t) => {
  let later: Promise<unknown> | undefined
  const sly = conspiracy(async ({ list }, writeElsewhere) => {
    later = writeElsewhere()
    const counts: number[] = []
    // Each comes after the write on the same connection.
    for (let times = 0; times < 5; times++) counts.push((await list(Tally)).length)
    return { set: { count: Math.max(...counts) } }
  })
  const client = await world(t, [sly], { hookMaxMs: 60_000 })
  const { id } = await client.repository(Note).create({ title: 'a' })
  assert.equal((await client.repository(Note).get(id)).data.count, 0)
  await later
  assert.equal((await client.repository(Tally).count()).count, 1, 'it was only held')
})

test('a hook that waits for a write of its own gives no answer, and others are not held up by it', async (t) => {
  let outcome: Promise<unknown> | undefined
  const sly = conspiracy(async (_context, writeElsewhere) => {
    outcome ??= writeElsewhere()
    await outcome
  })
  const client = await world(t, [sly], { hookMaxMs: 300 })
  const refused = client.repository(Note).create({ title: 'a' })
  await client.repository(Tally).create({ total: 2 })
  await assert.rejects(refused, { kind: 'forbidden', message: /no answer within \d+ ms/ })
  assert.equal((await client.repository(Note).count()).count, 0)
  // Its hook is over, so what it sends again is a write like any other of the plugin.
  await outcome
  const { records } = await client
    .repository(Tally)
    .list({ orderBy: [{ field: 'total' }] } as never)
  assert.deepEqual(
    records.map(({ data, createdBy }) => [data.total, createdBy]),
    [
      [1, 'plugin:sly'],
      [2, 'owner'],
    ],
  )
})
