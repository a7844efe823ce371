import { randomUUID } from 'node:crypto'
import { isOrionError, type OrionError } from '../errors.ts'
import type { DaemonCommand } from '../launch/daemon-command.ts'
import { type Environment, locateStore } from '../launch/store-location.ts'
import type { Claims } from '../model.ts'
import { type ClientInfo, type InitializeParams, protocolRange } from '../protocol/handshake.ts'
import type { RecordType } from '../record-type.ts'
import type { Transport } from '../transport/transport.ts'
import { Caller, type CallSurroundings } from './caller.ts'
import { Client } from './client.ts'
import type { Dialer } from './dialer.ts'
import type { InProcessFactory } from './in-process.ts'
import { SeenPosition } from './seen-position.ts'
import { SessionKeeper } from './session-keeper.ts'
import { InProcessDialer, SocketDialer } from './store-dialer.ts'
import { SubscriptionHub } from './subscription-hub.ts'
import { TransportDialer } from './transport-dialer.ts'
import { TypeDefiner } from './type-definer.ts'
import { typedError } from './typed-errors.ts'
import { WebSocketDialer } from './websocket-dialer.ts'
import { describeWorkspace } from './workspace.ts'

/** Which store a client wants, and who it is. */
export interface ConnectOptions {
  /** Who the program is; its name stands with every event it causes. */
  readonly client: ClientInfo
  /** The store's directory. By default `ORION_STORE`, else the one of the repository around `cwd`. */
  readonly store?: string | undefined
  readonly cwd?: string | undefined
  readonly env?: Environment | undefined
  /** Gives its own principal and scopes. None is needed on the owner's own socket. */
  readonly token?: string | undefined
  /** Makes this connection allowed to do less than it could. */
  readonly narrow?: InitializeParams['narrow']
  /** What the program says about itself besides; kept with its events, never trusted. */
  readonly claims?: Claims | undefined
  /**
   * `start` (the default) starts a daemon if there is none, `join-only` does not, `in-process` owns the store itself
   * while the client is open, or joins the owner there is; it needs `inProcess`.
   */
  readonly daemon?: 'start' | 'join-only' | 'in-process' | undefined
  readonly inProcess?: InProcessFactory | undefined
  /** What starts a daemon; by default the one of this installation. */
  readonly daemonCommand?: DaemonCommand | undefined
  /** A transport of the caller's own instead, or what makes one for each connection. */
  readonly transport?: Transport | (() => Promise<Transport>) | undefined
  /**
   * What `transport` leads to, by the name that the daemon knows it by, if others could listen there in its place: it then
   * has to prove that it knows the token before the token is shown.
   */
  readonly endpoint?: string | undefined
  /** The address of a daemon's WebSocket, such as `ws://127.0.0.1:41234`, instead of a store; needs a token. */
  readonly url?: string | undefined
  /** Longest time to connect, and of each request that says nothing itself, in milliseconds. Default 30 s. */
  readonly timeoutMs?: number | undefined
  /** Also to a daemon whose store can't be read and that serves only what mends it; others refuse with `storage_failed`. */
  readonly maintenance?: boolean | undefined
  /** Gives up connecting. */
  readonly signal?: AbortSignal | undefined
  /** Called with each connection that is made, the first one too, and when one is lost; for who shows whether there is one. */
  readonly onConnection?: ((state: 'made' | 'lost') => void) | undefined
  /** Record types to define now rather than at their first use. */
  readonly types?: readonly RecordType[] | undefined
}

