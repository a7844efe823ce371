import type { Engine } from './engine.ts'
import { type HostIo, nodeHostIo } from './host-io.ts'
import { loadSqliteWasmBinding } from './sqlite-wasm-binding.ts'
import { WasmEngine } from './wasm-engine.ts'

/**
 * Loads the second engine: the official WebAssembly build on the host's file system. It has FTS5, and else does as
 * sql.js does; a file that one of them wrote is the other's too.
 *
 * @param options - `io`: the host calls, replaced in tests.
 * @throws EngineError `misuse` if the package is not installed, or not built as expected.
 */
export async function loadSqliteWasmEngine(
  options: { readonly io?: HostIo } = {},
): Promise<Engine> {
  const binding = await loadSqliteWasmBinding(options.io ?? nodeHostIo)
  return new WasmEngine(binding, { name: 'sqlite-wasm', fullText: 'fts5' })
}
