/** The counts of hits in version 5 of the full-text module, whose functions are written against an interface in C. */
import { type HitCollector, takeHitsName } from './hit-collector.ts'
import { lendText } from './lend-text.ts'
import type { RawApi } from './raw-api.ts'
import { ResultCode } from './sqlite-codes.ts'
import type { FunctionTable } from './vfs-layout.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

/** What is needed of a build that has the module. */
export interface Fts5Build {
  readonly api: RawApi
  readonly runtime: WasmRuntime
  readonly table: FunctionTable
  bindPointer(statement: number, index: number, pointer: number, zType: number): number
}

/** Places of members of `fts5_api` and `Fts5ExtensionApi` in words; fts5.h promises their order. */
const createFunctionAt = 3
const place = { columnCount: 2, phraseCount: 6, instanceCount: 8, instance: 9 } as const
/** What is known to have these members at these places. */
const apiVersionMin = 2
const extensionVersionMin = 1

/** Offers `take_hits(t, rowid)` to connections. */
export class Fts5Hits {
  readonly #build: Fts5Build
  readonly #hits: HitCollector
  readonly #index: number
  /** `"fts5_api_ptr"`, which has to stay where it is, and behind it room for three words. */
  readonly #type: number
  readonly #room: number
  #counts = new Int32Array(64)

  constructor(build: Fts5Build, hits: HitCollector) {
    const { runtime } = build
    this.#build = build
    this.#hits = hits
    this.#type = runtime.allocate(16 + 12)
    this.#room = this.#type + 16
    runtime.memory.bytes.write('fts5_api_ptr\0', this.#type, 'latin1')
    this.#index = runtime.addFunction((api, cursor, context, _count, values) => {
      this.#hand(api, { cursor, context, values })
      return 0
    }, 'viiiii')
  }

  /**
   * Makes the function known to a connection; gives SQLite's result code.
   *
   * @throws Error when the module is another one than was expected.
   */
  install(database: number): number {
    const { runtime } = this.#build
    const api = this.#findApi(database)
    const { memory } = runtime
    const version = memory.readWord(api)
    if (api === 0 || version < apiVersionMin)
      throw new Error(
        `expected version ${apiVersionMin} of the full-text interface, got ${version}`,
      )
    const create = this.#call(memory.readWord(api + createFunctionAt * 4))
    return lendText(runtime, takeHitsName, (zName) => create(api, zName, 0, this.#index, 0))
  }

  #findApi(database: number): number {
    const { api, runtime, bindPointer } = this.#build
    const { memory } = runtime
    memory.writeWord(this.#room, 0)
    lendText(runtime, 'SELECT fts5(?1)', (zSql) =>
      api.prepare_v2(database, zSql, -1, this.#room + 4, 0),
    )
    const statement = memory.readWord(this.#room + 4)
    if (bindPointer(statement, 1, this.#room, this.#type) === ResultCode.ok) api.step(statement)
    api.finalize(statement)
    return memory.readWord(this.#room)
  }

  #hand(
    api: number,
    found: { readonly cursor: number; readonly context: number; readonly values: number },
  ): void {
    const { memory } = this.#build.runtime
    const { cursor, context, values } = found
    if (memory.readWord(api) < extensionVersionMin) return
    const method = (at: number) => this.#call(memory.readWord(api + at * 4))
    const room = this.#room
    const columns = method(place.columnCount)(cursor)
    const counts = this.#cleared(columns * method(place.phraseCount)(cursor))
    method(place.instanceCount)(cursor, room)
    const instance = method(place.instance)
    const total = memory.readWord(room)
    for (let index = 0; index < total; index += 1) {
      instance(cursor, index, room, room + 4, room + 8)
      const at = memory.readWord(room) * columns + memory.readWord(room + 4)
      counts[at] = (counts[at] ?? 0) + 1
    }
    const row = this.#build.api.value_double(memory.readWord(values))
    this.#hits.hand(context, row, { counts, at: 0 })
  }

  #cleared(length: number): Int32Array {
    if (this.#counts.length < length) this.#counts = new Int32Array(length)
    else this.#counts.fill(0, 0, length)
    return this.#counts
  }

  #call(index: number): (...values: number[]) => number {
    const method = this.#build.table.get(index)
    if (method === null) throw new Error('expected a function of the full-text interface')
    return method
  }
}
