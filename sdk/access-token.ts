/** Access tokens: how they are written, what is kept of them, and how a daemon proves that it knows one. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** An access token as its parts. The id is no secret. */
export interface AccessTokenParts {
  readonly id: string
  /** 256 random bits. */
  readonly secret: string
}

/** `orion_`, the id, `_`, the secret in base64url. */
const form = /^orion_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/

/** A new access token. */
export function newAccessToken(): AccessTokenParts {
  const id = BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(13, '0')
    .slice(-12)
  return { id, secret: randomBytes(32).toString('base64url') }
}

/** The text that is handed to whoever is to use the token. */
export function formatAccessToken({ id, secret }: AccessTokenParts): string {
  return `orion_${id}_${secret}`
}

/** Reads an access token; undefined when the text is none. */
export function parseAccessToken(text: string): AccessTokenParts | undefined {
  const [, id, secret] = form.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** What the daemon keeps in place of the secret. The secret is random throughout, so no salt and no slow hash are needed. */
export function digestOfSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** A question that only somebody who knows the token, or its digest, can answer. */
export interface Challenge {
  readonly tokenId: string
  /** Random text of the client's, used once. */
  readonly nonce: string
}

/** A new question about a token. */
export function newChallenge(tokenId: string): Challenge {
  return { tokenId, nonce: randomBytes(24).toString('base64url') }
}

/**
 * The answer to a challenge. It holds for one endpoint, as both sides name it: one who passes the question on to the
 * daemon that knows the answer gets one for the daemon's endpoint, not for his own.
 */
export function proofOf(digest: Buffer, endpoint: string, challenge: Challenge): string {
  const { tokenId, nonce } = challenge
  const told = JSON.stringify(['orion challenge 1', endpoint, tokenId, nonce])
  return createHmac('sha256', digest).update(told).digest('base64url')
}

/** Compares two texts in a time that tells nothing of where they differ. */
export function sameText(left: string, right: string): boolean {
  const [a, b] = [left, right].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}

/** Names that the daemon itself gives: nobody else may have them, however they are written. */
const reserved = /^(owner|daemon)($|\/)/i
const principalForm = /^[\p{L}\p{N}][\p{L}\p{N}._:@+/-]{0,127}$/u

/** Why a text can't be the principal of a token; undefined when it can. */
export function principalProblem(name: string): string | undefined {
  if (reserved.test(name)) return `the name ${name} is the daemon's own to give`
  if (principalForm.test(name)) return undefined
  return 'expected a name such as agent:claude: 1 to 128 letters, digits and . _ : @ + / -'
}
