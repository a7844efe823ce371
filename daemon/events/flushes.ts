/** Those who wait until a subscription has been served up to a position. */

interface Waiting {
  readonly id: string
  readonly seq: number
  readonly settle: (written: boolean) => void
}

/** The waits of one connection; there are at most as many as it may have requests in flight. */
export class Flushes {
  readonly #waiting = new Set<Waiting>()

  /** Resolves true when `settle` finds the position reached, false when it is abandoned. */
  wait(id: string, seq: number): Promise<boolean> {
    return new Promise((resolve) => this.#waiting.add({ id, seq, settle: resolve }))
  }

  /** Answers those whose position is reached. @param seqOf - undefined while a subscription has no position. */
  settle(seqOf: (id: string) => number | undefined): void {
    for (const waiting of this.#waiting) {
      if ((seqOf(waiting.id) ?? -1) >= waiting.seq) this.#end(waiting, true)
    }
  }

  /** Gives up the waits of one subscription, because it ended. */
  abandon(id: string): void {
    for (const waiting of this.#waiting) {
      if (waiting.id === id) this.#end(waiting, false)
    }
  }

  /** Gives up all of them. */
  abandonAll(): void {
    for (const waiting of this.#waiting) this.#end(waiting, false)
  }

  #end(waiting: Waiting, written: boolean): void {
    this.#waiting.delete(waiting)
    waiting.settle(written)
  }
}
