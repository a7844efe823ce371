/** From what a proposal says to the operations that it asks for. */
import { type Issue, OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { rawAction, rawPayload } from '../../sdk/protocol/proposals.ts'
import type { Guard, TransactOperation } from '../../sdk/protocol/records.ts'
import type { GovernedCaller } from './person.ts'
import type { StoredProposal } from './proposal-record.ts'

/** Operations as they are asked for, and what they rest on. */
export interface Plan {
  readonly operations: readonly TransactOperation[]
  readonly guards: readonly Guard[]
}

/** Works out what an action would do, with the rights of a caller. */
export type PlanAction = (
  action: { readonly name: string; readonly params: JsonObject },
  caller: GovernedCaller,
) => Promise<Plan>

/** Whether the operations of a draft are still those of what it says. A draft that a client wrote itself has none. */
export function isPlanned(
  { actionType, operations, digest }: StoredProposal,
  now: string,
): boolean {
  if (operations.length === 0) return false
  return actionType === rawAction || digest === now
}

/** The operations that a payload holds, as a client wrote them down. */
export function planOfPayload(payload: JsonObject): Plan {
  const parsed = rawPayload.safeParse(payload)
  if (parsed.success)
    return { operations: parsed.data.operations, guards: parsed.data.guards ?? [] }
  const issues: Issue[] = parsed.error.issues.slice(0, 20).map((issue) => ({
    path: ['payload', ...issue.path].join('.'),
    message: issue.message,
  }))
  const [first] = issues
  throw new OrionError('invalid_request', `${first?.path}: ${first?.message}`, {
    issues,
    remedy: `the payload of ${rawAction} is {operations, guards?}, as record/transact takes them`,
  })
}
