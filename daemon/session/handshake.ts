/** What a connection's first request decides: the protocol, who the peer is, and what it may do. */
import { OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Claims } from '../../sdk/model.ts'
import {
  type ClientInfo,
  type InitializeParams,
  type InitializeResult,
  protocolRange,
} from '../../sdk/protocol/handshake.ts'
import { requests } from '../../sdk/protocol/methods.ts'
import type { Limits } from '../limits.ts'
import { limitedTypes } from './access/access-tokens.ts'
import { authenticate, type Channel } from './channel.ts'
import { heldScopes, holdsForAll, narrowRights, type Rights } from './rights.ts'
import type { Services } from './services.ts'

/** Who is at the other end, once the handshake is done. */
export interface Peer {
  readonly client: Required<Pick<ClientInfo, 'name'>> & ClientInfo
  readonly rights: Rights
  readonly claims: Claims | undefined
  readonly sessionId: string | undefined
  readonly processId: number | undefined
  /** It spoke LSP's own handshake, so it expects LSP's codes. */
  readonly isLanguageClient: boolean
}

/** Names of commands are this and a method. */
export const commandPrefix = 'orion.'

/** Every method that can be called as a command: all but those that end or begin the connection. */
export const commands: readonly string[] = requests
  .map(({ method }) => method)
  .filter((method) => !['initialize', 'shutdown', 'workspace/executeCommand'].includes(method))
  .map((method) => `${commandPrefix}${method}`)

/**
 * Agrees on everything, or on nothing.
 *
 * @throws OrionError `protocol_unsupported`, `unauthenticated`, `forbidden`.
 */
export function shakeHands(
  params: InitializeParams,
  channel: Channel,
  services: Services,
): { readonly peer: Peer; readonly result: InitializeResult } {
  const protocol = agreeOnProtocol(params.protocol)
  const rights = narrowRights(authenticate(params, channel, services.access), params.narrow)
  const peer: Peer = {
    client: clientOf(params),
    rights,
    claims: params.claims === undefined ? undefined : claimsOf(params.claims),
    sessionId: params.sessionId,
    processId: params.processId ?? undefined,
    isLanguageClient: params.protocol === undefined,
  }
  return { peer, result: resultOf({ protocol, rights }, services) }
}

function agreeOnProtocol(asked: InitializeParams['protocol']): number {
  const { min, max } = protocolRange
  if (asked === undefined) return max
  const newest = Math.min(max, asked.max)
  if (newest >= min && newest >= asked.min) return newest
  throw new OrionError(
    'protocol_unsupported',
    `expected a protocol version from ${min} to ${max}, got ${asked.min} to ${asked.max}`,
    {
      supported: { min, max },
      remedy: `upgrade the ${asked.min > max ? 'daemon' : 'client'}`,
    },
  )
}

function clientOf(params: InitializeParams): Peer['client'] {
  if (params.client !== undefined) return params.client
  const { clientInfo } = params
  if (clientInfo == null) return { name: 'unknown', kind: 'other' }
  const name = clientInfo.name.slice(0, 255)
  return {
    name: name === '' ? 'unknown' : name,
    kind: 'editor',
    ...(clientInfo.version === undefined ? {} : { version: clientInfo.version.slice(0, 255) }),
  }
}

/** The claims without the members that were left out, which an exact optional type tells apart. */
function claimsOf(claims: NonNullable<InitializeParams['claims']>): Claims {
  const { agent, model, run, toolCall } = claims
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined ? {} : { model }),
    ...(run === undefined ? {} : { run }),
    ...(toolCall === undefined ? {} : { toolCall }),
  }
}

function resultOf(
  agreed: { readonly protocol: number; readonly rights: Rights },
  { store, limits, version, instanceId, control }: Services,
): InitializeResult {
  const server = { name: 'orion', version }
  return {
    protocol: agreed.protocol,
    server,
    serverInfo: server,
    instanceId,
    storeId: store.storeId,
    epoch: store.epoch,
    token: store.token(),
    floor: store.floor(),
    principal: agreed.rights.principal,
    scopes: heldScopes(agreed.rights),
    ...limitedTypes(agreed.rights.grants),
    capabilities: control.maintenance() === undefined ? capabilities : inMaintenance,
    limits: limitsForClients(limits),
    warnings: holdsForAll(agreed.rights, 'admin') ? [...control.warnings()] : [],
  }
}

const capabilities: JsonObject = {
  'events.resume': true,
  'events.snapshot': true,
  'search.fullText': true,
  textDocumentSync: 0,
  executeCommandProvider: { commands },
}

/** The limits that a client can run into, or has to know to ask rightly; the others are the daemon's own affair. */
export const toldLimits = [
  'headerMaxBytes',
  'bodyBeforeHandshakeMaxBytes',
  'bodyMaxBytes',
  'nestingMax',
  'valuesMax',
  'requestsInFlightMax',
  'handshakeMaxMs',
  'handshakeTriesMax',
  'tokensMax',
  'connectionsMax',
  'subscriptionsPerConnectionMax',
  'subscriptionsMax',
  'patternsMax',
  'patternMaxLength',
  'alternativesMax',
  'filterDepthMax',
  'filterPartsMax',
  'filterValuesMax',
  'filterContainsMaxLength',
  'recordMaxBytes',
  'payloadMaxBytes',
  'idMaxBytes',
  'idempotencyKeyMaxLength',
  'fieldsMax',
  'indexesMax',
  'definitionMaxBytes',
  'pageMax',
  'answerMaxLength',
  'expandedMax',
  'groupsMax',
  'searchQueryMaxLength',
  'searchWordsMax',
  'searchPrefixRecordsMax',
  'searchDepthMax',
  'operationsMax',
  'transactionMaxBytes',
  'referencesMax',
  'matchStepsMax',
  'recordTypesMax',
  'writeQueueMax',
  'writeWaitMaxMs',
  'positionsMax',
  'idempotencyKeptMs',
  'eventsKeptMs',
  'eventsKept',
  'positionsKeptMs',
  'bookmarkEveryMs',
] as const satisfies readonly (keyof Limits)[]
/** Nothing but upkeep is served: the store can't be read. */
const inMaintenance: JsonObject = { ...capabilities, maintenance: true }

function limitsForClients(limits: Limits): { [name: string]: number } {
  return Object.fromEntries(toldLimits.map((name) => [name, limits[name]]))
}
