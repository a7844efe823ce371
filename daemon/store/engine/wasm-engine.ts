import { isAbsolute } from 'node:path'
import type { Connection, ConnectionOptions, Engine, FullTextModule } from './engine.ts'
import { misuse } from './engine-error.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import { WasmConnection } from './wasm-connection.ts'

/** An engine of any WebAssembly build of SQLite that stands on our VFS. */
export class WasmEngine implements Engine {
  readonly name: string
  readonly fullText: FullTextModule
  readonly sqliteVersion: string
  readonly #binding: SqliteBinding

  constructor(
    binding: SqliteBinding,
    build: { readonly name: string; readonly fullText: FullTextModule },
  ) {
    this.name = build.name
    this.fullText = build.fullText
    this.sqliteVersion = binding.sqliteVersion
    this.#binding = binding
  }

  open(path: string, options: ConnectionOptions): Connection {
    if (!isAbsolute(path)) throw misuse(`expected an absolute path, got ${path}`)
    if (path.includes('\0')) throw misuse('a path may not hold a NUL character')
    if (!(options.cacheKib >= 1))
      throw misuse(`expected cacheKib from 1 up, got ${options.cacheKib}`)
    if (!(options.statementsMax >= 1)) {
      throw misuse(`expected statementsMax from 1 up, got ${options.statementsMax}`)
    }
    return new WasmConnection(this.#binding, path, options)
  }
}
