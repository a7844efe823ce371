/** Ends a daemon that nobody has needed for a while. */

/** What the timer is told. */
export interface IdleExitOptions {
  /** 0 means that the daemon never ends by itself. */
  readonly idleExitMs: number
  /** Why the daemon is needed now, for people; empty when it is not. */
  readonly reasons: () => readonly string[]
  readonly onIdle: () => void
}

/** A timer that runs while there is no reason to live. */
export class IdleExit {
  readonly #options: IdleExitOptions
  #timer: NodeJS.Timeout | undefined
  #endsAtMs = 0
  #closed = false

  constructor(options: IdleExitOptions) {
    this.#options = options
    this.changed()
  }

  /** Looks again whether there is a reason to live. Call it whenever that may have changed. */
  changed(): void {
    const { idleExitMs, reasons } = this.#options
    if (idleExitMs === 0 || this.#closed) return
    if (reasons().length > 0) {
      this.#stop()
    } else if (this.#timer === undefined) {
      this.#endsAtMs = performance.now() + idleExitMs
      this.#timer = setTimeout(() => this.#elapsed(), idleExitMs)
    }
  }

  /** Why the daemon is alive, for `daemon/status`; never empty. */
  aliveBecause(): string[] {
    const reasons = this.#options.reasons()
    if (reasons.length > 0) return [...reasons]
    if (this.#options.idleExitMs === 0) return ['it does not end by itself: idleExitMs is 0']
    const leftMs = Math.max(0, this.#endsAtMs - performance.now())
    return [`nobody needs it; it ends in ${Math.ceil(leftMs / 1000)} s`]
  }

  /** Stops the timer for good. Idempotent. */
  close(): void {
    this.#closed = true
    this.#stop()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #elapsed(): void {
    this.#timer = undefined
    // Work that nobody announced, such as a backup: look again after the same time.
    if (this.#options.reasons().length > 0) this.#watchWork()
    else this.#options.onIdle()
  }

  #watchWork(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.changed()
    }, this.#options.idleExitMs)
  }
}
