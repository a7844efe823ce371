/** One connection: its phase, who is at its other end, what is under way, and its subscriptions. */
import {
  type CancellationToken,
  CancellationTokenSource,
  type MessageConnection,
  type NotificationMessage,
} from 'vscode-jsonrpc'
import { OrionError } from '../../sdk/errors.ts'
import { type Instant, instantFromMicros } from '../../sdk/instant.ts'
import type { Claims } from '../../sdk/model.ts'
import type { DaemonStatusResult } from '../../sdk/protocol/daemon.ts'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { isClosed, type Transport } from '../../sdk/transport/transport.ts'
import type { ClosingReason } from '../events/subscription-sink.ts'
import type { Channel } from './channel.ts'
import { ConnectionSubscriptions } from './connection-subscriptions.ts'
import type { Dispatcher } from './dispatch.ts'
import type { Peer } from './handshake.ts'
import { RequestContext, type RequestSession } from './request-context.ts'
import { noRights, type Rights, type UsedAccessToken } from './rights.ts'
import type { Services } from './services.ts'
import { Trace } from './trace.ts'

/** What a session is made of. */
export interface SessionParts {
  readonly connectionId: string
  readonly transport: Transport
  readonly channel: Channel
  readonly services: Services
  readonly dispatcher: Dispatcher
  /** Called when the handshake is done. */
  readonly onBegin: (session: Session) => void
  /** Called once, when the connection is closed. */
  readonly onEnd: (session: Session) => void
}

type Phase =
  | { readonly name: 'new' }
  | {
      readonly name: 'ready' | 'shut down' | 'expelled' | 'closed'
      readonly peer: Peer | undefined
    }

/** Serves one connection from its first byte to its last. */
export class Session implements RequestSession {
  readonly connectionId: string
  readonly channel: Channel
  readonly services: Services
  readonly subscriptions: ConnectionSubscriptions
  readonly #parts: SessionParts
  readonly #connection: MessageConnection
  readonly #trace: Trace
  readonly #connectedAt: Instant
  readonly #inFlight = new Set<RequestContext>()
  /** Changed only in `begin`, `shutDown`, `expel` and `#closed`. */
  #phase: Phase = { name: 'new' }
  #handshakeTimer: NodeJS.Timeout | undefined
  /** Handshakes that failed for want of a proof. */
  #refusals = 0
  #whenAnswered: (() => void) | undefined

