/** Calls that take a while: told how long, given up, and what a daemon that is lost does to them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { connectAgent } from './agent-client.ts'

/** What never comes ends the test that waits for it, by its name. */
const testMaxMs = 60_000

const insight = (summary: string) => ({
  op: 'create',
  type: 'OrionInsight',
  data: { summary, domain: 'ci' },
})
const wait = { name: 'events', arguments: { patterns: ['Build.*'], waitSeconds: 25 } }

/** How many requests of an agent the daemon works on. */
function atWork({ daemon }: TestDaemon, name: string): number {
  const { connections } = daemon.status()
  const agents = connections.filter(({ principal }) => principal === `agent:${name}`)
  return agents.reduce((sum, { inFlight }) => sum + inFlight, 0)
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn()
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

for (const era of ['auto', 'legacy'] as const) {
  test(`who asks for it is told that a call is still under way, era ${era}`, {
    timeout: testMaxMs,
  }, async (t) => {
    const daemon = await startDaemon(t)
    const owner = await daemon.connect()
    await owner.call('event/publish', { topic: 'Build.begun', payload: {} })
    const { client, call } = await connectAgent(t, daemon, { era })
    await call('events')
    const told: number[] = []
    let second = (): void => {}
    const toldTwice = new Promise<void>((resolve) => {
      second = resolve
    })
    const waiting = client.callTool(wait, {
      onprogress: ({ progress }) => {
        told.push(progress)
        if (told.length === 2) second()
      },
    })
    await toldTwice
    assert.deepEqual(told, [1, 2])
    await owner.call('event/publish', { topic: 'Build.finished', payload: {} })
    assert.match(JSON.stringify((await waiting).content), /Build\.finished/)
  })

  test(`a call that its client gives up is ended in the daemon too, era ${era}`, {
    timeout: testMaxMs,
  }, async (t) => {
    const daemon = await startDaemon(t)
    const owner = await daemon.connect()
    await owner.call('event/publish', { topic: 'Build.begun', payload: {} })
    const { client, call } = await connectAgent(t, daemon, { era })
    await call('events')
    // It waits less long, and would be the first to end.
    const other = await connectAgent(t, daemon, { name: 'other' })
    await other.call('get')
    const sooner = other.call('events', { ...wait.arguments, waitSeconds: 15 })
    const giveUp = new AbortController()
    const waiting = assert.rejects(client.callTool(wait, { signal: giveUp.signal }))
    await until(() => atWork(daemon, 'tester') === 1 && atWork(daemon, 'other') === 1)
    giveUp.abort()
    await waiting
    await until(() => atWork(daemon, 'tester') === 0)
    assert.equal(atWork(daemon, 'other'), 1)
    await owner.call('event/publish', { topic: 'Build.finished', payload: {} })
    assert.match(await call('events'), /^Build\.finished/m, 'it has taken nothing with it')
    await sooner
  })
}

test('writes whose connection is lost have one effect, and so have they when they are called again', {
  timeout: testMaxMs,
}, async (t) => {
  const daemon = await startDaemon(t)
  const ends: Transport[] = []
  const transport = async (): Promise<Transport> => {
    const [server, end] = memoryPair()
    daemon.daemon.attach(server)
    ends.push(end)
    return end
  }
  const { call } = await connectAgent(t, daemon, { options: { transport } })
  await call('get')
  const all = (): Promise<string[]> =>
    Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call('write', { ...insight(`finding ${index}`), allowDuplicate: true }),
      ),
    )
  const first = all()
  await until(() => atWork(daemon, 'tester') > 0)
  await ends.at(-1)?.close()
  const ids = (await first).map((text) => /OrionInsight\/(\S+) v1/.exec(text)?.[1])
  assert.ok(ends.length > 1, 'it has connected again')
  const again = (await all()).map((text) => /not again: OrionInsight\/(\S+) v1/.exec(text)?.[1])
  assert.deepEqual(again, ids)
  const owner = await daemon.connect()
  assert.equal((await owner.call('record/count', { type: 'OrionInsight' })).count, 20)
  await owner.call('event/publish', { topic: 'Build.finished', payload: {} })
  while (!/^news: 1 change .*Build\.finished/m.test(await call('get'))) await nextTurn()
})
