import type { OrionError } from '../errors.ts'
import { type Event, parseToken, type Record, type Token } from '../model.ts'

/** Where a subscription begins: with what comes, with the records there are, or after a position. */
export type FeedStart = 'now' | 'snapshot' | Token

/** What a feed hands out, in order. */
export type FeedItem =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'gap'; readonly gap: FeedGap }
  /** The records there are, whole. The events that follow are those after its token. */
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** Everything up to here has been handed out, whole transactions; only if it was asked for. */
  | { readonly kind: 'position'; readonly token: Token }
  | { readonly kind: 'synced'; readonly token: Token }

/** Events before a position can't be served any more. */
export interface FeedGap {
  readonly reason: 'compacted' | 'epoch'
  /** The oldest position that is still served. */
  readonly floor: Token
  readonly token: Token
}

/** Records of the matched types, as of one position, whatever their lifecycle. */
export interface Snapshot {
  readonly records: readonly Record[]
  readonly token: Token
  /** Everything up to here is known, in the same life of the log; undefined when nothing that is known counts. */
  readonly after: Token | undefined
}

/** Where a feed is on its way; see the diagram below. */
export type FeedState = 'waiting' | 'opening' | 'open' | 'parked' | 'ended'

/** How a feed is to be. */
export interface FeedOptions {
  readonly from: FeedStart
  readonly queueMaxEvents: number
  /** Called when a parked feed has room again. */
  readonly onDrained: () => void
  /** Whether a gap is repaired by a snapshot; else it goes on at the gap's token. */
  readonly rebuilds?: boolean
  /** Called when the reader has dealt with something: `token` has moved. */
  readonly onHandled?: () => void
  /** Whether `position` items are wanted. */
  readonly positions?: boolean
}

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
 * that comes again is dropped. A snapshot is handed out when it is whole: one that is cut short is asked for again, and
 * nobody has seen anything of it.
 */
export class Feed {
  /** Resolves with the error that ended it, or undefined if it was closed; never rejects. */
  readonly ended: Promise<OrionError | undefined>
  /** Resolves when the daemon has opened it for the first time. */
  readonly firstOpened: Promise<void>
  readonly #options: FeedOptions
  #resolveEnded: (error: OrionError | undefined) => void = () => {}
  #resolveFirstOpened: () => void = () => {}
  #hasOpened = false
  #state: FeedState = 'waiting'
  #error: OrionError | undefined
  #queue: FeedItem[] = []
  /** The queue is read from here on. */
  #head = 0
  /** Everything up to here has been received: the way to open it again. */
  #received: FeedStart
  #lastSeq = 0
  /** The snapshot that is being received. */
  #staged: { records: Record[]; token: Token } | undefined
  /** Where it stood before the gap that a snapshot is to repair. */
  #before: Token | undefined
  /** Everything up to here has been handed out and dealt with. */
  #token: Token | undefined
  #handedOut: Token | undefined
  #reader: Reader | undefined

