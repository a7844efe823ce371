import type { Client } from '../../../../sdk/client/client.ts'
import type { EventStream } from '../../../../sdk/client/event-stream.ts'
import type { Event } from '../../../../sdk/model.ts'
import { DaemonStatus } from '../../../../sdk/protocol/daemon.ts'
import { type Problem, problemOf } from './problem.ts'
import { type SchedulerClock, systemClock } from './refresh-scheduler.ts'

/** How the way to a store is. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready' }
  /** There was a connection. The SDK makes another by itself; `problem` says why that takes long, if it is known. */
  | { readonly kind: 'lost'; readonly since: Date; readonly problem?: Problem }
  /** There is none; it is tried now and then whether somebody else has started a daemon. */
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'closed' }

/** Makes a client. `join` looks for a daemon and starts none. */
export type OpenClient = (how: {
  readonly mode: 'start' | 'join'
  readonly onConnection: (state: 'made' | 'lost') => void
  readonly signal: AbortSignal
}) => Promise<Client>

/** Who wants to know what happens to a store. */
export interface LinkListener {
  onState(state: LinkState): void
  /** A record changed, or a client published something. Cheap: there may be very many. */
  onEvent(event: Event): void
  /** Anything may have changed: there was no connection, or events were missed. */
  onEverything(): void
}

/**
 * The editor's connection to one store, as long as its folder is open.
 *
 * ```
 * connecting ── a client ──> ready <── made ── lost        the SDK goes on by itself
 *     │  ^                     │                ^
 *     │  └──── retry ──┐       └── lost ────────┘
 *     └── no client ──> failed ── somebody else started a daemon ──> ready
 * ```
 *
 * Of events only the names of what changed come, so that a flood of large records costs a view nothing: views read again
 * what they show, when they like.
 */
export class StoreLink {
  readonly #open: OpenClient
  readonly #listener: LinkListener
  readonly #clock: SchedulerClock
  readonly #ended = new AbortController()
  #client: Client | undefined
  #stream: EventStream | undefined
  /** Changed only in `#become`. */
  #state: LinkState = { kind: 'connecting' }
  #stopTimer: (() => void) | undefined
  /** Counts the attempts, so that one that was overtaken is told from the one that counts. */
  #attempt = 0

  constructor(open: OpenClient, listener: LinkListener, clock: SchedulerClock = systemClock) {
    this.#open = open
    this.#listener = listener
    this.#clock = clock
  }

  get state(): LinkState {
    return this.#state
  }

  /** The client, if there has been a connection; what is asked of it while it is lost waits, and may start a daemon. */
  get client(): Client | undefined {
    return this.#client
  }

  /** Connects, and starts a daemon if there is none. Never rejects. */
  async start(): Promise<void> {
    await this.#connect('start')
  }

  /** A person wants a connection now: also a daemon that was stopped on purpose is started. Never rejects. */
  async retry(): Promise<void> {
    if (this.#state.kind === 'failed') return await this.#connect('start')
    if (this.#state.kind !== 'lost' || this.#client === undefined) return
    try {
      await this.#client.request(DaemonStatus, {}, { timeoutMs: retryMs })
    } catch (error) {
      if (this.#isLost())
        this.#become({ kind: 'lost', since: new Date(), problem: problemOf(error) })
    }
  }

  /** Ends it. Never rejects; safe to repeat. */
  async close(): Promise<void> {
    this.#become({ kind: 'closed' })
    this.#ended.abort()
    this.#stopTimer?.()
    await this.#dropClient()
  }

  async #connect(mode: 'start' | 'join'): Promise<void> {
    if (this.#isClosed()) return
    this.#stopTimer?.()
    const attempt = ++this.#attempt
    if (mode === 'start') this.#become({ kind: 'connecting' })
    await this.#dropClient()
    try {
      const client = await this.#open({
        mode,
        signal: this.#ended.signal,
        onConnection: (state) => this.#connectionChanged(attempt, state),
      })
      if (attempt !== this.#attempt || this.#isClosed()) return await client.close()
      this.#client = client
      await this.#follow(client, attempt)
    } catch (error) {
      if (attempt !== this.#attempt || this.#isClosed()) return
      await this.#dropClient()
      if (mode === 'start') this.#become({ kind: 'failed', problem: problemOf(error) })
      this.#lookLater()
    }
  }

  /** Subscribes to everything, and is ready then: what is read from now on is told when it changes. */
  async #follow(client: Client, attempt: number): Promise<void> {
    const stream = await client.subscribe('*', {
      include: 'none',
      policy: 'coalesce',
      repair: 'none',
      onGap: () => this.#listener.onEverything(),
    })
    if (attempt !== this.#attempt) return await stream.close()
    this.#stream = stream
    this.#become({ kind: 'ready' })
    this.#listener.onEverything()
    void this.#listen(stream, attempt)
  }

  /** Never rejects. */
  async #listen(stream: EventStream, attempt: number): Promise<void> {
    let cause: unknown
    try {
      for await (const event of stream) this.#listener.onEvent(event)
    } catch (error) {
      cause = error
    }
    // A subscription that nobody closed has ended for good: the token was revoked, or the store is of another kind now.
    if (attempt !== this.#attempt || this.#isClosed()) return
    await this.#dropClient()
    const error = cause ?? new Error('the daemon ended the subscription')
    this.#become({ kind: 'failed', problem: problemOf(error) })
    this.#lookLater()
  }

  #connectionChanged(attempt: number, state: 'made' | 'lost'): void {
    if (attempt !== this.#attempt || this.#stream === undefined || this.#isClosed()) return
    if (state === 'lost') {
      this.#become({ kind: 'lost', since: new Date() })
    } else if (this.#isLost()) {
      this.#become({ kind: 'ready' })
      this.#listener.onEverything()
    }
  }

  /** Looking costs a few system calls, so it is done as long as the folder is open. */
  #lookLater(): void {
    this.#stopTimer = this.#clock.after(lookEveryMs, () => void this.#connect('join'))
  }

  async #dropClient(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#stream = undefined
    try {
      await client?.close()
    } catch {
      // It was given up; how its end went matters to nobody.
    }
  }

  #isClosed(): boolean {
    return this.#state.kind === 'closed'
  }

  #isLost(): boolean {
    return this.#state.kind === 'lost'
  }

  #become(state: LinkState): void {
    if (this.#isClosed()) return
    this.#state = state
    this.#listener.onState(state)
  }
}

/** Between two looks for a daemon that somebody else started, in milliseconds. */
const lookEveryMs = 3_000
/** How long a person waits who asked for a connection, in milliseconds. */
const retryMs = 15_000
