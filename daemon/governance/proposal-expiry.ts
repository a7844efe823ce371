/** Ends the proposals that nobody has carried out in time. */
import { proposalType } from '../../sdk/proposal-states.ts'
import type { StoreApi } from '../store/store-api.ts'
import type { GovernedCaller } from './person.ts'
import { answerOf, expired, type ProposalAnswer, present } from './proposal-moves.ts'

/** Ends those whose time is over; what is asked of them meanwhile is decided by whoever comes first. */
export async function expireProposals(
  store: StoreApi,
  caller: GovernedCaller,
  now: string,
): Promise<void> {
  const where = {
    status: { in: ['draft', 'pending', 'approved'] },
    expiresAt: { lte: now },
  }
  const { records } = await store.list({ type: proposalType, where, limit: atOnce }, caller)
  for (const { id } of records) {
    await store.manage<ProposalAnswer>(
      {
        method: 'proposal/expire',
        params: { reason: 'its time is over' },
        run: (work) => {
          const proposal = present(work, { id }, { caller, scope: 'propose' })
          const unchanged = { changed: false, record: proposal.record, seq: work.lastSeq }
          return expired(work, proposal, caller) ?? answerOf(work, unchanged)
        },
      },
      caller,
    )
  }
}

const atOnce = 100
