import { Deadline } from './deadline.ts'
import { lendText } from './lend-text.ts'
import type { RawApi } from './raw-api.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

/** How the function is called in SQL. */
const functionName = 'in_time'
const utf8 = 1

/**
 * The SQL function `in_time(x)`: 1, or an error that ends the statement once its time is over. One that stands in a
 * WHERE is called for each row. It is given something of the row, because what depends on no row is asked once.
 */
export class TimeBound {
  readonly #api: RawApi
  readonly #runtime: WasmRuntime
  readonly #index: number
  readonly #deadline: Deadline

  constructor(api: RawApi, runtime: WasmRuntime) {
    this.#api = api
    this.#runtime = runtime
    this.#deadline = new Deadline(api, runtime, { callsBetweenLooks: 16 })
    this.#index = runtime.addFunction((context) => {
      this.#deadline.answer(context)
      return 0
    }, 'viii')
  }

  /** For how many rows the last run called the function. */
  get rows(): number {
    return this.#deadline.calls
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
    return this.#deadline.runUntil(endMs, run)
  }
}
