/** The access tokens of the store: making them, knowing them again, and ending them. */
import { createHmac } from 'node:crypto'
import {
  type Challenge,
  digestOfSecret,
  formatAccessToken,
  newAccessToken,
  parseAccessToken,
  proofOf,
  sameText,
} from '../../../sdk/access-token.ts'
import { OrionError } from '../../../sdk/errors.ts'
import { type Instant, instantFromMicros, instantMicros } from '../../../sdk/instant.ts'
import { type Scope, scopes } from '../../../sdk/protocol/schemas.ts'
import type { TokenInfo } from '../../../sdk/protocol/tokens.ts'
import type { Clock } from '../../clock.ts'
import type { Limits } from '../../limits.ts'
import type { Log } from '../../log.ts'
import { type Grants, type Rights, rightsOf, type Types } from '../rights.ts'
import { readTokenFile, type StoredToken, type TokenFile, writeTokenFile } from './token-file.ts'

/** What access tokens are kept with. */
export interface AccessTokensParts {
  /** Of the file; whoever opens it holds the owner lock. */
  readonly path: string
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
}

/** A token to be made; that its maker may make it has been checked. */
export interface TokenRequest {
  readonly name: string
  readonly grants: Grants
  readonly expiresAt: Instant | undefined
  readonly maker: Rights
}

/** All tokens, in memory and in their file. */
export class AccessTokens {
  readonly #parts: AccessTokensParts
  readonly #decoyKey: Buffer
  readonly #tokens = new Map<string, StoredToken>()
  readonly #onEnded = new Set<() => void>()
  /** The last write of the file; one follows the other. */
  #saving: Promise<void> = Promise.resolve()
  #saveSoon: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined

  /** @throws OrionError `storage_failed` when the file can't be trusted. */
  constructor(parts: AccessTokensParts) {
    this.#parts = parts
    const { decoyKey, tokens } = readTokenFile(parts.path)
    this.#decoyKey = Buffer.from(decoyKey, 'hex')
    for (const token of tokens) this.#tokens.set(token.id, token)
    this.#awaitExpiry()
  }

