/** The end of a daemon: begun once, whoever asks first, and waited for by everybody. */
import type { Log } from '../log.ts'
import type { CloseStack } from './close-stack.ts'

/** What the end is made of. */
export interface ShutdownParts {
  readonly stack: CloseStack
  readonly log: Log
  /** What refused requests are told to wait. */
  readonly retryAfterMs: number
}

/** Draining begins with the first call of `begin`; everything is closed when `ended` resolves. */
export class Shutdown {
  readonly ended: Promise<void>
  readonly #parts: ShutdownParts
  #state: 'serving' | 'draining' | 'ended' = 'serving'
  #resolveEnded: () => void = () => {}

  constructor(parts: ShutdownParts) {
    this.#parts = parts
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
  }

  /** Whether new requests are still served. */
  get isServing(): boolean {
    return this.#state === 'serving'
  }

  /** What a refused request is told to wait; undefined while requests are served. */
  get retryAfterMs(): number | undefined {
    return this.isServing ? undefined : this.#parts.retryAfterMs
  }

  /** Ends the daemon. Idempotent; the first reason is the one that is logged. */
  begin(reason: string): Promise<void> {
    if (this.#state === 'serving') {
      this.#state = 'draining'
      this.#parts.log.info('the daemon ends', { reason })
      // After this turn, so that a request that asked for the end has its answer on the way.
      setImmediate(() => void this.#run())
    }
    return this.ended
  }

  async #run(): Promise<void> {
    await this.#parts.stack.close()
    this.#state = 'ended'
    this.#parts.log.info('the daemon has ended')
    this.#resolveEnded()
  }
}
