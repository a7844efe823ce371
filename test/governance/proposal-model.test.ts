/** Whatever is asked in whatever order: no illegal state is ever stored, and what is executed is what was approved. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { statesAfter } from '../../sdk/proposal-states.ts'
import { createNote, type People, startPeople } from '../support/people.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const names = ['agent', 'reviewer', 'other', 'owner'] as const
const ids = ['p0', 'p1']
const notes = ['n0', 'n1']

const operation = fc.oneof(
  fc.constant({ op: 'create', type: 'Note', data: { title: 'f' } }),
  fc.record({
    op: fc.constant('create'),
    type: fc.constant('Note'),
    id: fc.constantFrom(...notes),
    data: fc.record({ title: fc.constantFrom('a', 'b') }),
  }),
  fc.record({
    op: fc.constant('update'),
    type: fc.constant('Note'),
    id: fc.constantFrom(...notes),
    set: fc.record({ title: fc.constantFrom('c', 'd', 'e') }),
  }),
  fc.record({
    op: fc.constantFrom('delete', 'restore', 'archive'),
    type: fc.constant('Note'),
    id: fc.constantFrom(...notes),
  }),
)
const by = fc.constantFrom(...names)
const id = fc.constantFrom(...ids)
/** Which digest a review names: mostly the right one. */
const digest = fc.constantFrom('own', 'own', 'own', 'other', 'forged')
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('create'),
      by,
      submit: fc.constantFrom(true, true, false),
      operations: fc.array(operation, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('submit'), by, id }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('approve'), by, id, digest }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reject'), by, id, digest }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), by, id }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('execute'), by, id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write'), operation }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('overtake'), id }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('tamper'),
      id,
      field: fc.constantFrom('payload', 'reason', 'tags'),
    }),
  },
)
type Step = Parsed

/** A walk through every end that a proposal can come to, so that each run has seen them all. */
const everyEnd: Step[] = [
  { do: 'create', by: 'agent', submit: true, operations: [createNote('n0', 'a')] },
  { do: 'approve', by: 'reviewer', id: 'p0', digest: 'own' },
  { do: 'execute', by: 'agent', id: 'p0' },
  { do: 'create', by: 'agent', submit: false, operations: [createNote('n1', 'b')] },
  { do: 'submit', by: 'agent', id: 'p1' },
  { do: 'reject', by: 'reviewer', id: 'p1', digest: 'own' },
  { do: 'create', by: 'agent', submit: true, operations: [createNote('n1', 'b')] },
  { do: 'cancel', by: 'agent', id: 'p0' },
  { do: 'create', by: 'agent', submit: true, operations: [createNote('n1', 'b')] },
  { do: 'approve', by: 'reviewer', id: 'p0', digest: 'own' },
  { do: 'overtake', id: 'p0' },
  { do: 'execute', by: 'agent', id: 'p0' },
]

/** The proposals that stand for `p0` and `p1`: a round makes new ones, as creating does. */
type Ids = Map<string, string>

test('no illegal state is ever stored, and each execution did what its digest says', async (t) => {
  const people = await startPeople(t)
  let round = 0
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
      const current: Ids = new Map()
      const from = (await people.owner.call('daemon/status')).token
      for (const one of steps) await take(people, current, { one, fresh: () => `q${round++}` })
      const { events } = await people.owner.call('event/list', {
        patterns: ['Note.*', 'Proposal.*'],
        after: from,
        limit: 1000,
      })
      assertLegalMoves(events, seen)
      assertFaithful(events)
    }),
    { examples: [[everyEnd]], numRuns: process.env.ORION_LONG === '1' ? 300 : 30 },
  )
  // Otherwise the walks led nowhere, and nothing was proved.
  for (const move of ['submitted', 'approved', 'rejected', 'executed', 'cancelled', 'stale']) {
    assert.ok(seen.has(`Proposal.${move}`), move)
  }
})

