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

/** Whether a daemon ends for good, another process goes on in its place, or this one opens the store anew. */
export type Ending = 'shutdown' | 'handover' | 'anew'

/** Draining begins with the first call of `begin`; everything is closed when `ended` resolves. */
export class Shutdown {
  readonly ended: Promise<void>
  readonly #parts: ShutdownParts
  #state: 'serving' | 'draining' | 'ended' = 'serving'
  #ending: Ending = 'shutdown'
  #reason: string | undefined
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

  /** Why it ends, once it does. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** What subscribers are told when they are closed. */
  get closing(): { readonly reason: 'shutdown' | 'handover'; readonly retryAfterMs?: number } {
    return this.#ending === 'shutdown'
      ? { reason: 'shutdown' }
      : { reason: 'handover', retryAfterMs: 0 }
  }

  /** Whether this process opens the store anew when it has ended. */
  get anew(): boolean {
    return this.#ending === 'anew'
  }

  /** What a refused request is told to wait; undefined while requests are served. */
  get retryAfterMs(): number | undefined {
    return this.isServing ? undefined : this.#parts.retryAfterMs
  }

  /** Ends the daemon. Idempotent; the first reason is the one that is logged. */
  begin(reason: string, ending: Ending = 'shutdown'): Promise<void> {
    if (this.#state === 'serving') {
      this.#state = 'draining'
      this.#ending = ending
      this.#reason = reason
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