/**
 * Finds the daemon of a store, or starts it, and connects.
 *
 * @throws LaunchError if the daemon can't be found or started, with what to do; UnauthenticatedError,
 * ProtocolUnsupportedError and others of the daemon's; CancelledError, TimeoutError.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  return await openClient(dialerOf(options), options)
}

/** Makes a client of what opens its sessions; resolves when it has the first. */
export async function openClient(
  dialer: Dialer,
  options: Pick<ConnectOptions, 'daemon' | 'timeoutMs' | 'signal' | 'types' | 'onConnection'> & {
    readonly surroundings?: CallSurroundings
  },
): Promise<Client> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const keeper: SessionKeeper = new SessionKeeper(dialer, {
    dialMs: timeoutMs,
    joinOnly: options.daemon === 'join-only',
    onReady: (session) => {
      hub.sessionReady(session)
      options.onConnection?.('made')
    },
    onLost: () => {
      hub.sessionLost()
      options.onConnection?.('lost')
    },
  })
  const seen = new SeenPosition()
  const hub = new SubscriptionHub(keeper, seen)
  const caller = new Caller(keeper, { timeoutMs, seen, surroundings: options.surroundings })
  const client = new Client({ keeper, caller, hub, definer: new TypeDefiner(caller) })
  try {
    await firstSession(keeper, {
      timeoutMs: timeoutMs + lastWordMs,
      signal: options.signal,
      oneAttempt: options.daemon === 'join-only',
    })
    for (const type of options.types ?? []) await client.define(type, { signal: options.signal })
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

const defaultTimeoutMs = 30_000
/** What looks for the daemon ends by itself in time, and knows better than a clock why; it is let speak first. */
const lastWordMs = 250

function dialerOf(options: ConnectOptions): Dialer {
  const { transport, cwd = process.cwd(), env = process.env, inProcess, daemonCommand } = options
  const hello = helloOf(options, cwd)
  if (options.url !== undefined) return new WebSocketDialer(options.url, hello)
  if (transport !== undefined) {
    return new TransportDialer(transport, { hello, endpoint: options.endpoint })
  }
  const location = locateStore({ store: options.store, cwd, env })
  const store = { location, env, hello, daemonCommand }
  if (options.daemon !== 'in-process') return new SocketDialer(store)
  if (inProcess !== undefined) return new InProcessDialer(store, inProcess)
  throw typedError('invalid_request', 'expected `inProcess` with daemon: "in-process", got none', {
    data: { remedy: 'pass what `orion/in-process` exports' },
  })
}

function helloOf(options: ConnectOptions, cwd: string): InitializeParams {
  const { client, token, narrow, claims, maintenance } = options
  return {
    protocol: protocolRange,
    client,
    workspace: describeWorkspace(cwd),
    sessionId: randomUUID(),
    ...(token === undefined ? {} : { token }),
    ...(narrow === undefined ? {} : { narrow }),
    ...(claims === undefined ? {} : { claims }),
    ...(maintenance ? { capabilities: { maintenance } } : {}),
  }
}

/** Waits for the first session, and tells why there is none as it was found out. */
async function firstSession(
  keeper: SessionKeeper,
  options: {
    readonly timeoutMs: number
    readonly signal: AbortSignal | undefined
    readonly oneAttempt: boolean
  },
): Promise<void> {
  const { timeoutMs, signal, oneAttempt } = options
  await new Promise<void>((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      stopWaiting()
      outcome()
    }
    const abort = (): void => {
      const data = {}
      const error = typedError('cancelled', 'connecting was cancelled', {
        data,
        cause: signal?.reason,
      })
      settle(() => reject(error))
    }
    const timer = setTimeout(
      () => settle(() => reject(tooLate(keeper.failure, timeoutMs))),
      timeoutMs,
    )
    const stopWaiting = keeper.wait({
      urgent: true,
      oneAttempt,
      ready: () => settle(resolve),
      fail: (error) => settle(() => reject(error)),
    })
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
  })
}

/** Nobody was there, or somebody was and kept silent. */
function tooLate(failure: unknown, timeoutMs: number): OrionError {
  if (isOrionError(failure)) return failure
  const message = `expected a connection within ${timeoutMs} ms, got none`
  if (failure === undefined) return typedError('timeout', message, { data: { timeoutMs } })
  return typedError('disconnected', message, { data: {}, cause: failure })
}
