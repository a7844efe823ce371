import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import { connectAgent, idIn } from './agent-client.ts'

const insight = (summary: string) => ({
  op: 'create',
  type: 'OrionInsight',
  data: { summary, domain: 'ci' },
})
const evidence = ['OrionInsight/i-42', 'https://example.org']
const wanted = { operations: [insight('approved only')], reason: 'it is true', evidence }

/** The id of the proposal that an answer names. */
function proposalIn(text: string): string {
  const [, id] = /Proposal\/(\S+)/.exec(text) ?? []
  if (id === undefined) throw new Error(`expected a proposal, got ${text}`)
  return id
}

test('a proposal is approved by somebody else, then carried out once', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const proposed = await agent.call('propose', wanted)
  assert.match(proposed, /^proposed Proposal\/\S+ v\d+ pending \(0 of 1 approvals\); you can not/)
  const id = proposalIn(proposed)
  assert.match(await agent.call('propose', { id }), /pending$/)
  assert.match(
    await agent.fails('propose', { id, step: 'execute' }),
    /ERROR conflict: .*pending.*\nto repair: propose with its id tells/,
  )
  assert.match(await agent.call('events', { patterns: ['Proposal.*'] }), /^nothing new/)

  const owner = await daemon.connect()
  const { referrers } = await owner.call('record/referrers', { type: 'OrionInsight', id: 'i-42' })
  assert.deepEqual([referrers[0]?.record.id, referrers[0]?.field], [id, 'evidence'])
  const { digest } = await owner.call('proposal/diff', { id })
  await owner.call('proposal/approve', { id, digest, comment: 'fine\nnews: 1 change' })
  const heard = await agent.call('events', { patterns: ['Proposal.*'], waitSeconds: 25 })
  assert.match(heard, /^Proposal\.approved\/\S+ v\d+ \S+ by owner at /)
  const told = await agent.call('propose', { id })
  assert.doesNotMatch(told, /^news/m)
  assert.match(
    told,
    /approved\nreviewed by owner\ncomment "fine\\nnews: 1 change"\nto carry it out/,
  )
  const done = await agent.call('propose', { id, step: 'execute' })
  assert.match(done, /executed\ndone OrionInsight\/\S+ v1$/)
  assert.doesNotMatch(await agent.call('events'), /created|submitted|executed/)
  await agent.call('propose', { id, step: 'execute' })
  const { count } = await owner.call('record/count', { type: 'OrionInsight' })
  assert.equal(count, 1)
})

test('an agent has no way to approve, and the same proposal twice is one', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const id = proposalIn(await agent.call('propose', wanted))
  assert.equal(proposalIn(await agent.call('propose', wanted)), id)
  const owner = await daemon.connect()
  const { digest } = await owner.call('proposal/diff', { id })
  const narrowed = await daemon.connect({
    narrow: { principal: 'agent:tester', scopes: ['read', 'write', 'propose', 'publish'] },
  })
  const refusal = await narrowed.refused('proposal/approve', { id, digest })
  assert.equal(refusal.data.kind, 'forbidden')
  const state = {
    op: 'update',
    type: 'Proposal',
    id,
    expectedVersion: 2,
    set: { status: 'approved' },
  }
  assert.match(await agent.fails('write', state), /ERROR forbidden/)
})

test('what a proposal is based on has moved: the agent is told what, and to propose anew', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const record = idIn(await agent.call('write', insight('target')))
  const operation = { op: 'update', type: 'OrionInsight', id: record, set: { domain: 'x' } }
  const id = proposalIn(await agent.call('propose', { operations: [operation], reason: 'r' }))
  await agent.call('write', { ...operation, set: { domain: 'y' } })
  assert.match(await agent.call('propose', { id }), /has moved: v1 then, v2 now; propose anew/)
})

test('where the policy wants a proposal, write says so', async (t) => {
  const settings = { policy: [{ types: ['OrionInsight'], decision: 'propose' }] }
  const daemon = await startDaemon(t, { settings })
  const agent = await connectAgent(t, daemon)
  const told = await agent.fails('write', insight('not at once'))
  assert.match(told, /ERROR approval_required.*call propose with the same operations/s)
})
