/** What a connection has proved to be and may do. */
import { OrionError } from '../../sdk/errors.ts'
import { hasControlCharacter } from '../../sdk/model.ts'
import type { InitializeParams } from '../../sdk/protocol/handshake.ts'
import { type Scope, scopes } from '../../sdk/protocol/schemas.ts'

/** A principal and its scopes. */
export interface Rights {
  readonly principal: string
  readonly scopes: ReadonlySet<Scope>
}

/** The rights of whoever can enter the owner's run-time directory, or holds our stdin. */
export const ownerRights: Rights = { principal: 'owner', scopes: new Set(scopes) }

/** The rights of a connection that is not through its handshake. */
export const noRights: Rights = { principal: '', scopes: new Set() }

/** @throws OrionError `forbidden` naming the scope that is missing. */
export function assertScope(rights: Rights, scope: Scope): void {
  if (rights.scopes.has(scope)) return
  throw new OrionError('forbidden', `expected a connection with scope ${scope}, got one without`, {
    needs: scope,
    remedy: `ask the owner of the store for a token with scope ${scope}`,
  })
}

/** Whether records of this type may be shown; for now the scope decides, for every type alike. */
export function mayRead(rights: Rights, _type: string): boolean {
  return rights.scopes.has('read')
}

/**
 * The lesser rights that a client asks for itself.
 *
 * @throws OrionError `forbidden` if that would give it a scope or a name that it does not have.
 */
export function narrowRights(rights: Rights, narrow: InitializeParams['narrow']): Rights {
  if (narrow === undefined) return rights
  const kept = narrow.scopes ?? [...rights.scopes]
  for (const scope of kept) assertScope(rights, scope)
  const principal = narrow.principal ?? rights.principal
  const own = principal === rights.principal || principal.startsWith(`${rights.principal}/`)
  if (!own && rights.principal !== ownerRights.principal) {
    throw new OrionError(
      'forbidden',
      `expected a principal of the form ${rights.principal}/…, got ${principal}`,
      { remedy: 'narrow may name only the principal itself or one below it' },
    )
  }
  if (hasControlCharacter(principal)) {
    throw new OrionError('invalid_request', 'expected a principal without control characters', {})
  }
  return { principal, scopes: new Set(kept) }
}
