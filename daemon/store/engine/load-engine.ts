import type { Engine } from './engine.ts'
import type { HostIo } from './host-io.ts'
import { loadSqliteWasmEngine } from './sqlite-wasm-engine.ts'
import { loadSqlJsEngine } from './sqljs-engine.ts'

/** The engines that a store can be opened with, the default first. */
export const engineNames = ['sql.js', 'sqlite-wasm'] as const

/** One of `engineNames`. */
export type EngineName = (typeof engineNames)[number]

/**
 * Loads the engine of that name. What belongs to the others is not loaded.
 *
 * @param options - `io`: the host calls, replaced in tests.
 * @throws EngineError `misuse` if its package is not installed, or not built as expected.
 */
export async function loadEngine(
  name: EngineName,
  options: { readonly io?: HostIo } = {},
): Promise<Engine> {
  switch (name) {
    case 'sql.js':
      return loadSqlJsEngine(options)
    case 'sqlite-wasm':
      return loadSqliteWasmEngine(options)
  }
}
