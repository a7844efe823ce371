import { type ErrorKind, isOrionError } from '../errors.ts'
import { LaunchError } from '../launch/launch-error.ts'
import type { Dialer } from './dialer.ts'
import type { Session } from './session.ts'
import { type DisconnectedError, typedError } from './typed-errors.ts'

/**
 * Keeps one session, and opens another when it is lost and somebody needs one.
 *
 * ```
 * idle ── somebody waits ──> dialing ── answered ──> ready ── connection lost ──> idle
 *                            │    ^ pause, with jitter
 *                            └────┘ nobody answered            any ── close ──> closed
 * ```
 *
 * A client that only sits there does not dial: a daemon that ended because nobody needed it stays ended.
 */
export class SessionKeeper {
  readonly #dialer: Dialer
  readonly #dialMs: number
  readonly #joinOnly: boolean
  readonly #waiting = new Set<SessionWaiter>()
  readonly #ended = new AbortController()
  readonly #onReady: (session: Session) => void
  readonly #onLost: () => void
  /** Changed only in `#dial`, `#adopt`, `#lost` and `close`. */
  #state: 'idle' | 'dialing' | 'ready' | 'closed' = 'idle'
  #session: Session | undefined
  /** The session before, if there is none now; its epoch is what writes were based on. */
  #last: Session | undefined
  #failure: unknown
  /** The daemon said that it was shut down: only who needs it now may start it again. */
  #shutDown = false
  #endPause: (() => void) | undefined
  #dialing: Promise<void> = Promise.resolve()

  constructor(
    dialer: Dialer,
    options: {
      /** Longest time of one attempt, in milliseconds. */
      readonly dialMs: number
      /** Whether a daemon is never to be started. */
      readonly joinOnly: boolean
      /** Called with each new session, before anybody who waits for it. */
      readonly onReady: (session: Session) => void
      readonly onLost: () => void
    },
  ) {
    this.#dialer = dialer
    this.#dialMs = options.dialMs
    this.#joinOnly = options.joinOnly
    this.#onReady = options.onReady
    this.#onLost = options.onLost
  }

  /** The session, if there is one that can be used now. */
  get session(): Session | undefined {
    return this.#session?.isOpen === true ? this.#session : undefined
  }

  /** The newest session there was; undefined before the first. */
  get newest(): Session | undefined {
    return this.#session ?? this.#last
  }

  /** Why the last attempt failed; undefined when it succeeded. */
  get failure(): unknown {
    return this.#failure
  }

  /** Gives the next usable session, or the reason why there will be none, to the waiter; returns how to stop waiting. */
  wait(waiter: SessionWaiter): () => void {
    if (this.#state === 'closed') {
      queueMicrotask(() => waiter.fail(clientClosed()))
      return () => {}
    }
    const firstUrgent = waiter.urgent && !this.#hasUrgent()
    this.#waiting.add(waiter)
    if (this.#state === 'ready') this.#offer()
    if (this.#state === 'idle') this.#startDialing()
    else if (firstUrgent) this.#endPause?.()
    return () => this.#waiting.delete(waiter)
  }

  /** Notes that the daemon ends on purpose: nobody but an urgent waiter starts it again. */
  noteShutdown(): void {
    this.#shutDown = true
  }

  /** Ends the session and everything that waits for one. Safe to repeat. */
  async close(): Promise<void> {
    if (this.#state !== 'closed') {
      this.#state = 'closed'
      this.#ended.abort()
      this.#endPause?.()
      this.#failAll(() => true, clientClosed())
    }
    await this.#dialing
    await this.#session?.close()
    await this.#dialer.close()
  }

  #startDialing(): void {
    this.#dialing = this.#dial()
  }

  /** Never rejects. */
  async #dial(): Promise<void> {
    this.#state = 'dialing'
    for (let attempt = 0; this.#isDialing(); attempt++) {
      if (this.#waiting.size === 0) {
        this.#state = 'idle'
        return
      }
      try {
        const session = await this.#dialer.dial({
          mode: this.#mayStart() ? 'start' : 'join-only',
          deadlineMs: this.#dialMs,
          signal: this.#ended.signal,
        })
        if (this.#isDialing()) this.#adopt(session)
        else await session.close()
        return
      } catch (error) {
        this.#failure = error
        this.#failHopeless(error)
      }
      if (this.#isDialing()) await this.#pause(attempt)
    }
  }

  /** In a method, because the state changes while `#dial` awaits. */
  #isDialing(): boolean {
    return this.#state === 'dialing'
  }

  #mayStart(): boolean {
    if (this.#joinOnly) return false
    return !this.#shutDown || this.#hasUrgent()
  }

  #hasUrgent(): boolean {
    for (const waiter of this.#waiting) if (waiter.urgent) return true
    return false
  }

  #adopt(session: Session): void {
    this.#state = 'ready'
    this.#session = session
    this.#last = undefined
    this.#failure = undefined
    this.#shutDown = false
    session.onClose(() => this.#lost(session))
    this.#onReady(session)
    this.#offer()
  }

  #offer(): void {
    const { session } = this
    if (session === undefined) return // It has just ended; `#lost` is about to be called.
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const waiter of waiting) waiter.ready(session)
  }

  #lost(session: Session): void {
    if (this.#session !== session || this.#state !== 'ready') return
    this.#state = 'idle'
    this.#session = undefined
    this.#last = session
    this.#onLost()
    if (this.#waiting.size > 0 && this.#isIdle()) this.#startDialing()
  }

  #isIdle(): boolean {
    return this.#state === 'idle'
  }

  /** Ends the waiting of those whom another attempt can't help. */
  #failHopeless(error: unknown): void {
    this.#failAll((waiter) => waiter.oneAttempt === true, error)
    if (!this.#dialer.redials || isRefusal(error)) this.#failAll(() => true, error)
    // The launcher has tried until its deadline, or the store can't be read. Subscriptions go on waiting for somebody
    // else to mend it.
    else if (error instanceof LaunchError || isOrionError(error, 'storage_failed')) {
      this.#failAll((waiter) => waiter.urgent, error)
      this.#shutDown = true
    }
  }

  #failAll(which: (waiter: SessionWaiter) => boolean, error: unknown): void {
    for (const waiter of [...this.#waiting]) {
      if (!which(waiter)) continue
      this.#waiting.delete(waiter)
      waiter.fail(error)
    }
  }

  async #pause(attempt: number): Promise<void> {
    const longestMs = Math.min(firstPauseMs * 2 ** attempt, pauseMaxMs)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, longestMs * (0.5 + Math.random() / 2))
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#endPause = undefined
  }
}

/** Somebody who needs a session. One of the two is called, once. */
export interface SessionWaiter {
  /** Whether a daemon that was shut down on purpose is to be started again for this. */
  readonly urgent: boolean
  /** Whether the first attempt that fails is the last one. */
  readonly oneAttempt?: boolean
  ready(session: Session): void
  fail(error: unknown): void
}

/** What everything that a closed client was asked for is told. */
export function clientClosed(): DisconnectedError {
  return typedError('disconnected', 'the client is closed', { data: {} })
}

/** Pauses between attempts, in milliseconds; each is cut by up to half. */
const firstPauseMs = 20
const pauseMaxMs = 2_000

/** The daemon answered and does not want us; it will say the same again. */
function isRefusal(error: unknown): boolean {
  return isOrionError(error) && refusals.has(error.kind)
}

const refusals: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'unauthenticated',
  'forbidden',
  'protocol_unsupported',
  'invalid_request',
  'invalid_params',
  'method_not_found',
])