  /** Makes a token; the text is told this once. Resolves when it is on disk. */
  async create(
    request: TokenRequest,
  ): Promise<{ readonly text: string; readonly info: TokenInfo }> {
    const { name, grants, expiresAt, maker } = request
    this.#makeRoom()
    const fresh = newAccessToken()
    const token: StoredToken = {
      id: fresh.id,
      name,
      digest: digestOfSecret(fresh.secret).toString('hex'),
      grants: Object.fromEntries(
        [...grants].map(([scope, types]) => [scope, types === 'all' ? types : [...types].sort()]),
      ),
      createdAt: this.#now(),
      createdBy: maker.principal,
      ...(maker.accessToken === undefined ? {} : { parentId: maker.accessToken.id }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
    this.#tokens.set(token.id, token)
    try {
      await this.#save()
    } catch (error) {
      this.#tokens.delete(token.id)
      throw error
    }
    this.#awaitExpiry()
    return { text: formatAccessToken(fresh), info: this.#infoOf(token) }
  }

  /** Oldest first. */
  list(): TokenInfo[] {
    return [...this.#tokens.values()].map((token) => this.#infoOf(token))
  }

  /**
   * Ends a token and all that were made with it; they are void at once, and on disk when this resolves.
   *
   * @returns The ids of those that were not revoked before; undefined when there is no such token.
   */
  async revoke(id: string): Promise<string[] | undefined> {
    if (!this.#tokens.has(id)) return undefined
    const revokedAt = this.#now()
    const ended = this.#familyOf(id).filter((token) => token.revokedAt === undefined)
    for (const token of ended) this.#tokens.set(token.id, { ...token, revokedAt })
    this.#tellEnded()
    await this.#save()
    return ended.map((token) => token.id)
  }

  /**
   * The rights that a token gives.
   *
   * @throws OrionError `unauthenticated`. Whether a token was never there or its secret is wrong is not told; that it
   *   has ended is, to whoever holds it.
   */
  rightsOf(text: string): Rights {
    const parts = parseAccessToken(text)
    const token = parts === undefined ? undefined : this.#tokens.get(parts.id)
    const known = token?.digest ?? this.#decoyDigest(parts?.id ?? '').toString('hex')
    const right = sameText(digestOfSecret(parts?.secret ?? '').toString('hex'), known)
    if (token === undefined || !right) throw refusal('the token is not known')
    const state = this.#stateOf(token)
    if (state !== 'active') throw refusal(`the token ${token.id} of ${token.name} is ${state}`)
    this.#noteUse(token)
    return rightsOf(token.name, grantsOf(token), {
      id: token.id,
      rootId: this.#rootOf(token),
      expiresAt: token.expiresAt,
    })
  }

  /** Whether a token that was accepted still is. */
  isLive(id: string): boolean {
    const token = this.#tokens.get(id)
    return token !== undefined && this.#stateOf(token) === 'active'
  }

  /** Proves to a client that its token is known here; who asks for one that is not gets what looks like a proof. */
  proof(endpoint: string, challenge: Challenge): string {
    const token = this.#tokens.get(challenge.tokenId)
    const digest =
      token === undefined ? this.#decoyDigest(challenge.tokenId) : Buffer.from(token.digest, 'hex')
    return proofOf(digest, endpoint, challenge)
  }

  /** Calls back when tokens have been revoked or have expired. The callback must not throw. */
  onEnded(listener: () => void): { dispose(): void } {
    this.#onEnded.add(listener)
    return { dispose: () => this.#onEnded.delete(listener) }
  }

  /** Keeps what is known of their use. Safe to repeat. */
  async close(): Promise<void> {
    clearTimeout(this.#expiry)
    if (this.#saveSoon !== undefined) {
      await this.#save().catch((error: unknown) => this.#complain(error))
    }
    await this.#saving.catch(() => {})
  }

  #now(): Instant {
    return instantFromMicros(this.#parts.clock.nowMicros())
  }

  #stateOf({ revokedAt, expiresAt }: StoredToken): TokenInfo['state'] {
    if (revokedAt !== undefined) return 'revoked'
    return expiresAt !== undefined && expiresAt <= this.#now() ? 'expired' : 'active'
  }

  #infoOf(token: StoredToken): TokenInfo {
    const { digest: _digest, grants: _grants, ...told } = token
    const held = grantsOf(token)
    return {
      ...told,
      scopes: [...held.keys()],
      ...limitedTypes(held),
      state: this.#stateOf(token),
    }
  }

  /** A token and its descendants. */
  #familyOf(id: string): StoredToken[] {
    const ids = new Set([id])
    // They are in the order in which they were made, so a parent comes before its children.
    for (const { id: own, parentId } of this.#tokens.values()) {
      if (parentId !== undefined && ids.has(parentId)) ids.add(own)
    }
    return [...this.#tokens.values()].filter((token) => ids.has(token.id))
  }

  /** The one that no token was made with, as far as they are still known. */
  #rootOf({ id, parentId }: StoredToken): string {
    if (parentId === undefined) return id
    const parent = this.#tokens.get(parentId)
    return parent === undefined ? parentId : this.#rootOf(parent)
  }

  /** The oldest that has ended makes way for a new one. */
  #makeRoom(): void {
    const { tokensMax } = this.#parts.limits
    if (this.#tokens.size < tokensMax) return
    const ended = [...this.#tokens.values()].find((token) => this.#stateOf(token) !== 'active')
    if (ended === undefined) {
      throw new OrionError('too_large', `the store has ${tokensMax} access tokens already`, {
        limit: tokensMax,
        actual: tokensMax + 1,
        remedy: 'revoke those that nobody needs',
      })
    }
    this.#tokens.delete(ended.id)
  }

  /** The same for the same id, also after a restart, as that of a real token is. */
  #decoyDigest(id: string): Buffer {
    return createHmac('sha256', this.#decoyKey).update(id).digest()
  }

  /** Not worth a write of its own each time. */
  #noteUse(token: StoredToken): void {
    this.#tokens.set(token.id, { ...token, lastUsedAt: this.#now() })
    this.#saveSoon ??= setTimeout(() => {
      this.#save().catch((error: unknown) => this.#complain(error))
    }, useSavedAfterMs).unref()
  }

  #save(): Promise<void> {
    clearTimeout(this.#saveSoon)
    this.#saveSoon = undefined
    const write = (): Promise<void> => writeTokenFile(this.#parts.path, this.#content())
    this.#saving = this.#saving.then(write, write)
    return this.#saving
  }

  #content(): TokenFile {
    const decoyKey = this.#decoyKey.toString('hex')
    return { format: 1, decoyKey, tokens: [...this.#tokens.values()] }
  }

  #complain(error: unknown): void {
    this.#parts.log.warn('the last use of tokens was not kept', { reason: String(error) })
  }

  #awaitExpiry(): void {
    clearTimeout(this.#expiry)
    const now = this.#now()
    const next = [...this.#tokens.values()]
      .flatMap(({ expiresAt }) => (expiresAt !== undefined && expiresAt > now ? [expiresAt] : []))
      .sort()[0]
    if (next === undefined) return
    const dueMs = (instantMicros(next) - instantMicros(now)) / 1000 + 1
    // Looked at again now and then, because the system's clock may be set.
    this.#expiry = setTimeout(
      () => {
        this.#tellEnded()
        this.#awaitExpiry()
      },
      Math.min(dueMs, expiryLookMaxMs),
    ).unref()
  }

  #tellEnded(): void {
    for (const listener of this.#onEnded) listener()
  }
}

const useSavedAfterMs = 60_000
const expiryLookMaxMs = 60_000

/** What the scopes of a token or a connection are limited to, as it is told. */
export function limitedTypes(grants: Grants): { readonly types?: NonNullable<TokenInfo['types']> } {
  const limited = [...grants].flatMap(([scope, types]): [Scope, string[]][] =>
    types === 'all' ? [] : [[scope, [...types].sort()]],
  )
  return limited.length === 0 ? {} : { types: Object.fromEntries(limited) }
}

function grantsOf({ grants }: StoredToken): Grants {
  return new Map(
    scopes.flatMap((scope): [Scope, Types][] => {
      const types = grants[scope]
      if (types === undefined) return []
      return [[scope, types === 'all' ? types : new Set(types)]]
    }),
  )
}

function refusal(message: string): OrionError<'unauthenticated'> {
  return new OrionError('unauthenticated', message, {
    remedy: 'ask the owner of the store for a token: `orion token create`',
  })
}
