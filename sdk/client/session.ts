/** One connection to the daemon after its handshake. It does not outlive its transport. */
import type { CancellationToken, Disposable, MessageConnection } from 'vscode-jsonrpc/node'
import { ErrorCodes, ProgressType, ResponseError } from 'vscode-jsonrpc/node'
import type { z } from 'zod'
import { isOrionError, type OrionError } from '../errors.ts'
import { type Position, parseToken } from '../model.ts'
import type { RequestDefinition } from '../protocol/define.ts'
import {
  Initialize,
  type InitializeParams,
  type InitializeResult,
  Progress,
} from '../protocol/handshake.ts'
import * as subscriptions from '../protocol/subscriptions.ts'
import { warning } from '../protocol/upkeep.ts'
import { createConnection } from '../transport/json-rpc-connection.ts'
import type { Transport } from '../transport/transport.ts'
import { proveDaemon } from './prove-daemon.ts'
import { parseResult } from './result-outline.ts'
import { typedError } from './typed-errors.ts'
import { parseWireError, toWireError } from './wire-error.ts'

/** What is said first, and to whom. */
export interface Greeting {
  readonly hello: InitializeParams
  readonly endpoint?: string | undefined
  /** Answers what the daemon asks; only plugins are asked. */
  readonly serve?: ServeRequest | undefined
}

/**
 * Answers a request of the daemon's.
 *
 * @throws OrionError, which reaches the daemon as it is; of anything else it is told the message.
 */
export type ServeRequest = (
  request: { readonly method: string; readonly params: unknown },
  signal: AbortSignal,
) => Promise<unknown>

/** An open connection that has been initialized. */
export class Session {
  /** What the daemon said in the handshake. */
  readonly welcome: InitializeResult
  readonly #connection: MessageConnection
  readonly #transport: Transport
  #open = true
  #reached: Position | undefined

  private constructor(
    connection: MessageConnection,
    transport: Transport,
    welcome: InitializeResult,
  ) {
    this.#connection = connection
    this.#transport = transport
    this.welcome = welcome
    this.#reached = parseToken(welcome.token)
  }

