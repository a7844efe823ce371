import { unawaitedMaxLength } from './notification-writer.ts'

/**
 * How many events a pump reads at a time: fewer when they are long, so that a parked pump holds little, and fewer when they
 * take long, so that whoever writes beside a subscriber that catches up waits little.
 */
export class ReadLimit {
  #events = mostEvents

  /** In events. */
  get events(): number {
    return this.#events
  }

  /**
   * Learns from a read.
   *
   * @param length - Of the longest text that became of it, in characters.
   * @param tookMs - What it took to read and encode it, in milliseconds.
   */
  adapt(length: number, tookMs: number): void {
    const isSlow = tookMs > readMaxMs && this.#events > fewEvents
    if (length > unawaitedMaxLength || isSlow) this.#events = Math.max(1, this.#events >> 1)
    else if (length < unawaitedMaxLength / 4 && tookMs < readMaxMs / 4) {
      this.#events = Math.min(mostEvents, this.#events * 2)
    }
  }
}

/** Most events of one read, when they are short. */
const mostEvents = 256
/** For the sake of time no fewer are read than these: on a busy machine time is no measure of events. */
const fewEvents = 32
/** About how long a read may take, in milliseconds; a write beside it may have to wait for a few of them. */
const readMaxMs = 2
