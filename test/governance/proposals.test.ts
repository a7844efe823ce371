/** The way of a proposal from draft to executed, over the wire, and every end it may come to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNote, startPeople, stored } from '../support/people.ts'
import type { Parsed } from '../support/wire-client.ts'

test('a proposal of an agent is executed once somebody else has approved it', async (t) => {
  const { owner, agent, reviewer } = await startPeople(t)
  await owner.call('record/create', { type: 'Note', id: 'old', data: { title: 'before' } })
  const { subscriptionId } = await owner.call('subscription/open', { patterns: ['Proposal.*'] })
  const draft = await agent.call('proposal/create', {
    operations: [
      createNote('new'),
      { op: 'update', type: 'Note', id: 'old', set: { title: 'after' } },
      { op: 'archive', type: 'Note', id: 'old' },
    ],
    reason: 'tidying up',
    evidence: ['OrionInsight/1'],
    priority: 'high',
    tags: ['a'],
  })
  assert.equal(draft.status, 'draft')
  assert.equal(draft.quorum, 1)
  const { id, digest } = draft
  assert.match(digest, /^[0-9a-f]{64}$/)
  assert.equal((await agent.call('proposal/submit', { id })).status, 'pending')
  const difference = await reviewer.call('proposal/diff', { id })
  assert.equal(difference.digest, digest)
  assert.deepEqual(difference.moved, [])
  assert.deepEqual(
    difference.operations.map(({ op, id: key, base, fields, lifecycle }: never) => [
      ...[op, key, base, (fields as { field: string }[]).map(({ field }) => field), lifecycle],
    ]),
    [
      ['create', 'new', null, ['title', 'state', 'count', 'tags'], undefined],
      ['update', 'old', 1, ['title'], undefined],
      ['archive', 'old', 2, [], { before: 'active', after: 'archived' }],
    ],
  )
  const approved = await reviewer.call('proposal/approve', { id, digest, comment: 'fine' })
  assert.equal(approved.status, 'approved')
  assert.equal(approved.approvals, 1)
  const executed = await agent.call('proposal/execute', { id, return: 'record' })
  assert.equal(executed.status, 'executed')
  assert.deepEqual(
    executed.results.map(({ id: key, version }: { id: string; version: number }) => [key, version]),
    [
      ['new', 1],
      ['old', 2],
      ['old', 3],
    ],
  )
  assertSigned(executed.record.data, digest)
  const old = await owner.call('record/get', { type: 'Note', id: 'old' })
  assert.deepEqual([old.data.title, old.lifecycle, old.updatedBy], ['after', 'archived', 'agent:a'])
  await owner.call('subscription/flush', { subscriptionId })
  assert.deepEqual(
    owner.events(subscriptionId).map(({ topic, op }) => [topic, op]),
    [
      ['Proposal.created', 'created'],
      ['Proposal.submitted', 'updated'],
      ['Proposal.approved', 'updated'],
      ['Proposal.executed', 'updated'],
    ],
  )
  const { versions } = await owner.call('record/history', { type: 'Proposal', id })
  assert.equal(versions.length, 4)
  const { events } = await owner.call('event/list', { patterns: ['Note.*', 'Proposal.executed'] })
  const last = events.slice(-4)
  assert.equal(new Set(last.map(({ txn }: { txn: number }) => txn)).size, 1, 'one transaction')
  const done = await reviewer.call('proposal/diff', { id })
  assert.deepEqual(done.operations[1].fields, [
    { field: 'title', before: 'before', after: 'after' },
  ])
})

/** Who said what of it is stored with it. */
function assertSigned(data: Parsed, digest: string): void {
  assert.equal(data.executorId, 'agent:a')
  assert.equal(data.reviewedBy, 'rita')
  assert.equal(data.reviewComment, 'fine')
  assert.deepEqual(
    data.reviews.map(({ digest: of }: { digest: string }) => of),
    [digest],
  )
}

test('the moves of proposals are known topics, and survive in the log', async (t) => {
  const { agent, owner } = await startPeople(t, { limits: { logTailMaxEvents: 1 } })
  await owner.call('subscription/open', { patterns: ['Proposal.approved'] })
  const near = await owner.refused('subscription/open', { patterns: ['Proposal.aproved'] })
  assert.equal(near.data.didYouMean, 'Proposal.approved')
  const { id } = await agent.call('proposal/create', {
    operations: [createNote('n')],
    submit: true,
  })
  await agent.call('proposal/cancel', { id, comment: 'not needed' })
  const { events } = await owner.call('event/list', { patterns: ['Proposal.*'] })
  assert.deepEqual(
    events.map(({ topic }: { topic: string }) => topic),
    ['Proposal.created', 'Proposal.submitted', 'Proposal.cancelled'],
  )
  assert.equal((await stored(owner, id)).data.reviewComment, 'not needed')
})

