import { Deadline } from './deadline.ts'
import type { TakeHits } from './engine.ts'
import { lendText } from './lend-text.ts'
import type { RawApi } from './raw-api.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

/** How the function is called in SQL. */
export const takeHitsName = 'take_hits'
const utf8 = 1

/**
 * The SQL function `take_hits`, which hands what a full-text module knows of a row straight to JavaScript. A statement's
 * rows cost three times as much: each would have to be built, with a copy of its counts.
 *
 * A full-text module of version 4 gives the counts as a value: `take_hits(docid, matchinfo(t, 'y'))`. Version 5 has an
 * interface for such functions instead; see `fts5-hits.ts`.
 */
export class HitCollector {
  readonly #api: RawApi
  readonly #runtime: WasmRuntime
  readonly #index: number
  readonly #deadline: Deadline
  #take: TakeHits = ignore

  constructor(api: RawApi, runtime: WasmRuntime) {
    this.#api = api
    this.#runtime = runtime
    this.#deadline = new Deadline(api, runtime, { callsBetweenLooks: 32, startsAnew: true })
    this.#index = runtime.addFunction((context, _count, values) => {
      const { words } = runtime.memory
      const row = api.value_double(words[values >>> 2] ?? 0)
      const counts = api.value_blob(words[(values >>> 2) + 1] ?? 0) >>> 2
      this.hand(context, row, { counts: runtime.memory.words, at: counts })
      return 0
    }, 'viii')
  }

  /** Makes the function known to a connection; gives SQLite's result code. */
  install(database: number): number {
    return lendText(this.#runtime, takeHitsName, (zName) =>
      this.#api.create_function_v2(database, zName, 2, utf8, 0, this.#index, 0, 0, 0),
    )
  }

  /**
   * Runs a statement that calls the function, until a time by `performance.now()`.
   *
   * @returns Whether it came to its end. What was taken until then was taken.
   */
  collect(endMs: number, take: TakeHits, run: () => void): boolean {
    this.#take = take
    try {
      return this.#deadline.runUntil(endMs, run)
    } finally {
      this.#take = ignore
    }
  }

  /** Hands a row on to whoever collects. */
  hand(
    context: number,
    row: number,
    { counts, at }: { readonly counts: Int32Array; readonly at: number },
  ): void {
    this.#take(row, counts, at)
    this.#deadline.answer(context)
  }
}

function ignore(): void {}
