/**
 * Takes WebSockets, off unless it is asked for.
 *
 * ```
 * any request ─> Host in the list ─> Origin in the list, or none ─┬─ GET /challenge ─> the proof of a token
 *                                                                 └─ upgrade ─> token ─> session
 * ```
 *
 * A page in a browser reaches every port of the machine, under any name that its DNS says (rebinding): so the `Host` has
 * to be one by which this listener is called, an `Origin` has to be named in the configuration, and in any case nobody
 * comes past this file without a token.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { isOrionError, OrionError } from '../../sdk/errors.ts'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { Initialize } from '../../sdk/protocol/handshake.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { WebSocketAcceptor } from '../../sdk/transport/websocket.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { AccessTokens } from './access/access-tokens.ts'
import type { Channel } from './channel.ts'
import { transportLimits } from './listener.ts'
import type { Rights } from './rights.ts'
import { hostText, type ListenAddress, type WebSocketSettings } from './websocket-address.ts'

/** Where to listen, and who may come in. */
export interface WebSocketListenerOptions {
  readonly address: ListenAddress
  readonly settings: WebSocketSettings
  readonly tokens: AccessTokens
  readonly limits: Limits
  readonly log: Log
  readonly onTransport: (transport: Transport, channel: Channel) => void
}

/** A listener that takes connections until it is closed; those that stand go on. */
export interface WebSocketListener {
  /** `ws://127.0.0.1:41234` */
  readonly url: string
  close(): void
}

/** @throws OrionError `invalid_request` when the address can't be listened on. */
export async function listenForWebSockets(
  options: WebSocketListenerOptions,
): Promise<WebSocketListener> {
  const { address, limits, log } = options
  const { handshakeMaxMs, headerMaxBytes, connectionsMax, handshakeTriesMax } = limits
  const server = createServer({
    maxHeaderSize: headerMaxBytes,
    headersTimeout: handshakeMaxMs,
    requestTimeout: handshakeMaxMs,
    keepAliveTimeout: handshakeMaxMs,
    connectionsCheckingInterval: Math.max(100, Math.min(1000, handshakeMaxMs)),
  })
  server.maxRequestsPerSocket = handshakeTriesMax + 1
  const port = await bind(server, address)
  server.on('error', (error) => log.error('the WebSocket listener had a fault', { error }))
  const host = hostText({ host: address.host, port })
  const gate = new Gate(options, host)
  const newcomers = new Newcomers(connectionsMax)
  server.on('connection', (socket) => newcomers.add(socket))
  server.on('request', (request, response) => gate.answer(request, response))
  server.on('upgrade', (request, socket, head) => {
    const onAccepted = (): void => newcomers.leave(socket)
    void gate.upgrade({ request, socket, head, onAccepted })
  })
  const close = (): void => {
    server.close()
    // Those that are no WebSockets yet; the others belong to their sessions.
    server.closeAllConnections()
  }
  return { url: `ws://${host}`, close }
}

