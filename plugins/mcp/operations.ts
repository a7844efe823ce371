/** Operations as a model gives them, and as the daemon takes them. */
import { z } from 'zod'
import type { TransactOperation } from '../../sdk/protocol/records.ts'
import { id, json, type, value } from './arguments.ts'
import { cut, nameOf } from './record-text.ts'
import { type ToolCall, ToolInputError } from './tool.ts'

/** The members of an operation. */
export const operation = {
  op: z.enum(['create', 'update', 'delete', 'archive', 'restore']),
  type,
  id: id.optional(),
  data: json.optional().describe('of create'),
  set: json.optional(),
  unset: z.array(z.string().max(255)).max(200).optional(),
  apply: z
    .array(
      z.strictObject({
        field: z.string(),
        op: z.enum(['increment', 'append', 'addToSet', 'remove']),
        value,
      }),
    )
    .max(200)
    .optional(),
  expectedVersion: z.int().min(1).optional(),
}
const many = z.array(z.strictObject(operation)).min(1).max(100)
/** An operation that has the right members. */
export type Asked = z.output<typeof many>[number]

/** One operation, or several; each is looked at alone, so that a mistake is told with its place. */
export function operationsOf(operations: unknown, single: object): readonly Asked[] {
  const parsed = many.safeParse(operations ?? [single])
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = (issue?.path ?? []).slice(operations === undefined ? 1 : 0).join('.')
  throw new ToolInputError(`${place}: ${cut(issue?.message ?? '', 300)}. Nothing was done`)
}

/** The operation as the daemon takes it, based on the version that the agent saw. */
export function resolveOperation(asked: Asked, { agent }: ToolCall): TransactOperation {
  const { op, type, id, data, set, unset, apply } = asked
  if (op === 'create') {
    if (data === undefined) throw new ToolInputError('data: expected the fields of the new record')
    return { op, type, id, data }
  }
  if (id === undefined) throw new ToolInputError(`id: expected the id of the record to ${op}`)
  const needsVersion = op !== 'update' || set !== undefined || unset !== undefined
  const expectedVersion = asked.expectedVersion ?? agent.versionSeen(type, id)
  if (needsVersion && expectedVersion === undefined) {
    throw new ToolInputError(
      `expectedVersion: ${nameOf({ type, id })} has not been read in this session; get it first. Nothing was done`,
    )
  }
  const key = { type, id, expectedVersion: needsVersion ? expectedVersion : asked.expectedVersion }
  return op === 'update' ? { op, ...key, set, unset, apply } : { op, ...key }
}
