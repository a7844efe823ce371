/** Carries committed events from the log to those in the daemon who want them. */
import type { Event } from '../../sdk/model.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Turns } from '../turns.ts'
import { EventEncoder } from './event-encoder.ts'
import type { EventSource } from './event-source.ts'
import {
  type Delivery,
  HandlerLoop,
  type HandlerOptions,
  type HandlerStatus,
} from './handler-loop.ts'
import { KnownTopics } from './known-topics.ts'

/** One who reads the log from positions of its own. */
export interface LogReader {
  /** Returns at once and does not throw. */
  wake(): void
  /** Events after this position are still to be read. */
  readonly lowestSeq: number
  /** How many subscriptions it serves. */
  readonly size: number
}

/**
 * The one place that listens to the store's log.
 *
 * The log is the queue: the bus buffers nothing, it wakes its readers, and each reads on from a position of its
 * own. So no reader waits for another one, and nobody sees what is not on disk, or out of seq order.
 */
export class EventBus {
  readonly encoder = new EventEncoder()
  readonly turns = new Turns()
  readonly source: EventSource
  readonly knownTopics: KnownTopics
  readonly #clock: Clock
  readonly #log: Log
  readonly #wakes = new Set<() => void>()
  readonly #loops = new Set<HandlerLoop>()
  readonly #history: Delivery[] = []
  readonly #readers = new Set<LogReader>()
  readonly #listening: readonly { dispose(): void }[]

  constructor(source: EventSource, parts: { readonly clock: Clock; readonly log: Log }) {
    this.source = source
    this.knownTopics = new KnownTopics(source)
    this.#clock = parts.clock
    this.#log = parts.log
    this.#listening = [
      source.log.onDurable(() => {
        for (const wake of this.#wakes) wake()
        for (const reader of this.#readers) reader.wake()
      }),
      source.log.holdFloor(() => this.lowestSeq),
    ]
  }

  /** The position of the reader that is furthest behind; without any, more than every position. */
  get lowestSeq(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const reader of this.#readers) lowest = Math.min(lowest, reader.lowestSeq)
    for (const loop of this.#loops) lowest = Math.min(lowest, loop.status().position)
    return lowest
  }

  /** How many subscriptions all connections have together. */
  get subscriptionCount(): number {
    let count = 0
    for (const reader of this.#readers) count += reader.size
    return count
  }

  /** Wakes a reader whenever new events are on disk, and keeps for it what it has not read. */
  join(reader: LogReader): { dispose(): void } {
    this.#readers.add(reader)
    return { dispose: () => this.#readers.delete(reader) }
  }

  /** Calls back after new events are on disk. The callback returns at once and does not throw. */
  onAdvance(wake: () => void): { dispose(): void } {
    this.#wakes.add(wake)
    return { dispose: () => this.#wakes.delete(wake) }
  }

  /**
   * Calls a handler with each event of some patterns, in seq order, one at a time.
   *
   * What the handler returns is awaited. One that throws, or that takes too long, is counted and logged, and
   * gets the next event; the others never notice. After `dispose` it is not called again.
   */
  on(options: HandlerOptions): { dispose(): void } {
    const loop = new HandlerLoop(options, {
      read: (after, limit) => {
        const { log } = this.source
        if (after < log.floorSeq) {
          const { name } = options
          this.#log.error('a handler was overtaken by compaction', { handler: name, after })
        }
        return log.readEvents(after, limit)
      },
      after: options.after ?? this.source.log.durableSeq,
      clock: this.#clock,
      log: this.#log,
      note: (delivery) => this.#note(delivery),
    })
    this.#loops.add(loop)
    const wake = this.onAdvance(() => loop.wake())
    loop.wake()
    return {
      dispose: () => {
        wake.dispose()
        loop.dispose()
        this.#loops.delete(loop)
      },
    }
  }

  /** The first event after a position that `wanted` accepts, waiting for it; undefined once the signal aborts. */
  async waitForEvent(
    after: number,
    wanted: (event: Event) => boolean,
    signal: AbortSignal,
  ): Promise<Event | undefined> {
    let position = after
    const slice = this.turns.slice()
    while (!signal.aborted) {
      const events = this.source.log.readEvents(position, waitBatch)
      for (const event of events) {
        if (wanted(event)) return event
        position = event.seq
        if (slice.isOver) break
      }
      if (position >= this.source.log.durableSeq) await this.#nextAdvance(signal)
      // All who wait are woken together; each looks when it is its turn.
      await slice.yield()
    }
    return undefined
  }

  /** The latest deliveries to handlers in the daemon, oldest first; bounded. */
  history(): readonly Delivery[] {
    return [...this.#history]
  }

  /** The handlers in the daemon, and how each fares. */
  handlers(): readonly HandlerStatus[] {
    return [...this.#loops].map((loop) => loop.status())
  }

  /** Ends every handler's loop. Idempotent. */
  close(): void {
    for (const listening of this.#listening) listening.dispose()
    for (const loop of this.#loops) loop.dispose()
    this.#loops.clear()
    this.#wakes.clear()
    this.#readers.clear()
  }

  #note(delivery: Delivery): void {
    this.#history.push(delivery)
    if (this.#history.length > historyMax) this.#history.shift()
  }

  #nextAdvance(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        wake.dispose()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const wake = this.onAdvance(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

const historyMax = 256
const waitBatch = 256