function bind(server: Server, { host, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `can't listen for WebSockets on ${hostText({ host, port })}: ${cause.message}`
      const remedy = 'choose another port; 0 is any free one'
      reject(new OrionError('invalid_request', message, { remedy }, { cause }))
    })
    server.listen({ host, port, exclusive: true }, () => {
      const bound = server.address()
      server.removeAllListeners('error')
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  /** Called when it has shown a token. */
  readonly onAccepted: () => void
}

/**
 * Connections that have shown nothing yet. They are bounded, and the oldest gives way: whoever opens many can't keep
 * out those who come with a token.
 */
class Newcomers {
  readonly #max: number
  readonly #sockets = new Set<Duplex>()

  constructor(max: number) {
    this.#max = max
  }

  add(socket: Duplex): void {
    const [oldest] = this.#sockets
    if (this.#sockets.size >= this.#max) oldest?.destroy()
    if (oldest?.destroyed) this.#sockets.delete(oldest)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  leave(socket: Duplex): void {
    this.#sockets.delete(socket)
  }
}

/** Decides about each request. */
class Gate {
  readonly #options: WebSocketListenerOptions
  readonly #acceptor: WebSocketAcceptor
  readonly #hosts: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>

  constructor(options: WebSocketListenerOptions, ownHost: string) {
    const { hosts = [], origins = [] } = options.settings
    this.#options = options
    this.#acceptor = new WebSocketAcceptor(transportLimits(options.limits))
    this.#hosts = new Set([ownHost, ...hosts.map((host) => host.toLowerCase())])
    this.#origins = new Set(origins)
  }

  /** Answers what is no upgrade: challenges, and everything else with what is wrong. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Content-Type', 'application/json')
    try {
      const endpoint = this.#assertWelcome(request)
      const { origin } = request.headers
      if (origin !== undefined) {
        response.setHeader('Access-Control-Allow-Origin', origin)
        response.setHeader('Vary', 'Origin')
      }
      const url = new URL(request.url ?? '/', 'http://daemon')
      if (request.method !== 'GET' || url.pathname !== '/challenge') {
        throw new OrionError('not_found', 'expected a WebSocket, or GET /challenge', {})
      }
      const challenge = Initialize.params.parse({
        challenge: { tokenId: url.searchParams.get('token'), nonce: url.searchParams.get('nonce') },
      }).challenge
      if (challenge === undefined) throw new Error('parsed without its only member')
      response.end(JSON.stringify({ proof: this.#options.tokens.proof(endpoint, challenge) }))
    } catch (error) {
      const { status, body } = refusalOf(error)
      response.statusCode = status
      response.setHeader('Connection', 'close')
      response.end(body)
    }
  }

  /** Makes a session of an upgrade by somebody who shows a token. Never rejects. */
  async upgrade(upgrade: Upgrade): Promise<void> {
    const { request, socket } = upgrade
    const { log, limits, tokens, onTransport } = this.#options
    socket.on('error', () => socket.destroy())
    try {
      const endpoint = this.#assertWelcome(request)
      const rights: Rights = tokens.rightsOf(tokenOf(request))
      upgrade.onAccepted()
      this.#acceptor.accept(upgrade, (transport) => {
        try {
          onTransport(transport, { kind: 'websocket', endpoint, rights })
        } catch (error) {
          log.error('a WebSocket could not be served', { error })
          void transport.close()
        }
      })
    } catch (error) {
      log.warn('a WebSocket was refused', {
        from: request.socket.remoteAddress,
        reason: error instanceof Error ? error.message : String(error),
      })
      // Whoever guesses tokens waits for each answer.
      if (isOrionError(error, 'unauthenticated')) await pause(limits.wrongTokenDelayMs)
      refuse(socket, error)
    }
  }

  /** @returns the name by which the client called. */
  #assertWelcome(request: IncomingMessage): string {
    const hosts = valuesOf(request, 'host')
    const host = hosts[0]?.toLowerCase() ?? ''
    if (hosts.length !== 1 || !this.#hosts.has(host)) {
      const known = [...this.#hosts].join(', ')
      throw new OrionError('forbidden', `expected Host ${known}, got another`, {
        remedy: 'use exactly that name; others are added as websocket.hosts in config.json',
      })
    }
    const origins = valuesOf(request, 'origin')
    if (origins.length > 1 || origins.some((origin) => !this.#origins.has(origin))) {
      throw new OrionError('forbidden', 'this Origin is not let in', {
        remedy: 'the owner of the store adds it as websocket.origins in config.json',
      })
    }
    return host
  }
}

/** Each header of that name as it came: Node keeps but the first of some that come twice. */
function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  )
}

/** From the header, or, as browsers can't set one, from a subprotocol. Never from the address, which is logged. */
function tokenOf(request: IncomingMessage): string {
  const [bearer, more] = valuesOf(request, 'authorization').map((value) => {
    return /^Bearer +(\S+)$/i.exec(value)?.[1] ?? ''
  })
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',')
  const [inProtocol, another] = offered.flatMap((name) => {
    const trimmed = name.trim()
    return trimmed.startsWith(tokenProtocol) ? [trimmed.slice(tokenProtocol.length)] : []
  })
  const given = [bearer, more, inProtocol, another].filter((token) => token !== undefined)
  const [token] = given
  if (token !== undefined && given.length === 1) return token
  throw new OrionError('unauthenticated', `expected one token, got ${given.length}`, {
    remedy: `send Authorization: Bearer <token>, or the subprotocols orion.v1 and ${tokenProtocol}<token>`,
  })
}

const tokenProtocol = 'orion.token.'

function refusalOf(error: unknown): { readonly status: number; readonly body: string } {
  const known = isOrionError(error)
    ? error
    : new OrionError('invalid_request', 'expected /challenge?token=<id>&nonce=<random text>', {})
  const { kind, message, data } = known
  const body = JSON.stringify({ code: errorCodes[kind], message, data: { kind, ...data } })
  return { status: statuses[kind] ?? 400, body }
}

const statuses: { readonly [kind: string]: number } = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
}

function refuse(socket: Duplex, error: unknown): void {
  const { status, body } = refusalOf(error)
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
