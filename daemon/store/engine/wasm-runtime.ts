import type { WasmMemory } from './wasm-memory.ts'

/** What a loaded SQLite offers to those who extend it, whichever toolchain built it. */
export interface WasmRuntime {
  readonly memory: WasmMemory
  /** Bytes from SQLite's own allocator; 0 if there are none left. */
  allocate(bytes: number): number
  free(pointer: number): void
  /**
   * Puts a function into SQLite's function table for good and returns its index. A 64-bit argument
   * (`j` in the signature) arrives as a number: what we are given are file positions, which stay
   * below 2^53.
   */
  addFunction(callback: WasmCallback, signature: string): number
}

/** A function that SQLite calls. It must not throw. */
export type WasmCallback = (a: number, b: number, c: number, d: number, e: number) => number
