import type { Engine } from './engine.ts'
import { type HostIo, nodeHostIo } from './host-io.ts'
import { loadSqlJsBinding } from './sqljs-binding.ts'
import { WasmEngine } from './wasm-engine.ts'

/**
 * Loads the default engine: sql.js on the host's file system.
 *
 * One loaded engine opens any number of files. Several engines in one process share nothing, so let
 * each file be opened by one of them.
 *
 * @param options - `io`: the host calls, replaced in tests.
 * @throws EngineError `misuse` if the installed sql.js is not built as expected.
 */
export async function loadSqlJsEngine(options: { readonly io?: HostIo } = {}): Promise<Engine> {
  const binding = await loadSqlJsBinding(options.io ?? nodeHostIo)
  return new WasmEngine(binding, { name: 'sql.js', fullText: 'fts4' })
}
