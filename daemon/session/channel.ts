/** How a peer has come, which decides what it has to prove. */
import { OrionError } from '../../sdk/errors.ts'
import type { InitializeParams } from '../../sdk/protocol/handshake.ts'
import type { PluginSeat } from '../plugins/plugin-seat.ts'
import type { AccessTokens } from './access/access-tokens.ts'
import { ownerRights, type Rights, rightsOf } from './rights.ts'

/**
 * The way a connection came.
 *
 * - `memory` and `stdio`: from inside this process, or from whoever started it.
 * - `socket`: the Unix socket in the directory that only the owner can enter.
 * - `pipe`: a named pipe, which everybody on the machine can connect to, and can be squatted on.
 * - `websocket`: a token was shown before it was opened.
 * - `plugin`: a process that the daemon itself has started; what it may do was granted before.
 *
 * `endpoint` is the name by which the client, too, knows what it connects to; proofs are bound to it.
 */
export type Channel =
  | { readonly kind: 'memory' | 'stdio' | 'socket' }
  | { readonly kind: 'pipe'; readonly endpoint: string }
  | { readonly kind: 'websocket'; readonly endpoint: string; readonly rights: Rights }
  | { readonly kind: 'plugin'; readonly seat: PluginSeat }

/** What decides who may come in. */
export interface Access {
  readonly tokens: AccessTokens
  /** Whether the owner's own socket needs a token too. */
  readonly requireToken: boolean
}

/**
 * Who is at the other end, by its token or by the way it came.
 *
 * @throws OrionError `unauthenticated`; with the answer to a challenge, if the client asked for one.
 */
export function authenticate(params: InitializeParams, channel: Channel, access: Access): Rights {
  const { challenge } = params
  // Whatever it shows: a plugin that found a token somewhere is a plugin.
  if (channel.kind === 'plugin') return rightsOf(channel.seat.principal, channel.seat.grants)
  const token = params.token ?? params.initializationOptions?.token
  if (token !== undefined) return byToken(token, channel, access)
  if (challenge !== undefined) {
    const proof = access.tokens.proof(endpointOf(channel), challenge)
    const message = 'here is the proof; now expected the token, on this connection'
    throw new OrionError('unauthenticated', message, { proof, remedy: 'send initialize again' })
  }
  switch (channel.kind) {
    case 'memory':
    case 'stdio':
      return ownerRights
    case 'socket':
      if (!access.requireToken) return ownerRights
      throw missing('the configuration of this store demands a token')
    case 'pipe':
      throw missing('a token is needed on a named pipe')
    case 'websocket':
      return stillLive(channel.rights, access)
    default:
      return channel satisfies never
  }
}

/** The token was shown a while ago. */
function stillLive(rights: Rights, { tokens }: Access): Rights {
  const { accessToken } = rights
  if (accessToken === undefined || tokens.isLive(accessToken.id)) return rights
  throw missing('the token that the connection was opened with has ended')
}

/** One token for one connection: that of a WebSocket was shown when it was opened. */
function byToken(token: string, channel: Channel, { tokens }: Access): Rights {
  const rights = tokens.rightsOf(token)
  const shown = channel.kind === 'websocket' ? channel.rights.accessToken?.id : undefined
  if (shown === undefined || shown === rights.accessToken?.id) return rights
  throw missing('expected the token that the connection was opened with')
}

/** On the other channels nobody is between the two, so that there is no name to bind a proof to. */
function endpointOf(channel: Channel): string {
  return 'endpoint' in channel ? channel.endpoint : channel.kind
}

function missing(message: string): OrionError<'unauthenticated'> {
  return new OrionError('unauthenticated', message, {
    remedy:
      'pass a token (--token, ORION_TOKEN, or `token` in initialize); the owner of the store makes one with `orion token create`',
  })
}
