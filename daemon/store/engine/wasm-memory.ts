/**
 * The linear memory of a loaded SQLite, as bytes and words.
 *
 * The memory may grow at any call into SQLite, which detaches every view made before; `bytes` and
 * `words` are therefore read anew for each use and never kept.
 */
export class WasmMemory {
  readonly #memory: LinearMemory
  #bytes: SlicingBuffer
  #words: Int32Array

  constructor(memory: LinearMemory) {
    this.#memory = memory
    this.#bytes = viewOf(memory.buffer)
    this.#words = new Int32Array(memory.buffer)
  }

  /**
   * All of the memory. A detached view has no length, which is the cheapest sign that the memory
   * has grown.
   */
  get bytes(): SlicingBuffer {
    if (this.#bytes.length === 0) this.#refresh()
    return this.#bytes
  }

  /** The memory as 32-bit words; index it by `pointer >> 2`. */
  get words(): Int32Array {
    if (this.#words.length === 0) this.#refresh()
    return this.#words
  }

  /** The bytes from `pointer` on, for one use. */
  slice(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, pointer, length)
  }

  /** A copy of the bytes from `pointer` on. */
  copy(pointer: number, length: number): Uint8Array {
    return this.slice(pointer, length).slice()
  }

  readWord(pointer: number): number {
    return this.words[pointer >>> 2] ?? 0
  }

  writeWord(pointer: number, value: number): void {
    this.words[pointer >>> 2] = value
  }

  writeInt64(pointer: number, value: number): void {
    this.bytes.writeBigInt64LE(BigInt(value), pointer)
  }

  /** The NUL-terminated text at `pointer`. */
  readText(pointer: number): string {
    const bytes = this.bytes
    return bytes.toString('utf8', pointer, bytes.indexOf(0, pointer))
  }

  /**
   * The text in the bytes from `start` up to `end`. `utf8Slice` is what `Buffer.toString` comes to
   * after its checks, which cost 4 % of a read of many short texts (measured).
   */
  decode(start: number, end: number): string {
    return this.bytes.utf8Slice(start, end)
  }

  #refresh(): void {
    this.#bytes = viewOf(this.#memory.buffer)
    this.#words = new Int32Array(this.#memory.buffer)
  }
}

/** The part of `WebAssembly.Memory` that is needed. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer
}

/** Node's Buffer with the method that its types leave out. */
type SlicingBuffer = Buffer & {
  utf8Slice(start: number, end: number): string
  /** Writes the text as UTF-8 from `start` on, and tells how many bytes that took. */
  utf8Write(text: string, start: number): number
}

function viewOf(memory: ArrayBuffer): SlicingBuffer {
  return Buffer.from(memory) as SlicingBuffer
}
