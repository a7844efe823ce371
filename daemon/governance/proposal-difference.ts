/** What a proposal would change, field by field: tried out on the store as it is now, and taken back. */
import { differencesBetween } from '../../sdk/data-difference.ts'
import { OrionError } from '../../sdk/errors.ts'
import { isJsonObject, type Json } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import { proposalType } from '../../sdk/proposal-states.ts'
import type * as protocol from '../../sdk/protocol/proposals.ts'
import type { TransactOperation } from '../../sdk/protocol/records.ts'
import type { ManagedTransaction } from '../store/managed-api.ts'
import type { StoreApi } from '../store/store-api.ts'
import { assertMay, type GovernedCaller } from './person.ts'
import { movedSince } from './proposal-bases.ts'
import { type About, present } from './proposal-moves.ts'
import type { StoredProposal } from './proposal-record.ts'
import { approvalsOf } from './proposal-reviews.ts'

type Difference = protocol.ProposalDifference
type Change = Difference['operations'][number]

/** Tells what a proposal would change; of one that was executed, what it did. */
export async function differenceOf(
  store: StoreApi,
  about: About,
  caller: GovernedCaller,
): Promise<Omit<Difference, 'approver'>> {
  assertMay(caller, 'read', [proposalType])
  const seen = await store.tryOut((work) => {
    const proposal = present(work, about, { caller, scope: 'read' })
    const isOver = proposal.status === 'executed'
    // Before anything is tried, which moves it.
    const moved = isOver ? [] : movedSince(work, proposal.bases)
    return { proposal, moved, told: isOver ? { operations: [] } : tryChanges(work, proposal) }
  }, caller)
  const { proposal, told, moved } = seen
  const { record, status, actionType, reason, expiresAt, digest } = proposal
  const { quorum } = record.data
  const operations =
    status === 'executed' ? await changesMade(store, proposal, caller) : told.operations
  return {
    id: record.id,
    version: record.version,
    status,
    actionType,
    createdBy: record.createdBy,
    ...(reason === undefined ? {} : { reason }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(digest === undefined ? {} : { digest }),
    approvals: digest === undefined ? 0 : approvalsOf(proposal, digest),
    quorum: typeof quorum === 'number' ? quorum : 1,
    operations: [...operations],
    moved: [...moved],
    ...(told.problem === undefined ? {} : { problem: told.problem }),
  }
}

interface Tried {
  readonly operations: readonly Change[]
  readonly problem?: string
}

/** Operation by operation, each on what the one before left; where one would fail, the rest is not known. */
function tryChanges(work: ManagedTransaction, { operations }: StoredProposal): Tried {
  const changes: Change[] = []
  const tried = work.attempt(() =>
    work.batch((perform) => {
      for (const operation of operations) {
        const { type, id } = operation
        const before = id === undefined ? undefined : work.read(type, id)
        changes.push(changeOf(operation, before, perform(regardless(operation)).record))
      }
    }),
  )
  return tried.outcome === 'done'
    ? { operations: changes }
    : { operations: changes, problem: tried.error.message }
}

/** What has moved is told beside; a person wants to see the change on what is there now. */
function regardless(operation: TransactOperation): TransactOperation {
  return operation.op === 'create' ? operation : { ...operation, force: true }
}

function changeOf(operation: TransactOperation, before: Record | undefined, after: Record): Change {
  const base = operation.op === 'create' ? null : (operation.expectedVersion ?? null)
  const old = before?.lifecycle
  return {
    op: operation.op,
    type: after.type,
    id: after.id,
    base,
    current: before?.version ?? null,
    fields: differencesBetween(before?.data ?? {}, after.data),
    ...(old === undefined || old === after.lifecycle
      ? {}
      : { lifecycle: { before: old, after: after.lifecycle } }),
  }
}

/** Read from the history of what it changed, as long as there is one. */
async function changesMade(
  store: StoreApi,
  { operations, record }: StoredProposal,
  caller: GovernedCaller,
): Promise<readonly Change[]> {
  const { executionResult } = record.data
  const results = isJsonObject(executionResult) ? executionResult.results : undefined
  const versions = Array.isArray(results) ? results.map(versionOf) : []
  const changes: Change[] = []
  for (const [index, operation] of operations.entries()) {
    const version = versions[index]
    if (operation.id === undefined || version === undefined) continue
    const key = { type: operation.type, id: operation.id }
    const after = await pastOf(store, { ...key, version }, caller)
    const base = operation.op === 'create' ? undefined : operation.expectedVersion
    const before =
      base === undefined ? undefined : await pastOf(store, { ...key, version: base }, caller)
    if (after !== undefined) changes.push(changeOf(operation, before, after))
  }
  return changes
}

function versionOf(result: Json): number | undefined {
  return isJsonObject(result) && typeof result.version === 'number' ? result.version : undefined
}

async function pastOf(
  store: StoreApi,
  key: { readonly type: string; readonly id: string; readonly version: number },
  caller: GovernedCaller,
): Promise<Record | undefined> {
  try {
    return await store.get(key, caller)
  } catch (error) {
    // Compacted away, or purged.
    if (error instanceof OrionError) return undefined
    throw error
  }
}
