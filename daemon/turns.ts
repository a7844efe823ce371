/** Shares the event loop among long pieces of work of many connections. */

/**
 * Work that is cut into slices: between two of them all others have a turn. What begins in one turn of the event loop
 * shares its time, and of those that have to wait one goes on in each turn, the first first. So a reader waits for one
 * slice, not for one of each of those who have much to do.
 */
export class Turns {
  readonly #sliceMaxMs: number
  readonly #waiting: (() => void)[] = []
  /** When what began in this turn has taken enough; undefined as long as nothing did. */
  #turnEndsMs: number | undefined

  /** @param sliceMaxMs - About how long a slice may take. */
  constructor(sliceMaxMs = 10) {
    this.#sliceMaxMs = sliceMaxMs
  }

  /** A slice that begins now; there is time for one step at least. */
  slice(): Slice {
    if (this.#turnEndsMs === undefined) {
      this.#turnEndsMs = performance.now() + this.#sliceMaxMs
      setImmediate(() => {
        this.#turnEndsMs = undefined
      })
    }
    return new Slice(this.#turnEndsMs, async () => {
      await this.#next()
      return performance.now() + this.#sliceMaxMs
    })
  }

  /** What a long calculation gives, undefined between its steps; less than that once nobody wants it any more. */
  async collect<T>(steps: Iterable<T | undefined>, isUnwanted: () => boolean): Promise<T[]> {
    const given: T[] = []
    const slice = this.slice()
    for (const step of steps) {
      if (step !== undefined) given.push(step)
      if (!slice.isOver) continue
      await slice.yield()
      if (isUnwanted()) break
    }
    return given
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) setImmediate(this.#run)
    })
  }

  readonly #run = (): void => {
    const [resolve] = this.#waiting
    // What it does goes on in the microtasks after this, so the one behind it is called in the next turn.
    if (this.#waiting.length > 1) setImmediate(this.#run)
    this.#waiting.shift()
    resolve?.()
  }
}

/** The slices of one piece of work. */
export class Slice {
  #endsMs: number
  readonly #next: () => Promise<number>

  /** @param next - Resolves when the next slice begins, with the time at which it ends. */
  constructor(endsMs: number, next: () => Promise<number>) {
    this.#endsMs = endsMs
    this.#next = next
  }

  /** Whether it has been long enough. */
  get isOver(): boolean {
    return performance.now() >= this.#endsMs
  }

  /** Lets the others have their turns; then the next slice begins. */
  async yield(): Promise<void> {
    this.#endsMs = await this.#next()
  }
}