  constructor(options: FeedOptions) {
    this.#options = options
    this.#received = options.from
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
  get from(): FeedStart {
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
    if (this.#received === 'snapshot') this.#staged = { records: [], token }
  }

  /** It is not open at the daemon any more. */
  lost(): void {
    this.#staged = undefined
    if (this.#state === 'open' || this.#state === 'opening') this.#state = 'waiting'
  }

  /** Takes records of a snapshot; it is whole when something else comes. */
  takeRecords(records: readonly Record[], token: Token): void {
    const staged = this.#staged
    if (this.#state !== 'open' || staged === undefined) return
    // A daemon that could not hold the first position any longer has begun anew at a later one.
    if (staged.token !== token) staged.records = []
    staged.token = token
    for (const record of records) staged.records.push(record)
  }

  /**
   * Takes events that all lie before `token`.
   *
   * @param part - `partial` when more of the same transaction follow.
   */
  take(events: readonly Event[], token: Token, part: 'whole' | 'partial' = 'whole'): void {
    if (this.#state !== 'open') return
    this.#completeSnapshot()
    for (const event of events) {
      if (event.seq <= this.#lastSeq) continue
      this.#lastSeq = event.seq
      this.#push({ kind: 'event', event })
    }
    this.#reach(token)
    if (part === 'whole') this.#pushPosition(token)
    if (this.#waitingItems >= this.#options.queueMaxEvents) this.#state = 'parked'
  }

  /** There is nothing for this subscription up to this position. */
  bookmark(token: Token): void {
    if (this.#state !== 'open' || this.#staged !== undefined) return
    this.#reach(token)
    this.#pushPosition(token)
  }

  /** Everything that was there when it was opened has come. */
  synced(token: Token): void {
    if (this.#state !== 'open') return
    this.#completeSnapshot()
    this.#push({ kind: 'synced', token })
  }

  /** Events are missing; it goes on with a snapshot or at the gap's token, which may be of another life of the log. */
  gap(gap: FeedGap): void {
    if (this.#state === 'ended') return
    this.#push({ kind: 'gap', gap })
    if (gap.reason === 'epoch') this.#lastSeq = 0
    if (this.#options.rebuilds !== true) {
      this.#received = gap.token
      return
    }
    if (this.#received !== 'now' && this.#received !== 'snapshot') this.#before = this.#received
    if (gap.reason === 'epoch') this.#before = undefined
    this.#received = 'snapshot'
    if (this.#state === 'open') this.#staged = { records: [], token: gap.token }
  }

  /** Ends it; what waits is dropped, unless there is an error: then it is still handed out, and the error after it. */
  end(error: OrionError | undefined): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#staged = undefined
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
    if (this.#handedOut !== undefined) this.#handle(this.#handedOut)
    this.#handedOut = undefined
    const item = this.#shift()
    if (item !== undefined) return Promise.resolve(item)
    if (this.#state === 'ended') {
      return this.#error === undefined ? Promise.resolve(undefined) : Promise.reject(this.#error)
    }
    this.#handle(this.#position)
    if (this.#reader !== undefined) {
      return Promise.reject(new Error('expected one reader, got a second call of next()'))
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  #handle(token: Token | undefined): void {
    if (token === undefined || token === this.#token) return
    this.#token = token
    this.#options.onHandled?.()
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
    if (this.#state === 'parked' && this.#waitingItems <= this.#options.queueMaxEvents / 4) {
      this.#state = 'waiting'
      this.#options.onDrained()
    }
    return item
  }

  #handOut(item: FeedItem): void {
    if (item.kind === 'event') this.#handedOut = item.event.token
    if (item.kind === 'snapshot') this.#handedOut = item.snapshot.token
  }

  get #position(): Token | undefined {
    return this.#received === 'now' || this.#received === 'snapshot' ? undefined : this.#received
  }

  #completeSnapshot(): void {
    const staged = this.#staged
    if (staged === undefined) return
    this.#staged = undefined
    const { records, token } = staged
    const before = this.#before === undefined ? undefined : parseToken(this.#before)
    const position = parseToken(token)
    let after = this.#before
    this.#before = undefined
    if (before !== undefined && before.epoch !== position?.epoch) {
      // The log was put back while the snapshot was on its way, and nobody has told yet.
      this.#push({ kind: 'gap', gap: { reason: 'epoch', floor: token, token } })
      after = undefined
    }
    this.#received = token
    this.#lastSeq = position?.seq ?? 0
    this.#push({ kind: 'snapshot', snapshot: { records, token, after } })
  }

  /** One for a row of them: a quiet stream that nobody reads does not grow. */
  #pushPosition(token: Token): void {
    if (this.#options.positions !== true) return
    const last = this.#queue.length - 1
    const replaces = last >= this.#head && this.#queue[last]?.kind === 'position'
    if (replaces) this.#queue[last] = { kind: 'position', token }
    else this.#push({ kind: 'position', token })
  }

  /** A token never leads back: parts of a large transaction carry the position before it. */
  #reach(token: Token): void {
    const now = this.#position === undefined ? undefined : parseToken(this.#position)
    const next = parseToken(token)
    const back = now !== undefined && next !== undefined && next.epoch === now.epoch
    if (!back || next.seq >= now.seq) this.#received = token
    if (this.#reader !== undefined) this.#handle(this.#position)
  }
}

interface Reader {
  resolve(item: FeedItem | undefined): void
  reject(error: OrionError): void
}
