/** Makes a daemon prove that it knows a token before the token is shown. */
import type { MessageConnection } from 'vscode-jsonrpc/node'
import {
  digestOfSecret,
  newChallenge,
  parseAccessToken,
  proofOf,
  sameText,
} from '../access-token.ts'
import type { OrionError } from '../errors.ts'
import { isJsonObject } from '../json.ts'
import { Initialize, type InitializeParams } from '../protocol/handshake.ts'
import { typedError } from './typed-errors.ts'

/** What is known of the answer to a challenge, whatever the way it came. */
export interface TokenProver {
  readonly challenge: { readonly tokenId: string; readonly nonce: string }
  /** @throws UnauthenticatedError when the proof is not one for this token and endpoint. */
  check(proof: unknown): void
}

/**
 * Prepares a challenge about a token.
 *
 * @param endpoint - What the client connects to, by the name that the daemon knows it by.
 * @throws UnauthenticatedError when the text is no token.
 */
export function proverOf(token: string | undefined, endpoint: string): TokenProver {
  const parts = token === undefined ? undefined : parseAccessToken(token)
  if (parts === undefined) {
    const got = token === undefined ? 'none' : 'another text'
    throw typedError('unauthenticated', `expected an access token for ${endpoint}, got ${got}`, {
      data: { remedy: 'the owner of the store makes one with `orion token create`' },
    })
  }
  const challenge = newChallenge(parts.id)
  const expected = proofOf(digestOfSecret(parts.secret), endpoint, challenge)
  return {
    challenge,
    check: (proof) => {
      if (typeof proof !== 'string' || !sameText(proof, expected)) throw impostor(endpoint)
    },
  }
}

/**
 * Asks for the proof on a connection that has not shaken hands. Nothing but the id of the token, and the versions that are
 * spoken, is told before it has come.
 *
 * @throws UnauthenticatedError when what answers does not know the token; what the connection rejects with when it ends.
 */
export async function proveDaemon(
  connection: MessageConnection,
  { token, protocol }: Pick<InitializeParams, 'token' | 'protocol'>,
  endpoint: string,
): Promise<void> {
  const prover = proverOf(token, endpoint)
  const { challenge } = prover
  const hello = { challenge, ...(protocol === undefined ? {} : { protocol }) }
  let refusal: unknown
  try {
    await connection.sendRequest(Initialize.type, hello)
  } catch (error) {
    refusal = error
  }
  const data = errorData(refusal)
  if (refusal !== undefined && data?.kind !== 'unauthenticated') throw refusal
  prover.check(data?.proof)
}

function errorData(error: unknown): { readonly [name: string]: unknown } | undefined {
  const data = error instanceof Error && 'data' in error ? error.data : undefined
  return isJsonObject(data) ? data : undefined
}

function impostor(endpoint: string): OrionError<'unauthenticated'> {
  return typedError(
    'unauthenticated',
    `what answers at ${endpoint} has not proved that it is the daemon of this token; the token was not shown`,
    {
      data: {
        remedy:
          'check that the token is of this store; if it is, something else may be listening in place of the daemon',
      },
    },
  )
}
