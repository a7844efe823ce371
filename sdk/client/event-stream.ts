import type { OrionError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { Event, Token } from '../model.ts'
import type { Feed, FeedGap } from './feed.ts'
import type { SnapshotDifference } from './snapshot-difference.ts'
import type { SubscriptionOptions } from './subscription-options.ts'
import { typedError } from './typed-errors.ts'

/** A standing request for events. It goes on over lost connections and restarts of the daemon until it is closed. */
export interface Subscription extends AsyncDisposable {
  /** As they were asked for. */
  readonly patterns: readonly string[]
  /** Everything up to this position has been handled; begin here to go on in another process. */
  readonly token: Token | undefined
  /** Resolves when it has ended: with the error, or undefined if it was closed. Never rejects. */
  readonly closed: Promise<OrionError | undefined>
  /** Ends it; resolves when the daemon has closed it too. Safe to repeat. */
  close(): Promise<void>
}

/**
 * The events of a subscription, for one `for await` loop: in seq order, each once.
 *
 * Where events can't be served any more, or none were asked for, what they did to records is told by events that are
 * made from a snapshot and marked `synthetic`. To go on in another process, take the `token` of the stream, not of such
 * an event: the stream's moves when all of them are handled.
 *
 * A loop that is slow costs nobody anything: what does not fit in the queue is read from the log later.
 */
export class EventStream<Data = JsonObject>
  implements Subscription, AsyncIterableIterator<Event<Data>, undefined, undefined>
{
  readonly patterns: readonly string[]
  readonly #feed: Feed
  readonly #close: () => Promise<void>
  readonly #options: StreamParts['options']
  readonly #difference: SnapshotDifference
  readonly #lost: readonly string[]
  /** Events made from a snapshot that are not handed out yet. */
  #made: readonly Event[] = []
  #madeHead = 0

  /** Made by `client.subscribe`. */
  constructor(parts: StreamParts) {
    this.patterns = parts.patterns
    this.#feed = parts.feed
    this.#close = parts.close
    this.#options = parts.options
    this.#difference = parts.difference
    this.#lost = parts.lost
  }

  get token(): Token | undefined {
    return this.#feed.token
  }

  get closed(): Promise<OrionError | undefined> {
    return this.#feed.ended
  }

  /** The next event. Asking for it says that the one before is handled. */
  async next(): Promise<IteratorResult<Event<Data>, undefined>> {
    for (;;) {
      const made = this.#nextMade()
      if (made !== undefined) return { done: false, value: made as Event<Data> }
      const item = await this.#feed.next()
      if (item === undefined) return { done: true, value: undefined }
      switch (item.kind) {
        case 'event':
          this.#difference.note(item.event)
          return { done: false, value: item.event as Event<Data> }
        case 'snapshot':
          this.#made = this.#difference.events(item.snapshot)
          this.#madeHead = 0
          break
        case 'position':
          break
        case 'synced':
          await this.#options.onSynced?.(item.token)
          break
        case 'gap':
          await this.#tellGap(item.gap)
          break
        default:
          item satisfies never
      }
    }
  }

  /** Ends the loop and the subscription, as `break` does. */
  async return(): Promise<IteratorResult<Event<Data>, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  close(): Promise<void> {
    return this.#close()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #nextMade(): Event | undefined {
    const event = this.#made[this.#madeHead]
    if (event === undefined) this.#made = []
    else this.#madeHead++
    // A subscription that was closed hands out nothing more.
    return this.#feed.state === 'ended' ? undefined : event
  }

  async #tellGap(gap: FeedGap): Promise<void> {
    const lost = this.#lost
    if (this.#options.onGap !== undefined) await this.#options.onGap({ ...gap, lost })
    else if (lost.length > 0) this.#endAtGap(gap.floor)
  }

  #endAtGap(floor: Token): never {
    const message = `events of ${this.#lost.join(', ')} are missing before this place: handle \`onGap\``
    const error = typedError('gone', message, { data: { floor } })
    this.#feed.end(error)
    throw error
  }
}

/** What a stream is made of. */
export interface StreamParts {
  readonly patterns: readonly string[]
  readonly feed: Feed
  readonly close: () => Promise<void>
  readonly options: Pick<SubscriptionOptions, 'onGap' | 'onSynced'>
  readonly difference: SnapshotDifference
  /** Patterns whose missing events can't be rebuilt. */
  readonly lost: readonly string[]
}

/**
 * Calls a handler for each event of a stream, one at a time, in order, until the stream ends.
 *
 * Never rejects: what goes wrong is told to `onError`, else as a warning of the process.
 */
export async function handleEach<Data>(
  stream: EventStream<Data>,
  handler: (event: Event<Data>) => void | Promise<void>,
  onError: (error: unknown, event: Event<Data> | undefined) => void = warn,
): Promise<void> {
  const tell = (error: unknown, event: Event<Data> | undefined): void => {
    try {
      onError(error, event)
    } catch (second) {
      warn(second)
    }
  }
  try {
    for await (const event of stream) {
      try {
        await handler(event)
      } catch (error) {
        tell(error, event)
      }
    }
  } catch (error) {
    tell(error, undefined)
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)))
}