test('what a proposal is based on moves: it is stale, and says what moved', async (t) => {
  const { owner, agent, reviewer } = await startPeople(t)
  await owner.call('record/create', { type: 'Note', id: 'a', data: { title: 'one' } })
  const operations = [{ op: 'update', type: 'Note', id: 'a', set: { title: 'two' } }]
  for (const approveFirst of [false, true]) {
    const { id, digest } = await agent.call('proposal/create', { operations, submit: true })
    if (approveFirst) await reviewer.call('proposal/approve', { id, digest })
    const { version } = await owner.call('record/update', {
      type: 'Note',
      id: 'a',
      apply: [{ field: 'count', op: 'increment', value: 1 }],
    })
    const seen = await reviewer.call('proposal/diff', { id })
    const moved = [{ type: 'Note', id: 'a', expected: version - 1, found: version }]
    assert.deepEqual(seen.moved, moved)
    const error = approveFirst
      ? await agent.refused('proposal/execute', { id })
      : await reviewer.refused('proposal/approve', { id, digest })
    assert.equal(error.code, 40900)
    assert.deepEqual([error.data.reason, error.data.status], ['state', 'stale'])
    assert.deepEqual(error.data.moved, moved)
    const { data } = await stored(owner, id)
    assert.equal(data.status, 'stale')
    assert.deepEqual(data.moved, moved)
    assert.equal((await agent.refused('proposal/execute', { id })).data.status, 'stale')
  }
  assert.equal((await owner.call('record/get', { type: 'Note', id: 'a' })).data.title, 'one')
})

test('a proposal that can’t be carried out has failed, and has changed nothing', async (t) => {
  const { owner, agent, reviewer } = await startPeople(t)
  const operations = [
    createNote('x'),
    { op: 'create', type: 'Note', id: 'y', data: { title: 'b', slug: 'taken' } },
  ]
  const { id, digest } = await agent.call('proposal/create', { operations, submit: true })
  await reviewer.call('proposal/approve', { id, digest })
  await owner.call('record/create', { type: 'Note', data: { title: 'c', slug: 'taken' } })
  const error = await agent.refused('proposal/execute', { id })
  assert.equal(error.code, 40903)
  assert.equal(error.data.operation, 1)
  const { data } = await stored(owner, id)
  assert.equal(data.status, 'failed')
  assert.equal(data.executionResult.error.kind, 'unique_violation')
  assert.equal((await owner.refused('record/get', { type: 'Note', id: 'x' })).code, 40400)
  assert.equal((await agent.refused('proposal/execute', { id })).data.status, 'failed')
})

test('a draft that a client wrote by itself is worked out when it is handed in', async (t) => {
  const { owner, agent, reviewer, person } = await startPeople(t)
  const writer = await person('agent:w', ['read', 'write', 'propose'])
  const payload = { operations: [createNote('n')] }
  const { id } = await writer.call('record/create', {
    type: 'Proposal',
    data: { actionType: 'record.transact', payload },
  })
  await writer.call('record/update', {
    type: 'Proposal',
    id,
    expectedVersion: 1,
    set: { payload: { operations: [createNote('m')] }, reason: 'better' },
  })
  const { digest } = await writer.call('proposal/submit', { id })
  assert.equal((await writer.refused('proposal/approve', { id, digest })).code, 40300)
  await reviewer.call('proposal/approve', { id, digest })
  await agent.call('proposal/execute', { id, digest })
  assert.equal((await owner.call('record/get', { type: 'Note', id: 'm' })).version, 1)
  const bad = await writer.call('record/create', {
    type: 'Proposal',
    data: { actionType: 'record.transact', payload: { operations: [{ op: 'eat' }] } },
  })
  const error = await writer.refused('proposal/submit', { id: bad.id })
  assert.equal(error.code, 40000)
  assert.match(error.data.issues[0].path, /^payload\.operations\.0/)
})

test('a proposal ends when its time is over, whether somebody asks or not', async (t) => {
  let nowMicros = 1_800_000_000_000_000
  const clock = { nowMicros: () => nowMicros, monotonicMs: () => performance.now() }
  const { owner, agent, reviewer } = await startPeople(t, {
    clock,
    limits: { proposalsLookedAtEveryMs: 20 },
  })
  const make = async (id: string, expiresInMs: number) =>
    agent.call('proposal/create', { id, operations: [createNote(id)], submit: true, expiresInMs })
  const { digest } = await make('asked', 1000)
  nowMicros += 1_000_000_000
  // Whoever comes first tells: the reviewer, or the daemon's own look.
  const error = await reviewer.refused('proposal/approve', { id: 'asked', digest })
  assert.deepEqual([error.code, error.data.status], [40900, 'expired'])
  const { subscriptionId } = await owner.call('subscription/open', {
    patterns: ['Proposal.expired'],
  })
  await make('unasked', 1000)
  nowMicros += 1_000_000_000
  await owner.until(() => owner.events(subscriptionId).some(({ id }) => id === 'unasked'))
  assert.equal((await stored(owner, 'unasked')).data.status, 'expired')
})

test('a quorum is of different persons', async (t) => {
  const policy = [{ types: ['Note'], operations: ['delete'], decision: 'propose', quorum: 2 }]
  const { owner, agent, reviewer, other } = await startPeople(t, { settings: { policy } })
  await owner.call('record/create', { type: 'Note', id: 'a', data: { title: 'one' } })
  const operations = [{ op: 'delete', type: 'Note', id: 'a' }]
  const { id, digest } = await agent.call('proposal/create', { operations, submit: true })
  const half = await reviewer.call('proposal/approve', { id, digest })
  assert.deepEqual([half.status, half.approvals, half.quorum], ['pending', 1, 2])
  assert.equal((await reviewer.refused('proposal/approve', { id, digest })).code, 40300)
  assert.equal((await agent.refused('proposal/execute', { id })).data.status, 'pending')
  assert.equal((await other.call('proposal/approve', { id, digest })).status, 'approved')
  await agent.call('proposal/execute', { id })
  const { lifecycle } = await owner.call('record/get', { type: 'Note', id: 'a' })
  assert.equal(lifecycle, 'deleted')
})
