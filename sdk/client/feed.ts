import type { OrionError } from '../errors.ts'
import { type Event, parseToken, type Token } from '../model.ts'
import type { Gap } from './subscription-options.ts'

/** What a feed hands out, in order. */
export type FeedItem =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'synced'; readonly token: Token }

/** Where a feed is on its way; see the diagram below. */
export type FeedState = 'waiting' | 'opening' | 'open' | 'parked' | 'ended'

/**
 * The client's end of one subscription: where it stands, and the events that wait for their reader.
 *
 * ```
 * waiting ── asked ──> opening ── answered ──> open ── reader too slow ──> parked ── queue read ──> waiting
 *    ^                    │                      │
 *    └─────────── session lost ──────────────────┘             any ── close, or an error ──> ended
 * ```
 *
 * It lives longer than any session. What was received stays received: a new session goes on after it, and an event
 * that comes again is dropped.
 */
export class Feed {
  /** Resolves with the error that ended it, or undefined if it was closed; never rejects. */
  readonly ended: Promise<OrionError | undefined>
  /** Resolves when the daemon has opened it for the first time. */
  readonly firstOpened: Promise<void>
  readonly #queueMaxEvents: number
  readonly #onDrained: () => void
  #resolveEnded: (error: OrionError | undefined) => void = () => {}
  #resolveFirstOpened: () => void = () => {}
  #hasOpened = false
  #state: FeedState = 'waiting'
  #error: OrionError | undefined
  #queue: FeedItem[] = []
  /** The queue is read from here on. */
  #head = 0
  /** Everything up to here has been received: the way to open it again. */
  #received: 'now' | Token
  #lastSeq = 0
  /** Everything up to here has been handed out and dealt with. */
  #token: Token | undefined
  #handedOut: Token | undefined
  #reader: Reader | undefined

  /** @param options.onDrained - Called when a parked feed has room again. */
  constructor(options: {
    readonly from: 'now' | Token
    readonly queueMaxEvents: number
    readonly onDrained: () => void
  }) {
    this.#received = options.from
    this.#queueMaxEvents = options.queueMaxEvents
    this.#onDrained = options.onDrained
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    this.firstOpened = new Promise((resolve) => {
      this.#resolveFirstOpened = resolve
    })
  }

  /** Whether the daemon has ever opened it. */
  get hasOpened(): boolean {
    return this.#hasOpened
  }

  get state(): FeedState {
    return this.#state
  }

  /** Where a new session goes on. */
  get from(): 'now' | Token {
    return this.#received
  }

  /** Everything up to this position has been handed out and dealt with; undefined before the first answer. */
  get token(): Token | undefined {
    return this.#token
  }

  /** The daemon was asked to open it. */
  opening(): void {
    if (this.#state === 'waiting') this.#state = 'opening'
  }

  /** The daemon has opened it at this position. */
  opened(token: Token): void {
    if (this.#state !== 'opening') return
    this.#state = 'open'
    this.#hasOpened = true
    this.#resolveFirstOpened()
    if (this.#received === 'now') this.#reach(token)
  }

  /** It is not open at the daemon any more. */
  lost(): void {
    if (this.#state === 'open' || this.#state === 'opening') this.#state = 'waiting'
  }

  /** Takes events that all lie before `token`. */
  take(events: readonly Event[], token: Token): void {
    if (this.#state !== 'open') return
    for (const event of events) {
      if (event.seq <= this.#lastSeq) continue
      this.#lastSeq = event.seq
      this.#push({ kind: 'event', event })
    }
    this.#reach(token)
    if (this.#waitingItems >= this.#queueMaxEvents) this.#state = 'parked'
  }

  /** There is nothing for this subscription up to this position. */
  bookmark(token: Token): void {
    if (this.#state === 'open') this.#reach(token)
  }

  synced(token: Token): void {
    if (this.#state === 'open') this.#push({ kind: 'synced', token })
  }

  /** Events are missing; it goes on at the gap's token, which may be of another life of the log. */
  gap(gap: Gap): void {
    if (this.#state === 'ended') return
    if (gap.reason === 'epoch') this.#lastSeq = 0
    this.#push({ kind: 'gap', gap })
    this.#received = gap.token
  }

  /** Ends it; what waits is dropped, unless there is an error: then it is still handed out, and the error after it. */
  end(error: OrionError | undefined): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#error = error
    if (error === undefined) this.#queue = []
    this.#resolveEnded(error)
    const reader = this.#reader
    this.#reader = undefined
    if (error === undefined) reader?.resolve(undefined)
    else reader?.reject(error)
  }

  /** The next item; undefined at the end. Asking for it says that the one before is dealt with. */
  next(): Promise<FeedItem | undefined> {
    if (this.#handedOut !== undefined) this.#token = this.#handedOut
    this.#handedOut = undefined
    const item = this.#shift()
    if (item !== undefined) return Promise.resolve(item)
    if (this.#state === 'ended') {
      return this.#error === undefined ? Promise.resolve(undefined) : Promise.reject(this.#error)
    }
    if (this.#received !== 'now') this.#token = this.#received
    if (this.#reader !== undefined) {
      return Promise.reject(new Error('expected one reader, got a second call of next()'))
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  get #waitingItems(): number {
    return this.#queue.length - this.#head
  }

  #push(item: FeedItem): void {
    const reader = this.#reader
    if (reader === undefined) {
      this.#queue.push(item)
      return
    }
    this.#reader = undefined
    this.#handOut(item)
    reader.resolve(item)
  }

  #shift(): FeedItem | undefined {
    const item = this.#queue[this.#head]
    if (item === undefined) return undefined
    this.#head++
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    }
    this.#handOut(item)
    if (this.#state === 'parked' && this.#waitingItems <= this.#queueMaxEvents / 4) {
      this.#state = 'waiting'
      this.#onDrained()
    }
    return item
  }

  #handOut(item: FeedItem): void {
    if (item.kind === 'event') this.#handedOut = item.event.token
  }

  /** A token never leads back: parts of a large transaction carry the position before it. */
  #reach(token: Token): void {
    const now = this.#received === 'now' ? undefined : parseToken(this.#received)
    const next = parseToken(token)
    const back = now !== undefined && next !== undefined && next.epoch === now.epoch
    if (!back || next.seq >= now.seq) this.#received = token
    if (this.#reader !== undefined)
      this.#token = this.#received === 'now' ? undefined : this.#received
  }
}

interface Reader {
  resolve(item: FeedItem | undefined): void
  reject(error: OrionError): void
}
