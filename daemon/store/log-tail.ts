/** The newest events, in memory, shared by all subscribers that keep up. Bounded by number and by bytes. */
import type { Event } from '../../sdk/model.ts'

interface Slot {
  readonly event: Event
  readonly bytes: number
}

/** A window on the end of the log. Older events fall out; a reader behind it goes to the file. */
export class LogTail {
  readonly #maxEvents: number
  readonly #maxBytes: number
  #slots: Slot[] = []
  /** Index of the oldest slot still held; the array is compacted now and then. */
  #start = 0
  #bytes = 0

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents
    this.#maxBytes = maxBytes
  }

  /** Adds the next event; its seq follows that of the last one. */
  push(event: Event, bytes: number): void {
    this.#slots.push({ event, bytes })
    this.#bytes += bytes
    while (this.#length > this.#maxEvents || (this.#bytes > this.#maxBytes && this.#length > 1)) {
      this.#bytes -= this.#slots[this.#start]?.bytes ?? 0
      this.#start += 1
    }
    // What fell out is let go of soon: a few of the largest events weigh more than the window may.
    if (this.#start > this.#length) {
      this.#slots = this.#slots.slice(this.#start)
      this.#start = 0
    }
  }

  /**
   * Whole transactions after a position, at most `limit` events unless the first transaction is larger.
   *
   * @returns undefined when the position is older than the window.
   */
  after(seq: number, limit: number): readonly Event[] | undefined {
    const oldest = this.#slots[this.#start]?.event.seq
    if (oldest === undefined || seq + 1 < oldest) return undefined
    const from = this.#start + (seq + 1 - oldest)
    const end = this.#endOfTransactions(from, limit)
    return this.#slots.slice(from, end).map((slot) => slot.event)
  }

  clear(): void {
    this.#slots = []
    this.#start = 0
    this.#bytes = 0
  }

  get #length(): number {
    return this.#slots.length - this.#start
  }

  /** The index after the last whole transaction that fits; at least one transaction is taken. */
  #endOfTransactions(from: number, limit: number): number {
    const end = Math.min(from + limit, this.#slots.length)
    const next = this.#slots[end]?.event.txn
    if (next === undefined) return end
    let cut = end
    while (cut > from && this.#slots[cut - 1]?.event.txn === next) cut--
    if (cut > from) return cut
    cut = end
    while (this.#slots[cut]?.event.txn === next) cut++
    return cut
  }
}
