/** Who asks, as far as it matters for who may decide about what. */
import { OrionError } from '../../sdk/errors.ts'
import type { Scope } from '../../sdk/protocol/schemas.ts'
import type { Caller } from '../store/store-api.ts'

/** A caller with what he has proved, beyond his name. */
export interface GovernedCaller extends Caller {
  /** By what he came: the owner's own channel, or the access token that his descends from. */
  readonly credential: string
  /** Whether he acts under a lesser name than the one he came with. */
  readonly isRenamed: boolean
  /** Whether his connection has a scope for a record type, or the first word of a topic. */
  readonly holds: (scope: Scope, type: string) => boolean
  /** The same before he narrowed himself: nobody gets rid of a restriction by giving up what it hangs on. */
  readonly heldAtFirst: (scope: Scope, type: string) => boolean
}

/** The credential of whoever needs no token. */
export const ownerCredential = 'owner'

/** Who is behind a proposal. */
export interface Authors {
  readonly principals: readonly string[]
  readonly credentials: readonly string[]
}

/**
 * Whether a reviewer is, or may be, one of the authors. The same token is the same person, whatever it calls itself. On
 * the owner's own channel, where nothing proves who is who, the owner under his own name may decide about what a
 * connection proposed that had taken a lesser one; nobody else there may.
 */
export function isAuthor(
  { principals, credentials }: Authors,
  reviewer: Pick<GovernedCaller, 'principal' | 'credential' | 'isRenamed'>,
): boolean {
  if (principals.includes(reviewer.principal)) return true
  if (!credentials.includes(reviewer.credential)) return false
  return reviewer.credential !== ownerCredential || reviewer.isRenamed
}

/** @throws OrionError `forbidden` naming the first type for which the scope is missing. */
export function assertMay(caller: GovernedCaller, scope: Scope, types: Iterable<string>): void {
  for (const type of types) {
    if (caller.holds(scope, type)) continue
    throw new OrionError('forbidden', `expected scope ${scope} for ${type}, got none`, {
      needs: scope,
      remedy: `ask the owner of the store for a token with scope ${scope} for ${type}`,
    })
  }
}
