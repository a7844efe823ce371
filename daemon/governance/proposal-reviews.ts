/** Who has reviewed a proposal, and who may. */
import { OrionError } from '../../sdk/errors.ts'
import type { GovernedCaller } from './person.ts'
import { isAuthor } from './person.ts'
import type { Review, StoredProposal } from './proposal-record.ts'

/**
 * Different persons who have approved exactly this digest: each name and each credential counts once.
 *
 * @param digest - Of the proposal as it is now.
 */
export function approvalsOf({ reviews, authors }: StoredProposal, digest: string): number {
  const names = new Set<string>()
  const credentials = new Set<string>()
  for (const { by, credential, decision, digest: reviewed } of reviews) {
    if (decision !== 'approved' || reviewed !== digest || authors.principals.includes(by)) continue
    if (names.has(by) || credentials.has(credential)) continue
    names.add(by)
    credentials.add(credential)
  }
  return names.size
}

/** @throws OrionError `forbidden` for an author of the proposal. */
export function assertNotAuthor({ record, authors }: StoredProposal, caller: GovernedCaller): void {
  if (!isAuthor(authors, caller)) return
  const names = [...new Set(authors.principals)].join(' and ')
  throw new OrionError(
    'forbidden',
    `proposal ${record.id} was proposed by ${names}, which is you or came with what you came with: nobody decides about his own proposal`,
    {
      needs: 'another person',
      remedy: 'have somebody else decide, with a token of his own; proposal/cancel takes it back',
    },
  )
}

/** @throws OrionError `forbidden` for who has reviewed it already, under whatever name. */
export function assertNotCounted({ reviews }: StoredProposal, caller: GovernedCaller): void {
  const before = reviews.find(
    ({ by, credential }) => by === caller.principal || credential === caller.credential,
  )
  if (before === undefined) return
  throw new OrionError('forbidden', `${before.by} has approved it already, and counts once`, {
    needs: 'another person',
    remedy: 'have somebody else approve it, with a token of his own',
  })
}

/** The reviews with one more. */
export function withReview(
  { reviews }: StoredProposal,
  caller: GovernedCaller,
  said: Pick<Review, 'at' | 'decision' | 'digest'> & { readonly comment?: string | undefined },
): Review[] {
  const { comment, ...rest } = said
  const { principal: by, credential } = caller
  return [...reviews, { by, credential, ...rest, ...(comment === undefined ? {} : { comment }) }]
}
