import { lendText } from './lend-text.ts'
import type { RawApi } from './raw-api.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

const utf8 = 1
const deterministic = 0x800
/** `SQLITE_TRANSIENT`: SQLite makes a copy. */
const transient = -1

/** SQL functions that make a text out of a text; of NULL they make the empty text. */
export class TextFunctions {
  readonly #api: RawApi
  readonly #runtime: WasmRuntime
  /** By what they call: a function stays in SQLite's table for good, so that each is put there once. */
  readonly #indexes = new Map<(text: string) => string, number>()

  constructor(api: RawApi, runtime: WasmRuntime) {
    this.#api = api
    this.#runtime = runtime
  }

  /** Makes a function known to a connection; gives SQLite's result code. */
  install(database: number, name: string, compute: (text: string) => string): number {
    const index = this.#indexOf(compute)
    return lendText(this.#runtime, name, (zName) =>
      this.#api.create_function_v2(database, zName, 1, utf8 | deterministic, 0, index, 0, 0, 0),
    )
  }

  #indexOf(compute: (text: string) => string): number {
    const known = this.#indexes.get(compute)
    if (known !== undefined) return known
    const index = this.#runtime.addFunction((context, _count, values) => {
      this.#answer(context, values, compute)
      return 0
    }, 'viii')
    this.#indexes.set(compute, index)
    return index
  }

  #answer(context: number, values: number, compute: (text: string) => string): void {
    try {
      const given = this.#textOf(this.#runtime.memory.readWord(values))
      const made = given === '' ? '' : compute(given)
      const area = this.#runtime.allocate(made.length * 3 + 1)
      if (area === 0) throw new Error('no memory for a text')
      const bytes = this.#runtime.memory.bytes.utf8Write(made, area)
      this.#api.result_text(context, area, bytes, transient)
      this.#runtime.free(area)
    } catch (error) {
      // SQLite can't be thrown through.
      const said = `${error instanceof Error ? error.message : error}`.replace(/[^ -~]/g, '?')
      lendText(this.#runtime, said, (text) => this.#api.result_error(context, text, -1))
    }
  }

  #textOf(value: number): string {
    const start = this.#api.value_text(value) >>> 0
    if (start === 0) return ''
    return this.#runtime.memory.decode(start, start + this.#api.value_bytes(value))
  }
}