  constructor(parts: SessionParts) {
    const { transport, services } = parts
    this.connectionId = parts.connectionId
    this.channel = parts.channel
    this.services = services
    this.#parts = parts
    this.#connectedAt = instantFromMicros(services.clock.nowMicros())
    this.subscriptions = new ConnectionSubscriptions(services, transport.writer, (error) => {
      // That the peer hung up meanwhile is told when the connection ends.
      const tell = isClosed(error) ? services.log.debug : services.log.error
      tell('a connection can not be sent events', {
        connection: this.connectionId,
        error,
      })
      this.close()
    })
    this.#connection = createConnection(transport, {
      log: (level, message) => services.log[level](message, { connection: this.connectionId }),
    })
    this.#trace = new Trace(transport.writer)
    this.#connection.onRequest((method, params, token) => this.#serve(method, params, token))
    this.#connection.onNotification((method, params) => this.#notice(method, params))
    transport.onClose((reason) => this.#closed(reason))
  }

  /** Begins to read; the peer has so long to shake hands. */
  start(): void {
    const { handshakeMaxMs: usualMs, pluginStartMaxMs } = this.services.limits
    // A program that the daemon itself starts has to be loaded first.
    const handshakeMaxMs = this.channel.kind === 'plugin' ? pluginStartMaxMs : usualMs
    this.#handshakeTimer = setTimeout(() => {
      this.services.log.info('a connection was closed: no handshake in time', {
        connection: this.connectionId,
      })
      this.close()
    }, handshakeMaxMs)
    this.#connection.listen()
  }

  get rights(): Rights {
    return this.expelled ? noRights : (this.#peer?.rights ?? noRights)
  }

  /** The token that it came with, shown in the handshake or before it. */
  get accessToken(): UsedAccessToken | undefined {
    const { channel } = this
    const rights = this.#peer?.rights ?? (channel.kind === 'websocket' ? channel.rights : noRights)
    return rights.accessToken
  }

  get expelled(): boolean {
    return this.#phase.name === 'expelled'
  }

  /** `name/version` of the client program. */
  get clientText(): string {
    const client = this.#peer?.client
    if (client === undefined) return 'unknown'
    return client.version === undefined ? client.name : `${client.name}/${client.version}`
  }

  get claims(): Claims | undefined {
    return this.#peer?.claims
  }

  get sessionId(): string | undefined {
    return this.#peer?.sessionId
  }

  /** The process that the peer says it serves; undefined when it said none. */
  get processId(): number | undefined {
    return this.#peer?.processId
  }

  get isLanguageClient(): boolean {
    return this.#peer?.isLanguageClient ?? false
  }

  /** Sends a request to the peer; only plugins answer any. */
  async ask(definition: RequestDefinition, params: object, signal: AbortSignal): Promise<unknown> {
    const cancellation = new CancellationTokenSource()
    const cancel = (): void => cancellation.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await this.#connection.sendRequest(definition.type, params, cancellation.token)
    } finally {
      signal.removeEventListener('abort', cancel)
      cancellation.dispose()
    }
  }

  /** Requests that have not been answered. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** @throws OrionError that says why this request can't be served now, whatever it asks. */
  assertServing(method: string): void {
    switch (this.#phase.name) {
      case 'new':
        if (method === 'initialize') break
        throw new OrionError(
          'not_initialized',
          `expected initialize first, got ${method.slice(0, 80)}`,
          {
            remedy: 'send initialize, wait for its answer, then go on',
          },
        )
      case 'ready':
        this.#assertTokenLives()
        if (method !== 'initialize') break
        throw new OrionError('invalid_request', 'this connection is initialized already', {
          remedy: 'open another connection to be somebody else',
        })
      case 'expelled':
        throw tokenEnded()
      case 'shut down':
      case 'closed':
        throw new OrionError('invalid_request', 'after shutdown only exit is expected', {
          remedy: 'open another connection',
        })
      default:
        throw this.#phase satisfies never
    }
    const retryAfterMs = this.services.control.drainingRetryAfterMs()
    if (retryAfterMs !== undefined && method !== 'shutdown') {
      throw new OrionError('draining', 'the daemon is ending', {
        retryAfterMs,
        remedy: 'connect again: whoever comes next starts the daemon',
      })
    }
  }

  /** Notes who the peer is; from now on it is served. */
  begin(peer: Peer): void {
    clearTimeout(this.#handshakeTimer)
    this.#phase = { name: 'ready', peer }
    this.#parts.transport.raiseBodyLimit()
    this.#parts.onBegin(this)
  }

  noteRefusal(): 'go on' | 'no more' {
    this.#refusals++
    return this.triesLeft > 0 ? 'go on' : 'no more'
  }

  get triesLeft(): number {
    return this.services.limits.handshakeTriesMax - this.#refusals
  }

  /**
   * Takes all rights away at once, because the token has ended: what has not taken effect does not, subscriptions end,
   * and the connection is closed when those requests are answered that had taken effect.
   */
  expel(): void {
    if (this.#phase.name === 'new') this.close()
    if (this.#phase.name !== 'ready' && this.#phase.name !== 'shut down') return
    this.#phase = { name: 'expelled', peer: this.#peer }
    this.services.log.info('a connection was closed: its token has ended', {
      connection: this.connectionId,
    })
    for (const request of this.#inFlight) {
      if (this.#parts.dispatcher.endsWithConnection(request.method)) request.abort()
    }
    this.subscriptions.endAll({ reason: 'forbidden' })
    this.#whenAnswered = () => this.close()
    this.#closeAfter(this.#inFlight.size === 0 ? 0 : this.services.limits.drainMaxMs)
  }

  /** Gives answers that are being written their time. */
  #closeAfter(ms: number): void {
    const timer = setTimeout(() => this.close(), ms)
    this.#parts.transport.onClose(() => clearTimeout(timer))
  }

  /** A timer tells it too, but not before this turn is over. */
  #assertTokenLives(): void {
    const { accessToken } = this.rights
    if (accessToken === undefined || this.services.access.tokens.isLive(accessToken.id)) return
    this.expel()
    throw tokenEnded()
  }

  /** Ends the work of this connection; `exit` closes it. */
  shutDown(): void {
    this.#phase = { name: 'shut down', peer: this.#peer }
    this.subscriptions.dispose()
  }

  notify(method: string, params: object): void {
    // Not by the library, which calls it an error that a peer hung up; that is seen when the connection ends.
    const message: NotificationMessage = { jsonrpc: '2.0', method, params }
    this.#parts.transport.writer.write(message).catch(() => {})
  }

  /** Closes the connection after what was written, and after the answers of this turn. */
  closeSoon(): void {
    setImmediate(() => this.close())
  }

  /** Closes the connection after what was written. */
  close(): void {
    void this.#parts.transport.close()
  }

  /**
   * Answers what is under way, tells the subscriptions why they end, and closes. The caller sets the deadline
   * and calls `close` when it passes.
   */
  async drain(closing: ClosingReason): Promise<void> {
    if (this.#phase.name === 'closed') return
    for (const request of this.#inFlight) {
      if (waitsForEvents(request)) request.abort()
    }
    if (this.#inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenAnswered = resolve
      })
    }
    await this.subscriptions.closeAll(closing)
    await this.#parts.transport.close()
  }

  status(): DaemonStatusResult['connections'][number] {
    const { tokenAt } = this.#tokens()
    return {
      connectionId: this.connectionId,
      client: this.clientText,
      kind: this.#peer?.client.kind ?? 'other',
      principal: this.#peer?.rights.principal ?? '',
      connectedAt: this.#connectedAt,
      inFlight: this.#inFlight.size,
      requests: requestsOf(this.#inFlight),
      subscriptions: this.subscriptions.status().map(({ id, patterns, seq, behind }) => ({
        subscriptionId: id,
        patterns: [...patterns],
        token: tokenAt(seq),
        behind,
      })),
    }
  }

  get #peer(): Peer | undefined {
    return this.#phase.name === 'new' ? undefined : this.#phase.peer
  }

  #tokens(): { tokenAt: Services['store']['tokenAt'] } {
    const { store } = this.services
    return { tokenAt: (seq) => store.tokenAt(seq) }
  }

  #serve(method: string, params: unknown, token: CancellationToken): unknown {
    const request = new RequestContext(this, { method, token, finish: this.#finish })
    this.#inFlight.add(request)
    this.#trace.received(method)
    return this.#parts.dispatcher.dispatch(params, request)
  }

  readonly #finish = (request: RequestContext): void => {
    this.#inFlight.delete(request)
    this.#trace.answered(request.asked)
    if (this.#inFlight.size > 0 || this.#whenAnswered === undefined) return
    // The answer is written in the microtasks after this one; the next turn finds it on its way.
    setImmediate(this.#whenAnswered)
    this.#whenAnswered = undefined
  }

  #notice(method: string, params: unknown): void {
    switch (method) {
      case 'exit':
        this.close()
        break
      case '$/setTrace':
        this.#trace.set(params)
        break
      case 'initialized':
        break
      default:
        if (isEditorsOwn(method)) break
        this.services.log.debug('a notification that nobody knows was ignored', {
          connection: this.connectionId,
          method: method.slice(0, 80),
        })
    }
  }

  #closed(reason: Error | undefined): void {
    if (this.#phase.name === 'closed') return
    clearTimeout(this.#handshakeTimer)
    this.#phase = { name: 'closed', peer: this.#peer }
    this.subscriptions.dispose()
    // Writes that were accepted take effect all the same; only who waits and looks is let go.
    for (const request of this.#inFlight) {
      if (this.#parts.dispatcher.endsWithConnection(request.method)) request.abort()
    }
    this.#whenAnswered?.()
    this.services.log.debug('a connection closed', { connection: this.connectionId, reason })
    this.#parts.onEnd(this)
  }
}

function tokenEnded(): OrionError<'unauthenticated'> {
  return new OrionError('unauthenticated', 'the token has been revoked or has expired', {
    remedy: 'ask the owner of the store for another token: `orion token create`',
  })
}

/** The longest first: they came first. */
function requestsOf(
  inFlight: ReadonlySet<RequestContext>,
): DaemonStatusResult['connections'][number]['requests'] {
  const now = performance.now()
  return [...inFlight].slice(0, requestsShownMax).map(({ method, startedMs }) => ({
    method: method.slice(0, methodShownMax),
    forMs: Math.round(now - startedMs),
  }))
}

const requestsShownMax = 10
const methodShownMax = 80

/** These end when the daemon drains: they would last longer than it. */
function waitsForEvents(request: RequestContext): boolean {
  return request.method === 'event/list' || request.method === 'subscription/flush'
}

/** What editors tell every language server, and the `$/…` that anybody may ignore. */
function isEditorsOwn(method: string): boolean {
  return /^(\$|textDocument|workspace|window|notebookDocument)\//.test(method)
}
