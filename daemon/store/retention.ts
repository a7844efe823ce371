/**
 * Decides how far back events are served, and deletes what is older, a little at a time.
 *
 * ```
 * oldest kept by age ─┐
 * oldest kept by count ┼─> the lower ─┐
 *                      ┘              ├─> the lower, but at most so many events are held ─> floor ─> sweep
 * subscribers, named positions ───────┘
 * ```
 *
 * The floor is on disk before anything below it is deleted. Of each record the newest version at the floor stays, so
 * that every state at or above the floor can still be read.
 */
import { instantFromMicros } from '../../sdk/instant.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { Connection } from './engine/engine.ts'
import type { EventLog } from './event-log.ts'
import { LogSweeper } from './log-sweeper.ts'
import type { NamedPositions } from './named-positions.ts'
import { writeMeta } from './store-meta.ts'
import type { WriteQueue } from './write-queue.ts'

/** What retention is made of. */
export interface RetentionParts {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly events: EventLog
  readonly positions: NamedPositions
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  /** Record types whose history outlives their events, and for how long, in milliseconds. */
  readonly historyKeptMs: Readonly<Record<string, number>>
}

/** What a compaction did. */
export interface Compacted {
  readonly floorSeq: number
  /** Rows of the log that were deleted. */
  readonly deleted: number
}

/** Compacts on request, and by itself now and then. */
export class Retention {
  readonly #parts: RetentionParts
  readonly #sweeper: LogSweeper
  readonly #timer: NodeJS.Timeout
  /** One compaction after the other. */
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(parts: RetentionParts) {
    this.#parts = parts
    this.#sweeper = new LogSweeper(parts.connection, parts.queue, parts.limits.turnMaxMs)
    this.#timer = setInterval(() => this.#compactInTime(), parts.limits.compactEveryMs).unref()
  }

  /**
   * Compacts as far as age and count let it, or everything before a position; never past what subscribers have yet to
   * read, unless they hold more events than may be held.
   */
  compact(before?: number): Promise<Compacted> {
    const done = this.#last.then(() => this.#compact(before))
    this.#last = done.catch(() => {})
    return done
  }

  /** Stops; what is under way ends with its present step. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#last
  }

  async #compact(before: number | undefined): Promise<Compacted> {
    const { events, positions } = this.#parts
    await positions.expire()
    const floorSeq = this.#wholeTransactions(this.#target(before))
    if (floorSeq > events.floorSeq) await this.#raiseFloor(floorSeq)
    const deleted = await this.#sweeper.sweep(this.#bounds(), () => this.#closed)
    return { floorSeq: events.floorSeq, deleted }
  }

  #target(before: number | undefined): number {
    const { events, positions, limits } = this.#parts
    const capped = events.durableSeq - limits.eventsHeldMax
    const held = Math.min(events.heldSeq, positions.lowestSeq)
    const wanted =
      before ??
      Math.min(events.durableSeq - limits.eventsKept, this.#newestOlderThan(limits.eventsKeptMs))
    const bounded = before === undefined ? Math.max(wanted, capped) : wanted
    return Math.min(bounded, Math.max(held, capped), events.durableSeq)
  }

  /** A floor inside a transaction would tear it: goes down to its beginning. */
  #wholeTransactions(seq: number): number {
    const row = this.#parts.connection.prepare('SELECT txn FROM log WHERE seq = ?').get([seq + 1])
    const txn = Number(row?.txn ?? seq + 1)
    return txn <= seq ? txn - 1 : seq
  }

  async #raiseFloor(floorSeq: number): Promise<void> {
    const { connection, queue, events } = this.#parts
    const run = (): void => writeMeta(connection, 'floorSeq', String(floorSeq))
    const committed = (): void => events.raiseFloor(floorSeq)
    await queue.submit({ undo: 'nothing', run, committed }, {})
  }

  /** Up to where each record type's history is swept; `undefined` stands for all types without a time of their own. */
  #bounds(): ReadonlyMap<string | undefined, number> {
    const { events, historyKeptMs } = this.#parts
    const bounds = new Map<string | undefined, number>([[undefined, events.floorSeq]])
    for (const [type, keptMs] of Object.entries(historyKeptMs)) {
      bounds.set(type, Math.min(events.floorSeq, this.#newestOlderThan(keptMs)))
    }
    return bounds
  }

  /** The newest event that is older than this; 0 when there is none. Instants rise with seq. */
  #newestOlderThan(keptMs: number): number {
    const { connection, clock, events } = this.#parts
    const before = instantFromMicros(Math.max(0, clock.nowMicros() - keptMs * 1000))
    const statement = connection.prepare('SELECT at FROM log WHERE seq >= ? ORDER BY seq LIMIT 1')
    let low = 0
    let high = events.durableSeq
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const at = statement.get([middle])?.at
      if (typeof at === 'string' && at < before) low = middle
      else high = middle - 1
    }
    return low
  }

  #compactInTime(): void {
    this.compact().then(
      ({ deleted, floorSeq }) => {
        if (deleted > 0) this.#parts.log.debug('the log was compacted', { deleted, floorSeq })
      },
      (error: unknown) => {
        if (!this.#closed) {
          this.#parts.log.warn('the log was not compacted', { reason: String(error) })
        }
      },
    )
  }
}
