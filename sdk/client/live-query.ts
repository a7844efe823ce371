import { isOrionError, type OrionError } from '../errors.ts'
import { type Event, parseToken, type Record, type Token } from '../model.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { Feed, FeedItem, Snapshot } from './feed.ts'
import { type LiveChange, LiveCursor, type LivePage } from './live-change.ts'
import { type LiveRule, recordAfter } from './live-rule.ts'
import { LiveWindow } from './live-window.ts'
import { OrderedRecords } from './ordered-records.ts'
import { typedError } from './typed-errors.ts'
import { type LiveChanges, parseChanges, parseRecords } from './typed-record.ts'

/**
 * The records that fit a query, always: at its `token` the set is what `record/list` answers.
 *
 * ```
 * feed ── snapshot ──────────────> the whole set
 *      ── events of one position ─> applied together ──> readers
 *                    │ with a limit, and a record may have come in from outside
 *                    └─> list again, at least at that position ─> the whole window
 * ```
 *
 * It goes on over lost connections and restarts of the daemon. After a gap it is read anew, and its readers are told
 * what differs. Between two positions, while it lists again, or while the daemon is away, it stays as it was.
 */
export class LiveQuery<T extends RecordType>
  implements AsyncDisposable, AsyncIterable<LiveChange<Record<RecordData<T>>>>
{
  /** Resolves when it has ended: with the error, or undefined if it was closed. Never rejects. */
  readonly closed: Promise<OrionError | undefined>
  /** Resolves when the set is there for the first time. */
  readonly ready: Promise<void>
  readonly #parts: LiveParts
  readonly #cursors = new Set<LiveCursor>()
  #records: OrderedRecords
  #window: LiveWindow | undefined
  #token: Token | undefined
  #position: { readonly epoch: string; readonly seq: number } | undefined
  /** Events of a position that has not come yet. */
  #batch: Event[] = []
  #end: { readonly error: OrionError | undefined } | undefined
  #endPause: (() => void) | undefined
  #resolveReady: () => void = () => {}

  /** Made by `client.liveQuery`. */
  constructor(parts: LiveParts) {
    this.#parts = parts
    this.#records = new OrderedRecords(parts.rule.compare)
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve
    })
    if (parts.page !== undefined) this.#takePage(parts.page)
    this.closed = this.#run()
  }

  /** The records that fit now, in order. Each list stays as it is; ask again for the next. */
  get records(): readonly Record<RecordData<T>>[] {
    return parseRecords<T>(this.#records.list())
  }

  /** The position that the records are as of. */
  get token(): Token {
    if (this.#token === undefined) throw new Error('expected a live query that is ready')
    return this.#token
  }

  /**
   * The changes of the set from now on, for one loop. The first one holds all there is as `added`. A loop that is slow
   * gets one change in place of several. To leave the loop does not close the query.
   */
  [Symbol.asyncIterator](): LiveChanges<T> {
    const state = () => ({ records: this.#records, token: this.token })
    const cursor = new LiveCursor(state, (gone) => this.#cursors.delete(gone))
    if (this.#end === undefined) this.#cursors.add(cursor)
    else cursor.end(this.#end.error)
    return parseChanges<T>(cursor)
  }

  /** Ends it and its loops; resolves when the daemon has closed its subscription. Safe to repeat. */
  async close(): Promise<void> {
    await this.#parts.close()
    await this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Never rejects. */
  async #run(): Promise<OrionError | undefined> {
    const { feed } = this.#parts
    void feed.ended.then(() => this.#endPause?.())
    let error: OrionError | undefined
    try {
      for (let item = await feed.next(); item !== undefined; item = await feed.next()) {
        await this.#take(item)
      }
    } catch (thrown) {
      if (!isOrionError(thrown)) throw thrown
      error = thrown
      feed.end(thrown)
    }
    this.#end = { error }
    for (const cursor of this.#cursors) cursor.end(error)
    return error
  }

  async #take(item: FeedItem): Promise<void> {
    switch (item.kind) {
      case 'event':
        this.#batch.push(item.event)
        return
      case 'position':
      case 'synced':
        await this.#apply(item.token)
        return
      case 'snapshot':
        this.#takeSnapshot(item.snapshot)
        return
      case 'gap':
        this.#batch = []
        if (this.#window !== undefined) await this.#listAgain(item.gap.token)
        return
      default:
        item satisfies never
    }
  }

  /** Takes in all events up to a position at once. Those that a list had already are left out. */
  async #apply(token: Token): Promise<void> {
    const now = this.#position
    const next = parseToken(token)
    if (now === undefined || next === undefined) return
    const batch = this.#batch
    // What comes after the position is the beginning of a transaction of which more follows.
    this.#batch = batch.filter(({ seq }) => seq > next.seq)
    if (next.epoch !== now.epoch || next.seq <= now.seq) return
    const news = batch.filter(({ seq }) => seq > now.seq && seq <= next.seq)
    // A migration has changed the shape of all records, which no event of theirs tells.
    const migrated = news.find(({ type }) => type === undefined)
    if (migrated !== undefined && this.#window === undefined) throw migratedError(migrated)
    if (migrated !== undefined) await this.#listAgain(token)
    else if (this.#window === undefined) this.#publish(this.#applyToAll(news), token)
    else if (this.#applyToWindow(this.#window, news)) this.#publish(undefined, token)
    else await this.#listAgain(token)
  }

  /** @returns how the records were before. */
  #applyToAll(events: readonly Event[]): ReadonlyMap<string, Record | undefined> {
    const before = new Map<string, Record | undefined>()
    for (const event of events) {
      const { id = '' } = event
      if (!before.has(id)) before.set(id, this.#records.get(id))
      const record = recordAfter(event, this.#parts.rule)
      if (record === undefined) this.#records.delete(id)
      else this.#records.put(record)
    }
    return before
  }

  /** False when only a list can tell; nothing is changed then. */
  #applyToWindow(window: LiveWindow, events: readonly Event[]): boolean {
    let next: LiveWindow | undefined
    for (const event of events) {
      const { id = '' } = event
      const record = recordAfter(event, this.#parts.rule)
      // Asked of the set as the events before have left it: one may bring a record in, and the next one take it out.
      if (!(next ?? window).concerns(id, record)) continue
      next ??= window.clone()
      if (next.take(id, record) === 'unknown') return false
    }
    if (next === undefined) return true
    const before = differenceOf(this.#records, next.records)
    this.#window = next
    this.#records = next.records
    this.#tell(before)
    return true
  }

  #takeSnapshot({ records, token }: Snapshot): void {
    const { compare, fits } = this.#parts.rule
    const next = new OrderedRecords(compare, records.filter(fits))
    const before = differenceOf(this.#records, next)
    this.#batch = []
    this.#records = next
    this.#publish(before, token)
  }

  /** Events up to the page's position may still come; they are in it already. */
  #takePage({ records, next, token }: LivePage): void {
    const { compare, limit = records.length } = this.#parts.rule
    const page = { records: new OrderedRecords(compare, records), limit }
    const window = new LiveWindow(compare, { ...page, complete: next === undefined })
    const before = differenceOf(this.#records, window.records)
    this.#window = window
    this.#records = window.records
    this.#publish(before, token)
  }

  /** Tries until there is an answer: whoever reads has the set as it was meanwhile. */
  async #listAgain(atLeast: Token): Promise<void> {
    const { list, feed } = this.#parts
    while (feed.state !== 'ended') {
      try {
        this.#takePage(await list(atLeast))
        return
      } catch (error) {
        if (!isPassing(error)) throw error
      }
      await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    if (this.#parts.feed.state === 'ended') return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, listAgainMs)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #publish(before: ReadonlyMap<string, Record | undefined> | undefined, token: Token): void {
    this.#token = token
    this.#position = parseToken(token)
    this.#resolveReady()
    if (before !== undefined) this.#tell(before)
  }

  #tell(before: ReadonlyMap<string, Record | undefined>): void {
    if (before.size === 0) return
    for (const cursor of this.#cursors) cursor.note(before)
  }
}

/** What a live query is made of. */
export interface LiveParts {
  readonly rule: LiveRule
  /** Not opened yet, or open. It hands out positions; without a limit it begins with a snapshot. */
  readonly feed: Feed
  /** With a limit: the first page, after which the feed begins. */
  readonly page: LivePage | undefined
  /** Lists the first page anew, at least as of a position. */
  readonly list: (atLeast: Token) => Promise<LivePage>
  readonly close: () => Promise<void>
}

/** Between two attempts to list again, in milliseconds; each has waited for a connection before. */
const listAgainMs = 500

/** A set of all records would have to be read anew, and its program may not know the new shape. */
function migratedError({ topic }: Event): OrionError {
  const plan = [`${topic}: the records have another shape now`]
  return typedError('migration_required', 'the record type of the live query was migrated', {
    data: {
      plan,
      remedy: 'Open the live query again, with a program that knows the type as it is.',
    },
  })
}

/** A position is refused when the store was put back meanwhile, and then counts no more. */
function isPassing(error: unknown): boolean {
  return isOrionError(error) && (error.retryable || error.kind === 'token_invalid')
}

/** How those records were in the first set that are not the same in the second. */
function differenceOf(
  from: OrderedRecords,
  to: OrderedRecords,
): ReadonlyMap<string, Record | undefined> {
  const before = new Map<string, Record | undefined>()
  for (const id of from.ids()) if (to.get(id) !== from.get(id)) before.set(id, from.get(id))
  for (const id of to.ids()) if (from.get(id) === undefined) before.set(id, undefined)
  return before
}
