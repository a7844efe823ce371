/** Why a proposal is not moved: each refusal says in which state it is, and what may follow. */
import { OrionError } from '../../sdk/errors.ts'
import type { Record } from '../../sdk/model.ts'
import { type ProposalState, proposalType, statesAfter } from '../../sdk/proposal-states.ts'
import type { Caller } from '../store/store-api.ts'
import type { Moved } from './proposal-bases.ts'
import type { StoredProposal } from './proposal-record.ts'

/** @throws OrionError `conflict` unless a proposal may come from its state to another. */
export function assertLegal(proposal: StoredProposal, to: ProposalState, caller: Caller): void {
  const { status, record } = proposal
  const allowed = statesAfter(status)
  if (allowed.includes(to)) return
  const next = allowed.length === 0 ? 'nothing follows' : `it may become ${allowed.join(', ')}`
  throw new OrionError(
    'conflict',
    `proposal ${record.id} is ${status} and can't become ${to}; ${next}`,
    {
      ...aboutRecord(record, caller),
      reason: 'state',
      status,
      allowed,
      remedy:
        status === 'draft'
          ? 'submit it first: proposal/submit'
          : allowed.length === 0
            ? 'make another proposal'
            : 'look at it again: proposal/diff',
    },
  )
}

/** What is told of a proposal that became void in the very moment. */
export function voidError(
  record: Record,
  cause: {
    readonly status: 'expired' | 'stale'
    readonly why: string
    readonly moved?: readonly Moved[]
  },
  caller: Caller,
): OrionError<'conflict'> {
  const { status, why, moved } = cause
  return new OrionError('conflict', `proposal ${record.id} is ${status}: ${why}`, {
    ...aboutRecord(record, caller),
    reason: 'state',
    status,
    allowed: [],
    ...(moved === undefined ? {} : { moved }),
    remedy: 'look at what has changed, then make another proposal',
  })
}

/** A review, or an order to execute, that names another digest than the proposal has. */
export function digestError({ record, status }: StoredProposal, caller: Caller): OrionError {
  return new OrionError(
    'conflict',
    `proposal ${record.id} is not the one that was looked at: its digest is another`,
    {
      ...aboutRecord(record, caller),
      reason: 'digest',
      status,
      remedy: 'look at what it would change now, and name the digest that proposal/diff tells',
    },
  )
}

/** The same for one that is not there and for one that the caller may not know of. */
export function noProposal(id: string): OrionError<'not_found'> {
  return new OrionError('not_found', `there is no proposal ${JSON.stringify(id)}`, {
    type: proposalType,
    id,
  })
}

function aboutRecord(record: Record, caller: Caller) {
  const { type, id, version } = record
  return { type, id, current: caller.mayRead(proposalType) ? record : { version } }
}
