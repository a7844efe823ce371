/** What a connection has proved to be and may do. */
import { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import { hasControlCharacter } from '../../sdk/model.ts'
import type { Need, RequestDefinition } from '../../sdk/protocol/define.ts'
import type { InitializeParams } from '../../sdk/protocol/handshake.ts'
import { type Scope, scopes } from '../../sdk/protocol/schemas.ts'
import type { TopicPattern } from '../events/topic-pattern.ts'
import { ownerCredential } from '../governance/person.ts'

/** The record types, and first words of clients' own topics, that a scope holds for. */
export type Types = 'all' | ReadonlySet<string>

/** What each scope holds for; one that is not held is not in it. */
export type Grants = ReadonlyMap<Scope, Types>

/** A principal and what it may do. */
export interface Rights {
  readonly principal: string
  readonly grants: Grants
  /** Whether nothing is held back: asked first, so that rights cost the owner nothing. */
  readonly whole: boolean
  /** The names of the scopes, for the events that this connection makes; undefined when they are the whole set. */
  readonly scopeNames: readonly Scope[] | undefined
  /** The access token that gave them; undefined when the channel itself did. */
  readonly accessToken: UsedAccessToken | undefined
  /** What it came with, before it asked for less. */
  readonly origin: Origin
}

/** What a connection came with. */
export interface Origin {
  readonly principal: string
  readonly grants: Grants
  /** By what it proved that: the owner's own channel, or the token that its token descends from. */
  readonly credential: string
}

/** An access token as the connections know it that use it. */
export interface UsedAccessToken {
  readonly id: string
  /** The oldest token that it descends from, or its own id. */
  readonly rootId: string
  /** Undefined when it does not expire. */
  readonly expiresAt: Instant | undefined
}

/** Puts rights together. */
export function rightsOf(
  principal: string,
  grants: Grants,
  accessToken?: UsedAccessToken | undefined,
): Rights {
  const whole = scopes.every((scope) => grants.get(scope) === 'all')
  const names = scopes.filter((scope) => grants.has(scope))
  const credential = accessToken === undefined ? ownerCredential : `token:${accessToken.rootId}`
  const origin = { principal, grants, credential }
  return { principal, grants, whole, scopeNames: whole ? undefined : names, accessToken, origin }
}

/** The rights of whoever can enter the owner's run-time directory, or holds our stdin. */
export const ownerRights: Rights = rightsOf(
  'owner',
  new Map(scopes.map((scope): [Scope, Types] => [scope, 'all'])),
)

/** The rights of a connection that is not through its handshake, or has lost them. */
export const noRights: Rights = rightsOf('', new Map())

/** The scopes that are held for at least one type. */
export function heldScopes({ grants }: Rights): Scope[] {
  return scopes.filter((scope) => grants.has(scope))
}

/** Whether a scope is held for a record type, or the first word of a topic. */
export function holds({ grants }: Pick<Rights, 'grants'>, { scope, type }: Need): boolean {
  const types = grants.get(scope)
  return types === 'all' || (types?.has(type) ?? false)
}

/** Whether a scope is held for every type. */
export function holdsForAll({ grants }: Rights, scope: Scope): boolean {
  return grants.get(scope) === 'all'
}

/** The types, and first words of topics, that may be read; undefined when all may be. */
export function readableTypes({ grants }: Rights): ReadonlySet<string> | undefined {
  const types = grants.get('read') ?? new Set()
  return types === 'all' ? undefined : types
}

/** @throws OrionError `forbidden` naming the scope that is missing. */
export function assertScope(rights: Rights, scope: Scope): void {
  if (rights.grants.has(scope)) return
  throw new OrionError('forbidden', `expected a connection with scope ${scope}, got one without`, {
    needs: scope,
    remedy: `ask the owner of the store for a token with scope ${scope}`,
  })
}

/**
 * Says the same of a type that is there and of one that is not: who may not see a type can't find out whether it is.
 *
 * @throws OrionError `forbidden` naming the scope that is missing.
 */
export function assertHolds(rights: Rights, need: Need): void {
  if (!holds(rights, need)) throw lacking(need)
}

function lacking({ scope, type }: Need): OrionError<'forbidden'> {
  return new OrionError('forbidden', `expected scope ${scope} for ${type}, got none`, {
    needs: scope,
    remedy: `ask the owner of the store for a token with scope ${scope} for ${type}`,
  })
}

/** @throws OrionError `forbidden` when a scope is not held for every type. */
export function assertHoldsForAll(rights: Rights, scope: Scope): void {
  assertScope(rights, scope)
  if (holdsForAll(rights, scope)) return
  throw new OrionError(
    'forbidden',
    `expected scope ${scope} for all record types, got it for some`,
    {
      needs: scope,
      remedy: `ask the owner of the store for a token with scope ${scope} that names no types`,
    },
  )
}

/**
 * Patterns that spell out what may not be read are refused; of wide ones the rest is left out in silence.
 *
 * @param reads - What may be read; undefined when all may be.
 * @throws OrionError `forbidden`.
 */
export function assertNamedReadable(
  patterns: readonly TopicPattern[],
  reads: ReadonlySet<string> | undefined,
): void {
  if (reads === undefined) return
  for (const pattern of patterns) {
    for (const type of pattern.namedWords()) {
      if (!reads.has(type)) throw lacking({ scope: 'read', type })
    }
  }
}

/** @throws OrionError `forbidden` when a request needs more than these rights. */
export function authorise(rights: Rights, definition: RequestDefinition, params: unknown): void {
  const { scope, reach } = definition
  if (scope === undefined || rights.whole) return
  assertScope(rights, scope)
  switch (reach) {
    case 'all':
      assertHoldsForAll(rights, scope)
      break
    case 'named':
      for (const need of definition.needs(params)) assertHolds(rights, need)
      break
    case 'some':
      break
    default:
      reach satisfies never
  }
}

/**
 * The lesser rights that a client asks for itself.
 *
 * @throws OrionError `forbidden` if that would give it a scope or a name that it does not have.
 */
export function narrowRights(rights: Rights, narrow: InitializeParams['narrow']): Rights {
  if (narrow === undefined) return rights
  const kept = narrow.scopes ?? heldScopes(rights)
  for (const scope of kept) assertScope(rights, scope)
  const principal = narrow.principal ?? rights.principal
  assertMayName(rights, principal)
  if (hasControlCharacter(principal)) {
    throw new OrionError('invalid_request', 'expected a principal without control characters', {})
  }
  const asked = narrow.types === undefined ? 'all' : new Set(narrow.types)
  const grants = new Map<Scope, Types>()
  for (const scope of kept) {
    const types = common(rights.grants.get(scope) ?? new Set(), asked)
    if (types === 'all' || types.size > 0) grants.set(scope, types)
  }
  return { ...rightsOf(principal, grants, rights.accessToken), origin: rights.origin }
}

/** @throws OrionError `forbidden` unless these rights may act, or let others act, under a name. */
export function assertMayName(rights: Rights, principal: string): void {
  const own = principal === rights.principal || principal.startsWith(`${rights.principal}/`)
  if (own || rights.principal === ownerRights.principal) return
  throw new OrionError(
    'forbidden',
    `expected a principal of the form ${rights.principal}/…, got ${principal}`,
    { remedy: 'only the principal itself, or one below it, may be named' },
  )
}

function common(left: Types, right: Types): Types {
  if (left === 'all') return right
  if (right === 'all') return left
  return new Set([...left].filter((type) => right.has(type)))
}
