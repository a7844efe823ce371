/** Access tokens: making, listing and revoking them. */
import type { z } from 'zod'
import { parseAccessToken, principalProblem } from '../../../sdk/access-token.ts'
import { didYouMean } from '../../../sdk/did-you-mean.ts'
import { OrionError } from '../../../sdk/errors.ts'
import { type Instant, instantFromMicros } from '../../../sdk/instant.ts'
import type { Scope } from '../../../sdk/protocol/schemas.ts'
import type * as protocol from '../../../sdk/protocol/tokens.ts'
import type { RequestContext } from '../request-context.ts'
import {
  assertHolds,
  assertHoldsForAll,
  assertMayName,
  type Grants,
  type Rights,
  type Types,
} from '../rights.ts'

/** Makes a token that gives no more than its maker has. */
export async function create(
  params: protocol.CreateTokenParams,
  context: RequestContext,
): Promise<z.output<typeof protocol.CreateToken.result>> {
  const { session, services } = context
  const maker = session.rights
  const problem = principalProblem(params.name)
  if (problem !== undefined) {
    throw new OrionError('invalid_request', `name: ${problem}`, {
      remedy: 'the name is who the token stands for, such as agent:claude or ci:nightly',
    })
  }
  assertMayName(maker, params.name)
  assertTraceable(maker)
  const grants = grantsOf(params)
  for (const [scope, types] of grants) {
    if (types === 'all') assertHoldsForAll(maker, scope)
    else for (const type of types) assertHolds(maker, { scope, type })
  }
  const expiresAt = expiryOf(params, context)
  const { text, info } = await services.access.tokens.create({
    name: params.name,
    grants,
    expiresAt,
    maker,
  })
  return { ...info, token: text, warnings: unknownTypes(grants, services.store.typeNames()) }
}

/**
 * A token names the one it was made with, so that nobody approves with it what its maker proposed. The owner's channel has
 * none to name: who has taken a lesser name there would be another person by a token of his own.
 *
 * @throws OrionError `forbidden`.
 */
function assertTraceable({ accessToken, principal, origin }: Rights): void {
  if (accessToken !== undefined || principal === origin.principal) return
  throw new OrionError('forbidden', 'expected the owner under his own name, or a token', {
    needs: 'another person',
    remedy: 'let the owner make the token, with `orion token create`',
  })
}

/** All tokens, without their secrets. */
export const list = (
  _params: unknown,
  { services }: RequestContext,
): z.output<typeof protocol.ListTokens.result> => ({ tokens: services.access.tokens.list() })

/** Ends a token and those that were made with it. */
export async function revoke(
  { id }: z.output<typeof protocol.RevokeToken.params>,
  { services }: RequestContext,
): Promise<z.output<typeof protocol.RevokeToken.result>> {
  // Whoever has found a token in a place where it should not be has the whole of it.
  const tokenId = parseAccessToken(id)?.id ?? id
  const revoked = await services.access.tokens.revoke(tokenId)
  if (revoked !== undefined) return { revoked }
  throw new OrionError('not_found', 'there is no such access token', {
    id: tokenId,
    remedy: '`orion token list` shows the ids',
  })
}

function grantsOf({ scopes, types }: protocol.CreateTokenParams): Grants {
  const typesOf = (scope: Scope): Types => {
    const named = Array.isArray(types) ? types : types?.[scope]
    return named === undefined ? 'all' : new Set(named)
  }
  if (types !== undefined && !Array.isArray(types)) {
    for (const scope of Object.keys(types)) {
      if (scopes.some((asked) => asked === scope)) continue
      throw new OrionError('invalid_request', `types: ${scope} is limited and not asked for`, {
        remedy: `add ${scope} to scopes, or leave it out of types`,
      })
    }
  }
  return new Map(scopes.map((scope): [Scope, Types] => [scope, typesOf(scope)]))
}

/** A token does not outlive the one that its maker came with. */
function expiryOf(
  { expiresInMs }: protocol.CreateTokenParams,
  { session, services }: RequestContext,
): Instant | undefined {
  const latest = session.rights.accessToken?.expiresAt
  if (expiresInMs === undefined) return latest
  const asked = instantFromMicros(services.clock.nowMicros() + expiresInMs * 1000)
  if (latest === undefined || asked <= latest) return asked
  throw new OrionError(
    'forbidden',
    `expected a token that ends by ${latest}, as its maker’s does`,
    {
      remedy: 'leave the expiry out, or ask for an earlier one',
    },
  )
}

/** No error: a type may be defined later, and clients' own topics have first words too. */
function unknownTypes(grants: Grants, known: readonly string[]): string[] {
  const named = [...grants.values()].flatMap((types) => (types === 'all' ? [] : [...types]))
  return [...new Set(named)]
    .filter((type) => !known.includes(type))
    .map((type) => {
      const meant = didYouMean(type, known)
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`
      return `there is no record type ${type} yet${hint} The scopes hold for topics that begin with ${type}. and for a type of that name once it is defined`
    })
}