  /**
   * Shakes hands over a fresh transport, which belongs to the session from now on.
   *
   * @param greeting - With `endpoint`, where others could listen in the daemon's place: it has to prove itself first.
   * @throws OrionError of the daemon's; `disconnected` if the transport ends or the signal aborts before the answer.
   */
  static async open(
    transport: Transport,
    { hello, endpoint, serve }: Greeting,
    signal?: AbortSignal,
  ): Promise<Session> {
    const connection = createConnection(transport)
    if (serve !== undefined) serveRequests(connection, serve)
    const abort = (): void => connection.dispose()
    try {
      connection.listen()
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) connection.dispose()
      if (endpoint !== undefined) await proveDaemon(connection, hello, endpoint)
      const answer = await connection.sendRequest(Initialize.type, hello)
      const welcome = parseResult(Initialize, answer)
      assertServes(welcome, hello)
      const session = new Session(connection, transport, welcome)
      transport.onClose(() => {
        session.#open = false
      })
      return session
    } catch (error) {
      connection.dispose()
      if (isOrionError(error)) throw error
      const failure = classifyFailure(error)
      throw failure.outcome === 'refused' ? failure.error : unreachable(transport, error)
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Whether requests can still be sent. */
  get isOpen(): boolean {
    return this.#open
  }

  /** The newest position that its daemon has told. */
  get reached(): Position | undefined {
    return this.#reached
  }

  /** Notes that its daemon has told a position. */
  reach(position: Position): void {
    const reached = this.#reached
    const isOld = reached?.epoch === position.epoch && reached.seq >= position.seq
    if (!isOld) this.#reached = position
  }

  /** Calls back once when the session has ended, whoever ended it. */
  onClose(listener: () => void): Disposable {
    return this.#transport.onClose(listener)
  }

  /**
   * Sends a request; the answer is as it came, unchecked. Rejects with what `classifyFailure` understands.
   */
  send(definition: RequestDefinition, params: object, token?: CancellationToken): Promise<unknown> {
    try {
      return token === undefined
        ? this.#connection.sendRequest(definition.type, params)
        : this.#connection.sendRequest(definition.type, params, token)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Hands the reports of one piece of work to the listener until it is disposed of. */
  onProgress(token: string, listener: (value: WorkProgress) => void): Disposable {
    return this.#connection.onProgress(new ProgressType<unknown>(), token, (value) => {
      const told = Progress.params.shape.value.safeParse(value).data
      if (told !== undefined) listener(told)
    })
  }

  /** Hands every notification about subscriptions to the listener, in the order they came. */
  onSubscription(listener: (method: string, params: unknown) => void): void {
    for (const { method } of subscriptionNotifications) {
      this.#connection.onNotification(method, (params: unknown) => listener(method, params))
    }
  }

  /** Takes no more requests, because the connection doesn't, even if its transport still lingers. */
  abandon(): void {
    this.#open = false
    void this.#transport.close()
  }

  /** Sends what was written, then ends. Requests that wait are rejected. Safe to repeat. */
  async close(): Promise<void> {
    this.#open = false
    const closed = this.#transport.close()
    this.#connection.dispose()
    // A memory transport holds nothing that keeps the process alive, and somebody waits for this.
    const keepAlive = setTimeout(() => {}, keepAliveMs)
    await closed
    clearTimeout(keepAlive)
  }
}

/** Answers the daemon's requests; cancelling one aborts its signal. */
function serveRequests(connection: MessageConnection, serve: ServeRequest): void {
  connection.onRequest(async (method: string, params: unknown, token: CancellationToken) => {
    const controller = new AbortController()
    const cancelled = token.onCancellationRequested(() => controller.abort())
    try {
      return await serve({ method, params }, controller.signal)
    } catch (error) {
      return toWireError(error)
    } finally {
      cancelled.dispose()
    }
  })
}

/** A daemon whose store can't be read serves only what mends it; who wants nothing else is told so at once. */
function assertServes({ capabilities, warnings }: InitializeResult, hello: InitializeParams): void {
  if (capabilities.maintenance !== true || hello.capabilities?.maintenance === true) return
  const told = warnings.map((found) => warning.safeParse(found).data)
  const why = told.find((found) => found?.kind === 'store_unreadable')
  const message = why?.message ?? 'the store can’t be read'
  const remedy = why?.remedy ?? 'ask the owner of the store to run `orion doctor --repair`'
  throw typedError('storage_failed', message, { data: { remedy } })
}

/** How far a request is, as `$/progress` tells it. */
export type WorkProgress = z.output<typeof Progress.params>['value']

/** Longer than a transport waits for a peer that does not hang up, in milliseconds. */
const keepAliveMs = 10_000

/** What became of a request that has no result. */
export type Failure =
  /** The daemon answered with an error: nothing was changed, unless the error says otherwise. */
  | { readonly outcome: 'refused'; readonly error: OrionError }
  /** The connection ended before the answer; the daemon may have done it. */
  | { readonly outcome: 'lost' }
  /** It never left this process. */
  | { readonly outcome: 'unsent' }

/** Tells a daemon's error from a broken connection. */
export function classifyFailure(error: unknown): Failure {
  if (!(error instanceof ResponseError)) return { outcome: 'unsent' }
  if (error.code === ErrorCodes.PendingResponseRejected) return { outcome: 'lost' }
  if (error.code === ErrorCodes.MessageWriteError) return { outcome: 'unsent' }
  return { outcome: 'refused', error: parseWireError(error) }
}

const subscriptionNotifications = [
  subscriptions.SubscriptionEvents,
  subscriptions.SubscriptionSnapshot,
  subscriptions.SubscriptionSynced,
  subscriptions.SubscriptionBookmark,
  subscriptions.SubscriptionGap,
  subscriptions.SubscriptionClosed,
]

function unreachable(transport: Transport, cause: unknown): OrionError<'disconnected'> {
  const message = `expected an answer to initialize over ${transport.description}, got none`
  return typedError('disconnected', message, { data: {}, cause })
}
