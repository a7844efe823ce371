import { lendText } from './lend-text.ts'
import type { RawApi } from './raw-api.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

/**
 * Ends a statement from inside once its time is over: no build exports a way to interrupt one from outside, but a
 * function that it calls may answer with an error.
 */
export class Deadline {
  readonly #api: RawApi
  readonly #runtime: WasmRuntime
  readonly #callsBetweenLooks: number
  readonly #startsAnew: boolean
  #startedMs = 0
  #endMs = Number.POSITIVE_INFINITY
  #calls = 0
  #isOver = false

  constructor(
    api: RawApi,
    runtime: WasmRuntime,
    kind: {
      /** Looking at the clock costs about what a row does, so it is done once in so many calls. */
      readonly callsBetweenLooks: number
      /**
       * Whether a statement that goes on where another one ended has to walk there first, which can't be cut short. It then
       * has at least as long for the rest, or it would get nowhere.
       */
      readonly startsAnew?: boolean
    },
  ) {
    this.#api = api
    this.#runtime = runtime
    this.#callsBetweenLooks = kind.callsBetweenLooks
    this.#startsAnew = kind.startsAnew ?? false
  }

  /** How often the function was called in the last run. */
  get calls(): number {
    return this.#calls
  }

  /**
   * Runs statements that call the function, until a time by `performance.now()`.
   *
   * @returns Whether they came to their end.
   */
  runUntil(endMs: number, run: () => void): boolean {
    this.#startedMs = performance.now()
    this.#endMs = endMs
    this.#calls = 0
    this.#isOver = false
    try {
      run()
      return true
    } catch (error) {
      if (this.#isOver) return false
      throw error
    } finally {
      this.#endMs = Number.POSITIVE_INFINITY
    }
  }

  /** Answers one call of the function: 1, or the error that ends its statement. */
  answer(context: number): void {
    this.#calls += 1
    if (this.#calls === 1 && this.#startsAnew) this.#allowForStart()
    if (this.#calls % this.#callsBetweenLooks === 0 && performance.now() > this.#endMs) {
      this.#isOver = true
      lendText(this.#runtime, 'the time is over', (text) =>
        this.#api.result_error(context, text, -1),
      )
    } else {
      this.#api.result_int(context, 1)
    }
  }

  #allowForStart(): void {
    const now = performance.now()
    this.#endMs = Math.max(this.#endMs, now + (now - this.#startedMs))
  }
}
