/**
 * Decides whether the event loop may wait for the next sync of the log. On a fast disk a sync is over before another
 * thread could be woken for it and wake the loop again; on a slow one it would hold up every read.
 *
 * Waits as long as syncs are short on average: every disk has a slow moment now and then. When they are not, the next
 * ones are given to another thread, twice as many each time, and then one is tried again.
 */
export class SyncPace {
  readonly #shortMs: number
  #averageMs = 0
  /** Syncs that are still given away before one is waited for again. */
  #toGiveAway = 0
  #giveAwayNext = givenAwayAtFirst

  /** @param shortMs - Longest sync, in milliseconds and on average, that is waited for; 0 waits for none. */
  constructor(shortMs: number) {
    this.#shortMs = shortMs
  }

  /** Whether to wait for the next sync; asked once for each. */
  waits(): boolean {
    if (this.#shortMs <= 0) return false
    if (this.#toGiveAway === 0) return true
    this.#toGiveAway -= 1
    return false
  }

  /** Notes how long a sync took that was waited for, in milliseconds. */
  took(ms: number): void {
    this.#averageMs += (ms - this.#averageMs) * weightOfOne
    if (this.#averageMs > this.#shortMs) {
      this.#toGiveAway = this.#giveAwayNext
      this.#giveAwayNext = Math.min(this.#giveAwayNext * 2, givenAwayAtMost)
      // The one that is tried after these decides alone.
      this.#averageMs = this.#shortMs
    } else if (this.#averageMs < this.#shortMs / 2) {
      this.#giveAwayNext = givenAwayAtFirst
    }
  }
}

const weightOfOne = 0.2
const givenAwayAtFirst = 16
const givenAwayAtMost = 4096
