/** Named operations, and what would come of them. */
import { z } from 'zod'
import { defineRequest, type Need } from './define.ts'
import { proposalResult } from './proposals.ts'
import { guard, operationsMax, transactOperation } from './records.ts'
import * as shape from './schemas.ts'

/** Most steps of a simulation. */
export const stepsMax = 100

const { force: _force, return: _return, ...options } = shape.writeOptions.shape
const actionName = z.string().min(1).max(255)

export const actionInfo = z.object({
  name: z.string(),
  description: z.string(),
  /** The record types that it reads and writes. */
  types: z.array(z.string()),
  requiresProposal: z.boolean(),
  dangerous: z.boolean(),
})
/** What is told of an action. */
export type ActionInfo = z.output<typeof actionInfo>

export const ListActions = defineRequest('action/list', {
  params: z.object({}).optional(),
  result: z.object({ actions: z.array(actionInfo) }),
  scope: 'read',
  reach: 'some',
  summary: 'The actions whose record types may be read.',
})

export const DescribeAction = defineRequest('action/describe', {
  params: z.object({ action: actionName }),
  result: actionInfo.extend({ input: shape.jsonObject }),
  scope: 'read',
  reach: 'some',
  summary: 'One action, with the JSON Schema of its input.',
})

export const ExecuteAction = defineRequest('action/execute', {
  params: z.object({ action: actionName, params: shape.jsonObject.optional() }).extend(options),
  result: z.object({
    action: z.string(),
    /** The OrionActionLog of this execution; without one when it was a dry run. */
    type: z.string(),
    id: z.string(),
    version: shape.version,
    changed: z.boolean(),
    token: shape.token,
    replayed: z.literal(true).optional(),
    results: z.array(shape.writeResult),
    /** How many times it was worked out. */
    attempts: z.int(),
    /** What went wrong afterwards. */
    warnings: z.array(z.string()).optional(),
  }),
  scope: 'read',
  reach: 'some',
  summary:
    'Carries an action out and logs it; one that others have to approve is proposed: 40301 with `proposalId`.',
})

const plan = {
  operations: z.array(transactOperation).min(1).max(operationsMax),
  guards: z.array(guard).max(operationsMax),
}

const effect = z.object({ type: z.string(), id: z.string(), version: shape.version })
const fieldDifference = z.object({
  field: z.string(),
  before: shape.json.optional(),
  after: shape.json.optional(),
})

export const simulationResult = z.object({
  /** The position that it was worked out at. */
  token: shape.token,
  steps: z.array(
    z.object({
      action: z.string().optional(),
      ok: z.boolean(),
      operations: z.int(),
      durationMs: z.number(),
      error: z.object({ kind: z.string(), message: z.string(), data: shape.jsonObject }).optional(),
    }),
  ),
  created: z.array(effect.extend({ data: shape.jsonObject })),
  updated: z.array(effect.extend({ fields: z.array(fieldDifference) })),
  deleted: z.array(effect),
  archived: z.array(effect),
  restored: z.array(effect),
  /** The events that would be sent, in their order. */
  events: z.array(
    z.object({
      topic: z.string(),
      type: z.string(),
      id: z.string(),
      version: shape.version,
      changedFields: z.array(z.string()),
    }),
  ),
  /** Exactly what would be done, to be sent to `simulation/apply` with the digest. */
  operations: z.array(transactOperation),
  guards: z.array(guard),
  digest: z.string(),
})
/** What would come of some steps. */
export type SimulationResult = z.output<typeof simulationResult>

const reads = (types: readonly { readonly type: string }[]): Need[] =>
  types.map(({ type }) => ({ scope: 'read', type }))

export const RunSimulation = defineRequest('simulation/run', {
  params: z
    .object({
      actions: z
        .array(z.object({ action: actionName, params: shape.jsonObject.optional() }))
        .min(1)
        .max(stepsMax)
        .optional(),
      operations: plan.operations.optional(),
      guards: plan.guards.optional(),
    })
    .refine(({ actions, operations }) => (actions === undefined) !== (operations === undefined), {
      message: 'expected either actions or operations',
    }),
  result: simulationResult,
  scope: 'read',
  needs: ({ operations = [], guards = [] }) => reads([...operations, ...guards]),
  summary: 'What would come of actions, or of operations; nothing of it happens.',
})

export const ApplySimulation = defineRequest('simulation/apply', {
  params: z
    .object({
      ...plan,
      guards: plan.guards.optional(),
      digest: z.string().max(64),
      as: z.enum(['transaction', 'proposal']),
    })
    .extend(options),
  result: z.object({
    results: z.array(shape.writeResult).optional(),
    token: shape.token,
    replayed: z.literal(true).optional(),
    proposal: proposalResult.optional(),
  }),
  scope: 'read',
  needs: ({ operations, guards = [], as }) => [
    ...operations.map(
      ({ type }): Need => ({ scope: as === 'proposal' ? 'propose' : 'write', type }),
    ),
    ...reads(guards),
  ],
  summary: 'Does what a simulation showed, or proposes it: exactly that, or nothing.',
})
