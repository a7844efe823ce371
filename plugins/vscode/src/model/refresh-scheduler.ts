/**
 * Makes one refresh of many wishes. However many events come, a refresh begins at most once an interval, never while one
 * runs, and rests longer after one that took long: a view takes a bounded share of the extension host.
 *
 * ```
 * idle ── wish ──> running ── done, no wish ──> resting ── interval over ──> idle
 *                     │ wish                        │ wish
 *                     └────────── done ─────────────┴── interval over ──> running
 * ```
 */
export class RefreshScheduler {
  readonly #refresh: () => Promise<void>
  readonly #options: SchedulerOptions
  readonly #clock: SchedulerClock
  /** Changed only in `request`, `#run` and `dispose`. */
  #state: 'idle' | 'running' | 'resting' | 'disposed' = 'idle'
  #wished = false
  #paused = false
  #stopTimer: (() => void) | undefined

  constructor(refresh: () => Promise<void>, options: SchedulerOptions, clock = systemClock) {
    this.#refresh = refresh
    this.#options = options
    this.#clock = clock
  }

  /** Wishes for a refresh: at once if none was lately, else when the interval is over. */
  request(): void {
    if (this.#state === 'disposed') return
    this.#wished = true
    if (this.#state === 'idle' && !this.#paused) void this.#run()
  }

  /** While nobody looks nothing is refreshed; a wish waits. */
  pause(paused: boolean): void {
    this.#paused = paused
    if (!paused && this.#wished && this.#state === 'idle') void this.#run()
  }

  /** Ends it; a refresh that runs is not waited for. */
  dispose(): void {
    this.#state = 'disposed'
    this.#stopTimer?.()
  }

  /** Never rejects: what a refresh throws is its own to tell. */
  async #run(): Promise<void> {
    this.#state = 'running'
    this.#wished = false
    const begun = this.#clock.now()
    try {
      await this.#refresh()
    } catch (error) {
      this.#options.onError(error)
    }
    if (this.#isDisposed()) return
    this.#state = 'resting'
    const took = this.#clock.now() - begun
    const restMs = Math.min(
      Math.max(this.#options.intervalMs, took * restFactor),
      Math.max(this.#options.intervalMs, restMaxMs),
    )
    this.#stopTimer = this.#clock.after(restMs, () => {
      this.#state = 'idle'
      if (this.#wished && !this.#paused) void this.#run()
    })
  }

  #isDisposed(): boolean {
    return this.#state === 'disposed'
  }
}

/** How a scheduler paces. */
export interface SchedulerOptions {
  /** Least time between the end of a refresh and the next one, in milliseconds. */
  readonly intervalMs: number
  /** Told what a refresh throws. */
  readonly onError: (error: unknown) => void
}

/** Time, for tests. */
export interface SchedulerClock {
  now(): number
  /** Calls back once; returns how to stop it. */
  after(ms: number, callback: () => void): () => void
}

/** The clock of this machine. */
export const systemClock: SchedulerClock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** After a refresh of 200 ms it rests 800: at most a fifth of the time is spent on one view. */
const restFactor = 4
const restMaxMs = 10_000
