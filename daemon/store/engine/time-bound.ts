import { lendText } from './lend-text.ts'
import type { RawApi } from './raw-api.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

/** How the function is called in SQL. */
const functionName = 'in_time'
const utf8 = 1
/** Looking at the clock costs more than a row does. */
const rowsBetweenLooks = 16

/**
 * The SQL function `in_time(x)`: 1, or an error that ends the statement once its time is over. No build exports a way
 * to interrupt a statement from outside, but each can be given a function, and one that stands in a WHERE is called
 * for each row. It is given something of the row, because what depends on no row is asked once.
 */
export class TimeBound {
  readonly #api: RawApi
  readonly #runtime: WasmRuntime
  readonly #index: number
  #endMs = Number.POSITIVE_INFINITY
  #rows = 0
  #isOver = false

  constructor(api: RawApi, runtime: WasmRuntime) {
    this.#api = api
    this.#runtime = runtime
    this.#index = runtime.addFunction((context) => {
      this.#answer(context)
      return 0
    }, 'viii')
  }

  /** For how many rows the last run called the function. */
  get rows(): number {
    return this.#rows
  }

  /** Makes the function known to a connection; gives SQLite's result code. */
  install(database: number): number {
    return lendText(this.#runtime, functionName, (zName) =>
      this.#api.create_function_v2(database, zName, 1, utf8, 0, this.#index, 0, 0, 0),
    )
  }

  /**
   * Runs statements that call the function, until a time by `performance.now()`.
   *
   * @returns Whether they came to their end.
   */
  runUntil(endMs: number, run: () => void): boolean {
    this.#endMs = endMs
    this.#rows = 0
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

  #answer(context: number): void {
    this.#rows += 1
    if (this.#rows % rowsBetweenLooks === 0 && performance.now() > this.#endMs) {
      this.#isOver = true
      lendText(this.#runtime, 'the time is over', (text) =>
        this.#api.result_error(context, text, -1),
      )
    } else {
      this.#api.result_int(context, 1)
    }
  }
}
