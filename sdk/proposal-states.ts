/** The states of a proposal, and the moves between them. Nothing else ever changes a proposal's state. */

/** What a proposal can be. Deleting one is the store's affair: see `lifecycle`. */
export const proposalStates = [
  'draft',
  'pending',
  'approved',
  'rejected',
  'executed',
  'failed',
  'cancelled',
  'expired',
  'stale',
] as const
/** How far a proposal has come. */
export type ProposalState = (typeof proposalStates)[number]

/** The name of the record type. */
export const proposalType = 'Proposal'

/** What can happen to a proposal; the last word of the event's topic. */
export const proposalMoves = [
  'submitted',
  'approved',
  'rejected',
  'executed',
  'failed',
  'cancelled',
  'expired',
  'stale',
] as const
/** One way in which a proposal moves from a state to another. */
export type ProposalMove = (typeof proposalMoves)[number]

const nextStates: { readonly [S in ProposalState]: readonly ProposalState[] } = {
  draft: ['pending', 'cancelled', 'expired'],
  pending: ['approved', 'rejected', 'cancelled', 'expired', 'stale'],
  approved: ['executed', 'failed', 'cancelled', 'expired', 'stale'],
  rejected: [],
  executed: [],
  failed: [],
  cancelled: [],
  expired: [],
  stale: [],
}

/** The states that may follow one; none after an end. */
export function statesAfter(state: ProposalState): readonly ProposalState[] {
  return nextStates[state]
}

/** Topics of a type beside those of every record type. */
export function movesOf(type: string): readonly string[] {
  return type === proposalType ? proposalMoves : []
}
