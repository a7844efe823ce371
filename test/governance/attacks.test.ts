/** Attempts to get something done behind somebody's back. None gets through, and each is told why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNote, startPeople } from '../support/people.ts'
import type { Parsed } from '../support/wire-client.ts'
import { type Attack, AttackWorld, type Pending } from './attack-world.ts'
import { digests, selfApprovals } from './review-attacks.ts'

const policy = [
  { types: ['Tally'], decision: 'propose' },
  { types: ['JobResult'], decision: 'deny' },
  { types: ['OrionPattern'], decision: 'propose', quorum: 2 },
  { types: ['OrionInsight'], scope: 'propose', decision: 'propose' },
]
const all = ['read', 'write', 'propose', 'approve', 'publish', 'define', 'admin'] as const

const forgedData = { actionType: 'record.transact', status: 'approved' }
const statesWritten: readonly Attack[] = [
  [
    'create',
    [40300],
    (w) => w.people.owner.refused('record/create', { type: 'Proposal', data: forgedData }),
  ],
  ...(
    ['status', 'digest', 'operations', 'bases', 'reviews', 'proposers', 'executionResult'] as const
  ).map(
    (field): Attack => [
      `update of ${field}`,
      [40300],
      async (w) => {
        const { id } = await w.pending()
        const values: Parsed = { status: 'approved', digest: 'd'.repeat(64), executionResult: {} }
        const set = { [field]: values[field] ?? [] }
        return w.people.owner.refused('record/update', { type: 'Proposal', id, force: true, set })
      },
    ],
  ),
  [
    'unset',
    [40300],
    async (w) => {
      const { id } = await w.pending()
      return w.people.owner.refused('record/update', {
        type: 'Proposal',
        id,
        expectedVersion: 2,
        unset: ['digest'],
      })
    },
  ],
  [
    'an operator',
    [40300],
    async (w) => {
      const { id } = await w.pending()
      const apply = [
        { field: 'reviews', op: 'append', value: { by: 'rita', decision: 'approved' } },
      ]
      return w.people.owner.refused('record/update', { type: 'Proposal', id, apply })
    },
  ],
  [
    'transact',
    [40300],
    async (w) => {
      const { id } = await w.pending()
      const operations = [
        { op: 'update', type: 'Proposal', id, force: true, set: { status: 'approved' } },
      ]
      return w.people.owner.refused('record/transact', { operations })
    },
  ],
  [
    'the replay of a key that was used for something harmless',
    [40902],
    async (w) => {
      const { id } = await w.pending()
      const write = { type: 'Proposal', id, force: true, idempotencyKey: w.id() }
      await w.people.owner.call('record/update', { ...write, set: { priority: 'high' } })
      return w.people.owner.refused('record/update', { ...write, set: { status: 'approved' } })
    },
  ],
  [
    'import of what makes an approval count',
    [40300],
    (w) => {
      const { owner } = w.people
      const data = { ...forgedData, operations: [], digest: 'e'.repeat(64), reviews: [] }
      return owner.refused('record/import', { records: [{ type: 'Proposal', id: w.id(), data }] })
    },
  ],
  [
    'import of an approved state, which nothing follows from',
    [40900, { status: 'stale' }],
    async (w) => {
      const id = w.id()
      await w.people.owner.call('record/import', {
        records: [{ type: 'Proposal', id, data: forgedData }],
      })
      return w.people.owner.refused('proposal/execute', { id })
    },
  ],
  [
    'import over one that is there',
    [40900, { reason: 'exists' }],
    async (w) => {
      const { id } = await w.pending()
      return w.people.owner.refused('record/import', {
        records: [{ type: 'Proposal', id, data: forgedData }],
      })
    },
  ],
  [
    'a definition of the type in which nothing is managed',
    [40901],
    (w) => {
      const status = { kind: 'enumeration', values: ['draft', 'approved'], default: 'draft' }
      return w.people.owner.refused('type/define', {
        definition: { name: 'Proposal', fields: { status } },
      })
    },
  ],
  [
    'an event of a client’s own',
    [40000],
    (w) => {
      return w.people.owner.refused('event/publish', { topic: 'Proposal.approved', payload: {} })
    },
  ],
  [
    'a proposal that changes a proposal',
    [40000],
    async (w) => {
      const { id } = await w.pending()
      const operations = [{ op: 'update', type: 'Proposal', id, set: { tags: ['x'] } }]
      return w.people.owner.refused('proposal/create', { operations })
    },
  ],
  [
    'a proposal that sets a managed field',
    [40300],
    (w) => {
      const operations = [{ op: 'create', type: 'Note', data: { title: 'a', state: 'done' } }]
      return w.people.agent.refused('proposal/create', { operations })
    },
  ],
  [
    'a proposal that overwrites by force',
    [40000],
    async (w) => {
      const operations = [{ op: 'delete', type: 'Note', id: await w.note(), force: true }]
      return w.people.agent.refused('proposal/create', { operations })
    },
  ],
]

const drifts: readonly Attack[] = [
  [
    'a record that the proposal only rests on',
    [40900, { status: 'stale' }],
    async (w) => {
      const [note, rest] = [w.id(), await w.note()]
      const guards = [{ type: 'Note', id: rest, version: 1 }]
      const asked = { operations: [createNote(note)], guards, submit: true }
      const { id, digest } = await w.people.agent.call('proposal/create', asked)
      await w.people.reviewer.call('proposal/approve', { id, digest })
      await w.people.owner.call('record/delete', { type: 'Note', id: rest, expectedVersion: 1 })
      return w.people.agent.refused('proposal/execute', { id })
    },
  ],
  [
    'a record that was purged and made anew',
    [40900, { status: 'stale' }],
    async (w) => {
      const note = await w.note()
      const { id } = await w.approved([{ op: 'delete', type: 'Note', id: note }])
      await w.people.owner.call('record/purge', { type: 'Note', id: note, expectedVersion: 1 })
      await w.people.owner.call('record/create', {
        type: 'Note',
        id: note,
        data: { title: 'mine' },
      })
      return w.people.agent.refused('proposal/execute', { id })
    },
  ],
  [
    'an id that somebody has taken',
    [40900, { status: 'stale' }],
    async (w) => {
      const { id, note } = await w.approved()
      await w.people.owner.call('record/create', {
        type: 'Note',
        id: note,
        data: { title: 'mine' },
      })
      return w.people.agent.refused('proposal/execute', { id })
    },
  ],
  [
    'a draft that is handed in after its base has moved',
    [40900, { reason: 'guard' }],
    async (w) => {
      const note = await w.note()
      const operations = [{ op: 'delete', type: 'Note', id: note }]
      const { id } = await w.people.agent.call('proposal/create', { operations })
      const change = { type: 'Note', id: note, expectedVersion: 1, set: { title: 'b' } }
      await w.people.owner.call('record/update', change)
      return w.people.agent.refused('proposal/submit', { id })
    },
  ],
  [
    'execution of a draft',
    [40900, { status: 'draft' }],
    async (w) => {
      const { id } = await w.people.agent.call('proposal/create', {
        operations: [createNote(w.id())],
      })
      return w.people.agent.refused('proposal/execute', { id })
    },
  ],
  [
    'execution of what waits',
    [40900, { status: 'pending' }],
    async (w) => {
      return w.people.agent.refused('proposal/execute', { id: (await w.pending()).id })
    },
  ],
  [
    'a second execution',
    [40900, { status: 'executed' }],
    async (w) => {
      const { id } = await w.approved()
      await w.people.agent.call('proposal/execute', { id })
      const error = await w.people.agent.refused('proposal/execute', { id })
      assert.match(error.message, /is executed and can't become executed; nothing follows$/)
      return error
    },
  ],
  [
    'approval of a draft',
    [40900, { status: 'draft' }],
    async (w) => {
      const { id, digest } = await w.people.agent.call('proposal/create', {
        operations: [createNote(w.id())],
      })
      return w.people.reviewer.refused('proposal/approve', { id, digest })
    },
  ],
  [
    'approval of what was rejected',
    [40900, { status: 'rejected' }],
    async (w) => {
      const { id, digest } = await w.pending()
      await w.people.reviewer.call('proposal/reject', { id, digest, comment: 'no' })
      return w.people.other.refused('proposal/approve', { id, digest })
    },
  ],
  [
    'approval of another version than was seen',
    [40900, { reason: 'version' }],
    async (w) => {
      const { id, digest } = await w.pending()
      return w.people.reviewer.refused('proposal/approve', { id, digest, expectedVersion: 1 })
    },
  ],
  [
    'approval of what was deleted',
    [40000],
    async (w) => {
      const { id, digest } = await w.pending()
      await w.people.owner.call('record/delete', { type: 'Proposal', id, expectedVersion: 2 })
      return w.people.reviewer.refused('proposal/approve', { id, digest })
    },
  ],
  [
    'cancelling somebody else’s',
    [40300],
    async (w) => {
      const { id } = await w.pending(w.people.other)
      return w.people.agent.refused('proposal/cancel', { id })
    },
  ],
]

const newPattern = (id: string): Parsed => ({
  op: 'create',
  type: 'OrionPattern',
  id,
  data: { trigger: 'a', steps: [] },
})

async function halfApproved(w: AttackWorld): Promise<Pending> {
  const pending = await w.pending(w.people.agent, [newPattern(w.id())])
  const { id, digest } = pending
  await w.people.reviewer.call('proposal/approve', { id, digest })
  return pending
}

const quorums: readonly Attack[] = [
  [
    'the same reviewer',
    [40300],
    async (w) => w.cannotApprove(w.people.reviewer, await halfApproved(w)),
  ],
  [
    'another token of the same reviewer',
    [40300],
    async (w) => {
      return w.cannotApprove(
        await w.people.person('rita', ['read', 'approve']),
        await halfApproved(w),
      )
    },
  ],
  [
    'the same token under a lesser name',
    [40300],
    async (w) => {
      const token = await w.people.tokenOf('p7', ['read', 'approve'])
      const [one, two] = [
        await w.people.connect({ token, narrow: { principal: 'p7/a' } }),
        await w.people.connect({ token, narrow: { principal: 'p7/b' } }),
      ]
      const pending = await w.pending(w.people.agent, [newPattern(w.id())])
      await one.call('proposal/approve', { id: pending.id, digest: pending.digest })
      return w.cannotApprove(two, pending)
    },
  ],
  [
    'execution after half of it',
    [40900, { status: 'pending' }],
    async (w) => {
      return w.people.agent.refused('proposal/execute', { id: (await halfApproved(w)).id })
    },
  ],
]

const policies: readonly Attack[] = [
  ['create', [40301], (w) => w.people.owner.refused('record/create', { type: 'Tally', data: {} })],
  [
    'update',
    [40301],
    (w) =>
      w.people.owner.refused('record/update', { type: 'Tally', id: 'a', force: true, set: {} }),
  ],
  ...['delete', 'restore', 'archive', 'purge'].map(
    (op): Attack => [
      op,
      [40301],
      (w) => w.people.owner.refused(`record/${op}`, { type: 'Tally', id: 'a', expectedVersion: 1 }),
    ],
  ),
  [
    'transact',
    [40301, { operation: 1 }],
    (w) => {
      const operations = [createNote(w.id()), { op: 'create', type: 'Tally', data: {} }]
      return w.people.owner.refused('record/transact', { operations })
    },
  ],
  [
    'import',
    [40301],
    (w) =>
      w.people.owner.refused('record/import', { records: [{ type: 'Tally', id: 'a', data: {} }] }),
  ],
  [
    'a command',
    [40301],
    (w) =>
      w.people.owner.refused('workspace/executeCommand', {
        command: 'orion.record/create',
        arguments: [{ type: 'Tally', data: {} }],
      }),
  ],
  [
    'a simulation that is applied',
    [40301],
    async (w) => {
      const plan = { operations: [{ op: 'create', type: 'Tally', id: w.id(), data: {} }] }
      const { operations, guards, digest } = await w.people.owner.call('simulation/run', plan)
      return w.people.owner.refused('simulation/apply', {
        operations,
        guards,
        digest,
        as: 'transaction',
      })
    },
  ],
  [
    'an action',
    [40301],
    async (w) => {
      const params = { summary: w.id(), domain: 'd' }
      return w.people.owner.refused('action/execute', { action: 'memory.save_insight', params })
    },
  ],
  [
    'an action that is only tried out',
    [40301],
    async (w) => {
      const params = { summary: w.id(), domain: 'd' }
      const order = { action: 'memory.save_insight', params, dryRun: true }
      return w.people.owner.refused('action/execute', order)
    },
  ],
  [
    'who gives up the scope that the rule hangs on',
    [40301],
    async (w) => {
      const client = await w.people.connect({ narrow: { scopes: ['read', 'write'] } })
      return client.refused('record/create', {
        type: 'OrionInsight',
        data: { summary: 'a', domain: 'd' },
      })
    },
  ],
  [
    'proposing what is forbidden',
    [40300],
    (w) =>
      w.people.owner.refused('proposal/create', {
        operations: [{ op: 'create', type: 'JobResult', data: { jobId: 'a', status: 'SUCCESS' } }],
      }),
  ],
  [
    'simulating without the right to write or propose',
    [40300],
    async (w) => {
      const reader = await w.people.person(`r${w.id()}`, ['read'])
      return reader.refused('simulation/run', { operations: [createNote(w.id())] })
    },
  ],
  [
    'asking about a proposal that one may not read',
    [40400],
    async (w) => {
      const blind = await w.people.person(`b${w.id()}`, ['propose', 'approve'], ['Tally'])
      return blind.refused('proposal/execute', { id: (await w.approved()).id })
    },
  ],
  [
    'too many operations',
    [41300],
    (w) => {
      const operations = Array.from({ length: 1001 }, () => createNote(w.id()))
      return w.people.agent.refused('simulation/run', { operations })
    },
  ],
  [
    'operations that are too long',
    [41300],
    (w) => {
      const extra = { text: 'x'.repeat(600_000) }
      const operations = ['a', 'b'].map((title) => ({
        op: 'create',
        type: 'Note',
        data: { title, extra },
      }))
      return w.people.agent.refused('proposal/create', { operations })
    },
  ],
  [
    'operations that are nested too deep',
    [-32600],
    (w) => {
      let extra: Parsed = {}
      for (let depth = 0; depth < 250; depth += 1) extra = { extra }
      return w.people.agent.refused('proposal/create', {
        operations: [{ ...createNote(w.id()), data: extra }],
      })
    },
  ],
]

const tables = {
  'nobody approves for himself': selfApprovals,
  'a review is of one digest': digests,
  'no other way leads to a state': statesWritten,
  'what has moved, and what is out of turn': drifts,
  'a quorum counts persons': quorums,
  'the policy holds everywhere': policies,
}

test('the attacks are many', () => {
  assert.ok(Object.values(tables).flat().length >= 40)
})

for (const [title, attacks] of Object.entries(tables)) {
  test(title, async (t) => {
    const people = await startPeople(t, { settings: { policy } })
    const world = new AttackWorld(people)
    for (const [name, [code, data = {}], attempt] of attacks) {
      await t.test(name, async () => {
        const error = await attempt(world)
        assert.equal(error.code, code, JSON.stringify(error))
        for (const [member, value] of Object.entries(data)) {
          assert.deepEqual(error.data[member], value, JSON.stringify(error.data))
        }
        assert.ok(error.message.length > 10)
      })
    }
    await people.owner.call('daemon/status')
  })
}

test('of several who act at once exactly one has acted', async (t) => {
  const people = await startPeople(t)
  const world = new AttackWorld(people)
  const { agent, reviewer, other, owner } = people
  for (let round = 0; round < 5; round += 1) {
    const { id, digest, note } = await world.pending()
    const comment = 'no'
    const moves = await Promise.all([
      reviewer.answer(reviewer.send('proposal/approve', { id, digest })),
      other.answer(other.send('proposal/reject', { id, digest, comment })),
      agent.answer(agent.send('proposal/cancel', { id })),
      owner.answer(owner.send('proposal/approve', { id, digest })),
    ])
    // Approved first, it may still be cancelled.
    const won = moves.filter(({ error }) => error === undefined).map(({ result }) => result.status)
    assert.ok(won.length === 1 || (won.length === 2 && won.includes('cancelled')), won.join())
    assert.equal(await world.exists('Note', note), false)
    const approved = await world.approved()
    const executions = await Promise.all(
      [agent, reviewer, other, owner, agent].map((client) =>
        client.answer(client.send('proposal/execute', { id: approved.id })),
      ),
    )
    assert.equal(executions.filter(({ error }) => error === undefined).length, 1)
    const { version } = await owner.call('record/get', { type: 'Note', id: approved.note })
    assert.equal(version, 1)
  }
  const { id } = await world.approved()
  const order = { id, idempotencyKey: 'once' }
  const [first, second] = [
    await agent.call('proposal/execute', order),
    await agent.call('proposal/execute', order),
  ]
  assert.deepEqual([second.replayed, second.version], [true, first.version])
})

test('with an approver nobody approves without the secret, and nobody but the owner sets it', async (t) => {
  const people = await startPeople(t, { limits: { wrongTokenDelayMs: 5 } })
  const world = new AttackWorld(people)
  const { owner, reviewer } = people
  const secret = 'correct horse battery'
  const admin = await people.person('root', all)
  assert.equal((await admin.refused('approver/init', { secret })).code, 40300)
  const renamed = await people.connect({ narrow: { principal: 'agent:x' } })
  assert.equal((await renamed.refused('approver/init', { secret })).code, 40300)
  assert.equal((await owner.refused('approver/init', { secret: 'short' })).code, -32602)
  await owner.call('approver/init', { secret })
  for (const wrong of [
    { secret: 'another secret' },
    { secret: 'another secret', current: 'wrong' },
  ]) {
    assert.equal((await owner.refused('approver/init', wrong)).code, 40300)
  }
  const { id, digest } = await world.pending()
  assert.equal((await reviewer.call('proposal/diff', { id })).approver, true)
  for (const approverSecret of [undefined, 'wrong', '']) {
    const error = await reviewer.refused('proposal/approve', { id, digest, approverSecret })
    assert.deepEqual([error.code, error.data.needs], [40300, 'approver'])
  }
  const order = { id, digest, approverSecret: secret, idempotencyKey: 'k' }
  assert.equal((await reviewer.call('proposal/approve', order)).status, 'approved')
  assert.equal(
    (await reviewer.refused('proposal/approve', { ...order, approverSecret: 'x' })).code,
    40300,
  )
  assert.equal((await reviewer.call('proposal/approve', order)).replayed, true)
  const proposals = JSON.stringify(await owner.call('event/list', {}))
  assert.ok(!proposals.includes(secret))
})