async function take(
  people: People,
  current: Ids,
  { one, fresh }: { readonly one: Step; readonly fresh: () => string },
): Promise<void> {
  const { owner } = people
  const client: WireClient = one.by === undefined ? owner : people[one.by as 'agent']
  const key = current.get(one.id)
  const ask = async (method: string, params: object): Promise<Parsed> =>
    await client.answer(client.send(method, params))
  if (one.do === 'write') {
    const { op, ...rest } = one.operation
    await ask(`record/${op}`, op === 'create' ? rest : { ...rest, force: true })
  } else if (one.do === 'create') {
    const made = fresh()
    const asked = { id: made, operations: one.operations, submit: one.submit }
    const { error } = await ask('proposal/create', asked)
    if (error === undefined) current.set(ids[current.size % 2] ?? 'p0', made)
  } else if (key === undefined) {
    return
  } else if (one.do === 'overtake') {
    await overtake(people, key)
  } else if (one.do === 'tamper') {
    const value: Parsed = { payload: { a: 1 }, reason: 'other', tags: ['x'] }
    const set = { [one.field]: value[one.field] }
    await ask('record/update', { type: 'Proposal', id: key, force: true, set })
  } else {
    const named = await digestFor(people, current, one)
    const comment = one.do === 'reject' ? { comment: 'no' } : {}
    await ask(`proposal/${one.do}`, { id: key, ...named, ...comment })
  }
}

/** Writes to a record that a proposal is about, so that it no longer stands on what it was made from. */
async function overtake({ owner }: People, proposal: string): Promise<void> {
  const { data } = await owner.call('record/get', { type: 'Proposal', id: proposal })
  const about = data.operations?.find((operation: Parsed) => operation.id !== undefined)
  if (about === undefined) return
  const named = { type: 'Note', id: about.id }
  const set = { title: `overtaken by ${data.status}` }
  const { error } = await owner.answer(owner.send('record/update', { ...named, set, force: true }))
  if (error !== undefined) {
    await owner.answer(owner.send('record/create', { ...named, data: set }))
  }
}

async function digestFor(people: People, current: Ids, one: Step): Promise<object> {
  if (one.digest === undefined) return {}
  if (one.digest === 'forged') return { digest: 'f'.repeat(64) }
  const of = one.digest === 'own' ? one.id : ids.find((other) => other !== one.id)
  const key = current.get(of ?? '') ?? current.get(one.id)
  const { data } = await people.owner.call('record/get', { type: 'Proposal', id: key })
  return { digest: data.digest }
}

/** Walks the log: each proposal goes from one state to one that may follow, by the move that the topic names. */
function assertLegalMoves(events: readonly Parsed[], seen: Set<string>): void {
  const states = new Map<string, string>()
  for (const { topic, id: key, record } of events) {
    if (record?.type !== 'Proposal') continue
    seen.add(topic)
    const { status, reviews = [], digest: own, proposers = [], submittedBy } = record.data
    const before = states.get(key)
    if (before === undefined) assert.equal(status, 'draft')
    else if (before !== status) {
      assert.ok(statesAfter(before as 'draft').includes(status), `${before} to ${status}`)
      assert.equal(topic, `Proposal.${status === 'pending' ? 'submitted' : status}`)
    }
    states.set(key, status)
    if (status !== 'approved' && status !== 'executed') continue
    const approval = reviews.find((review: Parsed) => review.decision === 'approved')
    assert.equal(approval.digest, own)
    assert.notEqual(approval.by, record.createdBy)
    assert.notEqual(approval.by, submittedBy)
    assert.ok(!proposers.includes(approval.credential))
  }
}

/** What an executed proposal changed in its transaction is exactly its operations, on exactly its bases. */
function assertFaithful(events: readonly Parsed[]): void {
  for (const { topic, txn, record } of events) {
    if (topic !== 'Proposal.executed') continue
    const changes = events.filter((event) => event.txn === txn && event.type === 'Note')
    const { operations, bases, executionResult } = record.data
    const changed = executionResult.results.filter((result: Parsed) => result.changed)
    assert.deepEqual(
      changes.map(({ id: key, version }) => [key, version]),
      changed.map(({ id: key, version }: Parsed) => [key, version]),
    )
    for (const { id: key, version } of bases) {
      const first = changes.find((event) => event.id === key)
      if (first !== undefined) assert.equal(first.previousVersion ?? null, version)
    }
    operations.forEach((asked: Parsed, index: number) => {
      const { id: key, version, changed: did } = executionResult.results[index]
      assert.equal(key, asked.id)
      if (!did) return
      const event = changes.find((one) => one.id === key && one.version === version)
      const values = asked.set ?? asked.data ?? {}
      for (const [field, value] of Object.entries(values)) {
        assert.deepEqual(event.record.data[field], value)
      }
      const op = { create: 'created', update: 'updated', delete: 'deleted' }[asked.op as 'create']
      if (op !== undefined) assert.equal(event.op, op)
    })
  }
  const strays = events.filter(
    ({ type, txn, reason }) =>
      type === 'Note' &&
      reason?.startsWith('proposal ') &&
      !events.some((event) => event.topic === 'Proposal.executed' && event.txn === txn),
  )
  assert.deepEqual(strays, [])
}
