import type { WasmRuntime } from './wasm-runtime.ts'

/** Lends SQLite a short text of ASCII characters; it makes a copy of what it keeps. */
export function lendText<Result>(
  runtime: WasmRuntime,
  text: string,
  use: (pointer: number) => Result,
): Result {
  const pointer = runtime.allocate(text.length + 1)
  try {
    runtime.memory.bytes.write(`${text}\0`, pointer, 'latin1')
    return use(pointer)
  } finally {
    runtime.free(pointer)
  }
}
