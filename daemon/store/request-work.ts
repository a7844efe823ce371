import { OrionError } from '../../sdk/errors.ts'
import type { Limits } from '../limits.ts'

/** What one request has done so far, within its limits: its work is one step of the daemon, and nobody else has a turn in it. */
export class RequestWork {
  readonly #limits: Limits
  #writtenBytes = 0
  #matchSteps = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /**
   * Counts JSON text that is written.
   *
   * @param bytes - Its length in UTF-8. The first text of a request has a limit of its own.
   * @throws OrionError `too_large`.
   */
  write(bytes: number): void {
    const limit = this.#limits.transactionMaxBytes
    const actual = this.#writtenBytes + bytes
    if (this.#writtenBytes > 0 && actual > limit) {
      const message = `the records of the transaction have more than ${limit} bytes`
      const remedy = 'send fewer operations at a time'
      throw new OrionError('too_large', message, { limit, actual, remedy })
    }
    this.#writtenBytes = actual
  }

  /**
   * Counts steps of matching texts against patterns.
   *
   * @throws OrionError `too_large`.
   */
  readonly match = (steps: number): void => {
    const limit = this.#limits.matchStepsMax
    this.#matchSteps += steps
    if (this.#matchSteps <= limit) return
    const message = 'the texts take too long to match against the patterns of their fields'
    const remedy = 'send shorter texts or fewer records, or give the fields simpler patterns'
    throw new OrionError('too_large', message, { limit, actual: this.#matchSteps, remedy })
  }
}
