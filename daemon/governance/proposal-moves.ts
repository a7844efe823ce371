/** What every move of a proposal has in common: finding it, asking whether it is still good, and the answer. */
import { OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { type ProposalState, proposalType, statesAfter } from '../../sdk/proposal-states.ts'
import type { ProposalResult } from '../../sdk/protocol/proposals.ts'
import type { Scope, WriteOptions } from '../../sdk/protocol/schemas.ts'
import type { Effect, ManagedAnswer, ManagedTransaction } from '../store/managed-api.ts'
import type { GovernedCaller } from './person.ts'
import { type Moved, movedSince } from './proposal-bases.ts'
import { contentOf, digestOfProposal, proposalOf, type StoredProposal } from './proposal-record.ts'
import { noProposal, voidError } from './proposal-refusals.ts'
import { approvalsOf } from './proposal-reviews.ts'

/** What a move answers, inside its transaction. */
export type ProposalAnswer = ManagedAnswer & ProposalResult

/** Which proposal, and at which version if the caller says so. */
export interface About {
  readonly id: string
  readonly expectedVersion?: number | undefined
}

/**
 * The proposal as it is in the open transaction. Who may do nothing with it, and may not read it either, is told that
 * there is none.
 *
 * @throws OrionError `not_found`, `forbidden`, `conflict`.
 */
export function present(
  work: ManagedTransaction,
  { id, expectedVersion }: About,
  { caller, scope }: { readonly caller: GovernedCaller; readonly scope: Scope },
): StoredProposal {
  const record = work.read(proposalType, id)
  if (record === undefined) throw noProposal(id)
  const proposal = proposalOf(record)
  assertConcerned(proposal, caller, scope)
  if (record.lifecycle !== 'active') {
    throw new OrionError('invalid_request', `proposal ${id} is ${record.lifecycle}`, {
      remedy: 'restore it first, with record/restore',
    })
  }
  if (expectedVersion !== undefined) {
    work.guard({ type: proposalType, id, version: expectedVersion }, 'version')
  }
  return proposal
}

function assertConcerned(proposal: StoredProposal, caller: GovernedCaller, scope: Scope): void {
  const { operations, record } = proposal
  const named = new Set(operations.map(({ type }) => type))
  const types = named.size === 0 ? [proposalType] : [...named]
  const lacking = types.find((type) => !caller.holds(scope, type))
  if (lacking === undefined) return
  if (!caller.mayRead(proposalType)) throw noProposal(record.id)
  const told = caller.mayRead(lacking) ? lacking : 'what it would change'
  throw new OrionError('forbidden', `expected scope ${scope} for ${told}, got none`, {
    needs: scope,
    remedy: `ask the owner of the store for a token with scope ${scope}`,
  })
}

/** The digest of what the proposal says now, whatever was stored of it. */
export function digestNow(proposal: StoredProposal): string {
  return digestOfProposal(contentOf(proposal))
}

/**
 * Ends a proposal that is not good any more: its time is over, what it says was changed after it was handed in, or what
 * it is based on has moved.
 *
 * @returns The answer of the move that ended it; undefined while it is good.
 */
export function voided(
  work: ManagedTransaction,
  proposal: StoredProposal,
  caller: GovernedCaller,
): ProposalAnswer | undefined {
  const over = expired(work, proposal, caller)
  if (over !== undefined || !statesAfter(proposal.status).includes('stale')) return over
  const { record, bases, digest } = proposal
  const { type, id, version } = record
  const isChanged = digestNow(proposal) !== digest
  const moved: readonly Moved[] = isChanged
    ? [{ type, id, expected: version - 1, found: version }]
    : movedSince(work, bases)
  const [first] = moved
  if (first === undefined) return undefined
  const why = isChanged
    ? 'it was changed after it was handed in'
    : `${first.type} ${first.id} has moved from version ${first.expected ?? 'none'} to ${first.found ?? 'none'}`
  const effect = work.change(
    record,
    { status: 'stale', moved: moved.map((one) => ({ ...one })) },
    'stale',
  )
  return {
    ...answerOf(work, effect),
    refused: voidError(effect.record, { status: 'stale', why, moved }, caller),
  }
}

/** Ends a proposal whose time is over; undefined while it is not, or when it has ended already. */
export function expired(
  work: ManagedTransaction,
  { record, status, expiresAt }: StoredProposal,
  caller: GovernedCaller,
): ProposalAnswer | undefined {
  if (expiresAt === undefined || work.at < expiresAt) return undefined
  if (!statesAfter(status).includes('expired')) return undefined
  const effect = work.change(record, { status: 'expired' }, 'expired')
  const why = `its time was over at ${expiresAt}`
  const refused = voidError(effect.record, { status: 'expired', why }, caller)
  return { ...answerOf(work, effect), refused }
}

/** Moves a proposal, and answers. */
export function moved(
  work: ManagedTransaction,
  proposal: StoredProposal,
  step: {
    readonly to: ProposalState
    readonly move: string
    readonly set: JsonObject
    readonly params: WriteOptions
  },
): ProposalAnswer {
  const effect = work.change(proposal.record, { ...step.set, status: step.to }, step.move)
  return answerOf(work, effect, step.params)
}

/** What is told of a proposal after something was done with it. */
export function answerOf(
  work: ManagedTransaction,
  effect: Effect,
  params: Pick<WriteOptions, 'return'> = {},
): ProposalAnswer {
  const proposal = proposalOf(effect.record)
  const { status, digest } = proposal
  const { quorum } = effect.record.data
  return {
    ...work.resultOf(effect),
    ...(params.return === undefined ? {} : { record: effect.record }),
    status,
    ...(digest === undefined ? {} : { digest }),
    approvals: digest === undefined ? 0 : approvalsOf(proposal, digest),
    quorum: typeof quorum === 'number' ? quorum : 1,
  }
}
