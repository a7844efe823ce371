/** Attacks on reviews: who makes them, and what of. */
import { createNote } from '../support/people.ts'
import type { Parsed } from '../support/wire-client.ts'
import type { Attack } from './attack-world.ts'

/** Approving for oneself, by whatever name or way. */
export const selfApprovals: readonly Attack[] = [
  [
    'the proposer himself',
    [40300],
    async (w) => {
      return w.cannotApprove(w.people.reviewer, await w.pending(w.people.reviewer))
    },
  ],
  [
    'the proposer by a second connection with his token',
    [40300],
    async (w) => {
      const token = await w.people.tokenOf(`p${w.id()}`, ['read', 'propose', 'approve'])
      const [one, two] = [await w.people.connect({ token }), await w.people.connect({ token })]
      return w.cannotApprove(two, await w.pending(one))
    },
  ],
  [
    'the proposer under a lesser name',
    [40300],
    async (w) => {
      const token = await w.people.tokenOf('p1', ['read', 'propose', 'approve'])
      const other = await w.people.connect({ token, narrow: { principal: 'p1/other' } })
      return w.cannotApprove(other, await w.pending(await w.people.connect({ token })))
    },
  ],
  [
    'a proposer who had taken a lesser name',
    [40300],
    async (w) => {
      const token = await w.people.tokenOf('p2', ['read', 'propose', 'approve'])
      const lesser = await w.people.connect({ token, narrow: { principal: 'p2/agent' } })
      return w.cannotApprove(await w.people.connect({ token }), await w.pending(lesser))
    },
  ],
  [
    'the proposer who claims to be another',
    [40300],
    async (w) => {
      const token = await w.people.tokenOf('p3', ['read', 'propose', 'approve'])
      const claims = { agent: 'rita', run: 'rita' }
      return w.cannotApprove(
        await w.people.connect({ token, claims }),
        await w.pending(await w.people.connect({ token })),
      )
    },
  ],
  [
    'a token that the proposer made',
    [40300],
    async (w) => {
      const token = await w.people.tokenOf('p4', ['read', 'propose', 'approve', 'admin'])
      const maker = await w.people.connect({ token })
      const made = await maker.call('token/create', { name: 'p4/y', scopes: ['read', 'approve'] })
      return w.cannotApprove(await w.people.connect({ token: made.token }), await w.pending(maker))
    },
  ],
  [
    'a token that the owner makes under a lesser name, for what he proposed under it',
    [40300],
    async (w) => {
      const lesser = await w.people.connect({ narrow: { principal: 'agent:y' } })
      await w.pending(lesser)
      return lesser.refused('token/create', { name: 'agent:y/z', scopes: ['read', 'approve'] })
    },
  ],
  [
    'another token of the same name',
    [40300],
    async (w) => {
      const one = await w.people.person('p5', ['read', 'propose'])
      return w.cannotApprove(await w.people.person('p5', ['read', 'approve']), await w.pending(one))
    },
  ],
  [
    'the owner by a second connection',
    [40300],
    async (w) => {
      return w.cannotApprove(await w.people.connect(), await w.pending(w.people.owner))
    },
  ],
  [
    'the owner under another name',
    [40300],
    async (w) => {
      const other = await w.people.connect({ narrow: { principal: 'human' } })
      return w.cannotApprove(other, await w.pending(w.people.owner))
    },
  ],
  [
    'one lesser name of the owner for another',
    [40300],
    async (w) => {
      const one = await w.people.connect({ narrow: { principal: 'agent:x' } })
      const two = await w.people.connect({ narrow: { principal: 'human' } })
      return w.cannotApprove(two, await w.pending(one))
    },
  ],
  [
    'who handed in what another had drafted',
    [40300],
    async (w) => {
      const { id, digest } = await w.people.agent.call('proposal/create', {
        operations: [createNote(w.id())],
      })
      await w.people.reviewer.call('proposal/submit', { id })
      return w.cannotApprove(w.people.reviewer, { id, digest, note: '' })
    },
  ],
  [
    'who drafted what another handed in',
    [40300],
    async (w) => {
      const { id, digest } = await w.people.reviewer.call('proposal/create', {
        operations: [createNote(w.id())],
      })
      await w.people.agent.call('proposal/submit', { id })
      return w.cannotApprove(w.people.reviewer, { id, digest, note: '' })
    },
  ],
  [
    'the proposer as a command, with forged members',
    [40300],
    async (w) => {
      const { id, digest } = await w.pending(w.people.reviewer)
      const forged = { principal: 'otto', reviewedBy: 'otto', actor: { principal: 'otto' } }
      return w.people.reviewer.refused('workspace/executeCommand', {
        command: 'orion.proposal/approve',
        arguments: [{ id, digest, ...forged }],
      })
    },
  ],
  [
    'the proposer, who rejects it himself',
    [40300],
    async (w) => {
      const { id, digest } = await w.pending(w.people.reviewer)
      const review = { id, digest, comment: 'no' }
      const error = await w.people.reviewer.refused('proposal/reject', review)
      if ((await w.status(id)) !== 'pending') throw new Error('expected it to be pending still')
      return error
    },
  ],
  [
    'an agent without the scope',
    [40300, { needs: 'approve' }],
    async (w) => {
      return w.cannotApprove(w.people.agent, await w.pending(w.people.other))
    },
  ],
  [
    'an approver of other types',
    [40300, { needs: 'approve' }],
    async (w) => {
      const narrow = await w.people.person('p6', ['read', 'approve'], ['Proposal', 'Tally'])
      return w.cannotApprove(narrow, await w.pending())
    },
  ],
]

