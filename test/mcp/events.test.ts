/** What an agent hears of others when it asks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import { type AgentClient, connectAgent } from './agent-client.ts'

const insight = (summary: string) => ({
  op: 'create',
  type: 'OrionInsight',
  data: { summary, domain: 'ci' },
  allowDuplicate: true,
})

/** Events that an answer tells. */
function toldIn(answer: string): readonly string[] {
  return answer.match(/^\w+\.n\d/gm) ?? []
}

async function newsOf(agent: AgentClient): Promise<string> {
  for (;;) {
    const [line] = /^news: .*$/m.exec(await agent.call('get')) ?? []
    if (line !== undefined) return line
  }
}

test('events of some patterns go on page by page, by a position of their own, and are no news then', async (t) => {
  const daemon = await startDaemon(t)
  const owner = await daemon.connect()
  const agent = await connectAgent(t, daemon)
  await agent.call('get')
  const publish = (topic: string) => owner.call('event/publish', { topic, payload: {} })
  for (let index = 0; index < 5; index++) {
    await publish(`Build.n${index}`)
    await publish(`Deploy.n${index}`)
  }
  const builds = { patterns: ['Build.*'], limit: 2 }
  const first = await agent.call('events', builds)
  assert.deepEqual(toldIn(first), ['Build.n0', 'Build.n1'])
  assert.match(first, /^call again for more$/m)
  const second = await agent.call('events', { ...builds, limit: 10 })
  assert.deepEqual(toldIn(second), ['Build.n2', 'Build.n3', 'Build.n4'])
  const third = await agent.call('events', builds)
  assert.match(third, /^nothing new\nposition (\S+)$/m)
  const deploys = { patterns: ['Deploy.*'] }
  assert.equal(toldIn(await agent.call('events', deploys)).length, 5)
  await publish('Other.n0')
  assert.match(await newsOf(agent), /^news: 1 change by others, last Other\.n0; see events$/)

  const all = await agent.call('events', { limit: 20 })
  assert.equal(toldIn(all).length, 11)
  assert.match(await agent.call('events', { patterns: ['Other.*'] }), /^nothing new/)

  const [, position] = /^position (\S+)$/m.exec(third) ?? []
  await publish('Build.n5')
  await publish('Build.n6')
  const after = await agent.call('events', { patterns: ['Build.*'], after: position, limit: 1 })
  const [, more] = /^call again for more, after (\S+)$/m.exec(after) ?? []
  const rest = await agent.call('events', { patterns: ['Build.*'], after: more })
  assert.deepEqual([...toldIn(after), ...toldIn(rest)], ['Build.n5', 'Build.n6'])
})

test('own events neither fill a page nor end a wait for those of others', async (t) => {
  const daemon = await startDaemon(t)
  const owner = await daemon.connect()
  const agent = await connectAgent(t, daemon)
  for (let index = 0; index < 12; index++) await agent.call('write', insight(`own ${index}`))
  const waiting = agent.call('events', { waitSeconds: 25, limit: 5 })
  const atWork = () =>
    daemon.daemon
      .status()
      .connections.some(({ principal, inFlight }) => principal !== 'owner' && inFlight > 0)
  let hasEnded = false
  void waiting.then(() => {
    hasEnded = true
  })
  while (!atWork() && !hasEnded) await new Promise((resolve) => setImmediate(resolve))
  await agent.call('write', insight('own while it waits'))
  await owner.call('event/publish', { topic: 'Build.n0', payload: {} })
  assert.match(await waiting, /^Build\.n0 by owner at \S+ \{\}\nposition \S+$/)
  assert.match(await agent.call('events'), /^nothing new\nposition \S+$/)
})
