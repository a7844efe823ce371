/** Changes that wait for somebody else's word. */
import { z } from 'zod'
import { proposalStates } from '../proposal-states.ts'
import { defineRequest } from './define.ts'
import { guard, operationsMax, transactOperation } from './records.ts'
import * as shape from './schemas.ts'

/** Longest comment of a review, in characters. */
export const commentMaxLength = 2000
/** Most references to what speaks for a proposal, and most tags. */
export const evidenceMax = 100
/** Shortest passphrase of an approver, in characters. */
export const approverSecretMinLength = 12
/** The action of a proposal that was made of operations. */
export const rawAction = 'record.transact'

const { force: _force, ...options } = shape.writeOptions.shape
const comment = z.string().max(commentMaxLength)
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected a digest: 64 digits from 0 to f')

/** What the payload of a proposal made of operations holds, when a client writes the draft itself. */
export const rawPayload = z.object({
  operations: z.array(transactOperation).min(1).max(operationsMax),
  guards: z.array(guard).max(operationsMax).optional(),
})

export const proposalState = z.enum(proposalStates)
export const proposalResult = z.object({
  type: z.string(),
  id: z.string(),
  version: shape.version,
  changed: z.boolean(),
  token: shape.token,
  replayed: z.literal(true).optional(),
  record: shape.record.optional(),
  status: proposalState,
  /** Of exactly what would happen; reviews name it. */
  digest: z.string().optional(),
  /** How many have approved it, and how many must. */
  approvals: z.int(),
  quorum: z.int(),
  /** What was written, once it is executed. */
  results: z.array(shape.writeResult).optional(),
})
/** What a move of a proposal answers. */
export type ProposalResult = z.output<typeof proposalResult>

export const CreateProposal = defineRequest('proposal/create', {
  params: z
    .object({
      id: shape.recordId.optional(),
      operations: z.array(transactOperation).min(1).max(operationsMax).optional(),
      guards: z.array(guard).max(operationsMax).optional(),
      action: z.string().min(1).max(255).optional(),
      params: shape.jsonObject.optional(),
      evidence: z.array(z.string().min(1).max(1024)).max(evidenceMax).optional(),
      priority: z.enum(['low', 'medium', 'high', 'critical']).optional(),
      tags: z.array(z.string().max(255)).max(evidenceMax).optional(),
      expiresInMs: z.int().min(1).optional(),
      submit: z.boolean().optional(),
    })
    .extend(options)
    .refine(({ operations, action }) => (operations === undefined) !== (action === undefined), {
      message: 'expected either operations or an action',
    }),
  result: proposalResult,
  scope: 'propose',
  needs: ({ operations = [], guards = [], return: shown }) => [
    ...operations.map(({ type }) => ({ scope: 'propose' as const, type })),
    // A guard tells what the version of a record is.
    ...guards.map(({ type }) => ({ scope: 'read' as const, type })),
    ...(shown === undefined ? [] : [{ scope: 'read' as const, type: 'Proposal' }]),
  ],
  summary: 'Proposes operations, or an action; with `submit` it waits for approval at once.',
})

const about = { id: shape.recordId, expectedVersion: shape.expectedVersion.optional() }

export const SubmitProposal = defineRequest('proposal/submit', {
  params: z.object(about).extend(options),
  result: proposalResult,
  scope: 'propose',
  reach: 'some',
  summary: 'Hands a draft in for approval; from then on it is what its digest says.',
})

export const ApproveProposal = defineRequest('proposal/approve', {
  params: z
    .object({
      ...about,
      digest,
      comment: comment.optional(),
      approverSecret: z.string().max(1024).optional(),
    })
    .extend(options),
  result: proposalResult,
  scope: 'approve',
  reach: 'some',
  summary: 'Approves what a digest says. Never one’s own; void when what it is based on has moved.',
})

export const RejectProposal = defineRequest('proposal/reject', {
  params: z.object({ ...about, digest, comment: comment.min(1) }).extend(options),
  result: proposalResult,
  scope: 'approve',
  reach: 'some',
  summary: 'Rejects a proposal, and says why.',
})

export const CancelProposal = defineRequest('proposal/cancel', {
  params: z.object({ ...about, comment: comment.optional() }).extend(options),
  result: proposalResult,
  scope: 'propose',
  reach: 'some',
  summary: 'Takes a proposal back; whoever may approve it may do so too.',
})

export const ExecuteProposal = defineRequest('proposal/execute', {
  params: z.object({ ...about, digest: digest.optional() }).extend(options),
  result: proposalResult,
  scope: 'propose',
  reach: 'some',
  summary: 'Carries out an approved proposal, as one transaction with its change of state.',
})

export const InitApprover = defineRequest('approver/init', {
  params: z.object({
    secret: z.string().min(approverSecretMinLength).max(1024),
    /** The present secret, if there is one. */
    current: z.string().max(1024).optional(),
  }),
  result: z.object({ changed: z.literal(true) }),
  scope: 'admin',
  summary: 'Makes approving need a passphrase or key of its own; the owner alone, without a token.',
})

const difference = z.object({
  op: z.enum(['create', 'update', 'delete', 'restore', 'archive']),
  type: z.string(),
  id: z.string(),
  /** The version it is based on; null when there must be none. */
  base: shape.expectedVersion.nullable(),
  /** The version now; null when there is none. */
  current: shape.expectedVersion.nullable(),
  fields: z.array(
    z.object({
      field: z.string(),
      before: shape.json.optional(),
      after: shape.json.optional(),
    }),
  ),
  lifecycle: z.object({ before: shape.lifecycle, after: shape.lifecycle }).optional(),
})

export const DiffProposal = defineRequest('proposal/diff', {
  params: z.object({ id: shape.recordId }),
  result: z.object({
    id: z.string(),
    version: shape.version,
    status: proposalState,
    actionType: z.string(),
    createdBy: z.string(),
    reason: z.string().optional(),
    expiresAt: z.string().optional(),
    digest: z.string().optional(),
    approvals: z.int(),
    quorum: z.int(),
    /** Approving needs the approver's own passphrase or key. */
    approver: z.boolean(),
    operations: z.array(difference),
    /** What has moved since it was proposed; with any of it the proposal is void. */
    moved: z.array(
      z.object({
        type: z.string(),
        id: z.string(),
        expected: shape.expectedVersion.nullable(),
        found: shape.expectedVersion.nullable(),
      }),
    ),
    /** Why it would fail if it were executed now. */
    problem: z.string().optional(),
  }),
  scope: 'read',
  reach: 'some',
  summary: 'What a proposal would change, field by field, as of now.',
})
/** What a proposal would change. */
export type ProposalDifference = z.output<typeof DiffProposal.result>