/** Reviews of something else than is stored. */
export const digests: readonly Attack[] = [
  [
    'no digest',
    [-32602],
    async (w) => {
      return w.people.reviewer.refused('proposal/approve', { id: (await w.pending()).id })
    },
  ],
  [
    'a digest of another form',
    [-32602],
    async (w) => {
      const { id, digest } = await w.pending()
      return w.people.reviewer.refused('proposal/approve', { id, digest: digest.toUpperCase() })
    },
  ],
  [
    'a forged digest',
    [40900, { reason: 'digest' }],
    async (w) => {
      return w.cannotApprove(w.people.reviewer, { ...(await w.pending()), digest: 'a'.repeat(64) })
    },
  ],
  [
    'the digest of another proposal',
    [40900, { reason: 'digest' }],
    async (w) => {
      const [one, two] = [await w.pending(), await w.pending()]
      return w.cannotApprove(w.people.reviewer, { ...one, digest: two.digest })
    },
  ],
  [
    'the digest of an equal proposal that was approved before',
    [40900, { reason: 'digest' }],
    async (w) => {
      const operations = [{ op: 'create', type: 'Note', id: w.id(), data: { title: 'same' } }]
      const before = await w.approved(operations)
      return w.cannotApprove(w.people.reviewer, {
        ...(await w.pending(w.people.agent, operations)),
        digest: before.digest,
      })
    },
  ],
  [
    'to execute another digest than was approved',
    [40900, { reason: 'digest' }],
    async (w) => {
      const { id } = await w.approved()
      return w.people.agent.refused('proposal/execute', { id, digest: 'b'.repeat(64) })
    },
  ],
  [
    'to reject with a forged digest',
    [40900, { reason: 'digest' }],
    async (w) => {
      const { id } = await w.pending()
      return w.people.reviewer.refused('proposal/reject', {
        id,
        digest: 'c'.repeat(64),
        comment: 'no',
      })
    },
  ],
  ...['payload', 'reason', 'evidence', 'actionType'].map(
    (field): Attack => [
      `to change its ${field} between approval and execution`,
      [40900, { status: 'stale' }],
      async (w) => {
        const { id } = await w.approved()
        const values: Parsed = { payload: { operations: [] }, evidence: ['x'] }
        const set = { [field]: values[field] ?? 'other' }
        await w.people.owner.call('record/update', {
          type: 'Proposal',
          id,
          expectedVersion: 3,
          set,
        })
        return w.people.agent.refused('proposal/execute', { id })
      },
    ],
  ),
  [
    'to prolong its time after it was handed in',
    [40900, { status: 'stale' }],
    async (w) => {
      const asked = { operations: [createNote(w.id())], submit: true, expiresInMs: 600_000 }
      const { id, digest } = await w.people.agent.call('proposal/create', asked)
      const set = { expiresAt: '2999-01-01T00:00:00Z' }
      await w.people.owner.call('record/update', { type: 'Proposal', id, expectedVersion: 2, set })
      return w.people.reviewer.refused('proposal/approve', { id, digest })
    },
  ],
]
