/** Handlers of committed events: each event in order, again until it is handled, and no loop without end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDaemon } from '../../daemon/testing/index.ts'
import { afterCommit, type Client, DaemonStatus, definePlugin } from '../../sdk/index.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { Note, Tally } from '../support/store.ts'

/** A handler begins with what comes after its plugin has started. */
async function whenRunning(client: Client): Promise<void> {
  for (;;) {
    const { plugins = [] } = await client.request(DaemonStatus, {})
    if (plugins.every(({ state }) => state === 'running')) return
  }
}

test('a handler that fails gets the same event again, and what it wrote already is not written twice', async (t) => {
  const seen: string[] = []
  const plugin = definePlugin({
    name: 'count',
    apiVersion: 1,
    scopes: { read: ['Note'], write: ['Tally'] },
    on: [
      afterCommit('each', Note, {
        operations: ['created'],
        run: async ({ record }, { client, idempotencyKey }) => {
          const title = record?.data.title ?? ''
          await client.repository(Tally).create({ total: 1 }, { idempotencyKey: idempotencyKey() })
          seen.push(title)
          if (title === 'b' && seen.length < 4) throw new Error('not yet')
        },
      }),
    ],
  })
  const client = await daemonClient(t, await startDaemon(t, { plugins: [plugin] }))
  await whenRunning(client)
  const tallies = await client.subscribe(Tally)
  for (const title of ['a', 'b', 'c']) await client.repository(Note).create({ title })
  for (const _ of ['a', 'b', 'c']) await tallies.next()
  assert.equal((await client.repository(Tally).count()).count, 3)
  assert.deepEqual(seen.slice(0, 4), ['a', 'b', 'b', 'b'])
})

test('a handler that reacts to its own writes is cut off', async (t) => {
  let refused: (error: unknown) => void = () => {}
  const cut = new Promise((resolve) => {
    refused = resolve
  })
  const plugin = definePlugin({
    name: 'echo',
    apiVersion: 1,
    scopes: { read: ['Tally'], write: ['Tally'] },
    on: [
      afterCommit('echo', Tally, {
        retriesMax: 0,
        run: async ({ record }, { client }) => {
          const total = (record?.data.total ?? 0) + 1
          if (total > 20) return refused('nobody has cut it off')
          await client.repository(Tally).create({ total }).catch(refused)
        },
      }),
    ],
  })
  const limits = { causeDepthMax: 5 }
  const client = await daemonClient(t, await startDaemon(t, { plugins: [plugin], limits }))
  await whenRunning(client)
  await client.repository(Tally).create({ total: 0 })
  assert.match(String(await cut), /5 events follow from one another already/)
  assert.equal((await client.repository(Tally).count()).count, 6)
})

test('a plugin may do what it asked for and nothing else', async (t) => {
  let tried: (outcome: readonly string[]) => void = () => {}
  const outcome = new Promise<readonly string[]>((resolve) => {
    tried = resolve
  })
  const plugin = definePlugin({
    name: 'meek',
    apiVersion: 1,
    scopes: { read: ['Note'] },
    start: async ({ client }) => {
      const told = async (what: Promise<unknown>) =>
        await what.then(
          () => 'done',
          (error: Error & { kind?: string }) => error.kind ?? '',
        )
      tried([
        client.server.principal,
        await told(client.repository(Note).list()),
        await told(client.repository(Note).create({ title: 'a' })),
        await told(client.repository(Tally).list()),
        await told(client.publish('Meek.said')),
      ])
    },
  })
  await startDaemon(t, { plugins: [plugin] })
  assert.deepEqual(await outcome, ['plugin:meek', 'done', 'forbidden', 'forbidden', 'forbidden'])
})

for (const { afterRetries, handled } of [
  { afterRetries: 'skip', handled: ['a 1', 'bad 1', 'bad 2', 'c 1'] },
  { afterRetries: 'stop', handled: ['a 1', 'bad 1', 'bad 2'] },
] as const) {
  test(`a handler that has failed too often ${afterRetries}s`, async (t) => {
    const seen: string[] = []
    const times = new Map<string, number>()
    const plugin = definePlugin({
      name: 'fussy',
      apiVersion: 1,
      scopes: { read: ['Note'] },
      on: [
        afterCommit('each', Note, {
          retriesMax: 1,
          afterRetries,
          run: ({ record }) => {
            const title = record?.data.title ?? ''
            const count = (times.get(title) ?? 0) + 1
            times.set(title, count)
            seen.push(`${title} ${count}`)
            if (title === 'bad') throw new Error('never')
          },
        }),
      ],
    })
    const daemon = await testDaemon({ plugins: [plugin], types: [Note] })
    t.after(() => daemon.close())
    const client = await daemon.client()
    for (const title of ['a', 'bad', 'c']) await client.repository(Note).create({ title })
    if (afterRetries === 'skip') await daemon.settled()
    else await assert.rejects(daemon.settled({ timeoutMs: 1000 }), /each of plugin fussy/)
    assert.deepEqual(seen, handled)
    if (afterRetries === 'skip') return
    await daemon.restart()
    while (seen.at(-1) !== 'bad 3') await new Promise((resolve) => setImmediate(resolve))
    assert.equal(seen.length, 4, 'it goes on where it stopped, and tries that again')
  })
}
