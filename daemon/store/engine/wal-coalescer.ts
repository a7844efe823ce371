const bufferBytes = 1 << 20
const frameHeaderBytes = 24

/**
 * Gathers the writes of one transaction to the write-ahead log, so that a commit is one call to the
 * host.
 *
 * SQLite appends frames: a header of 24 bytes, then a page, each a write of its own. Only a write
 * that goes on where the last one ended is gathered; all else (the log's header, checksums
 * rewritten after a cache spill, a restart of the log) goes straight through, after what was
 * gathered before it.
 *
 * What is guaranteed: when a commit has returned to its caller its frames are with the host,
 * whatever `PRAGMA synchronous` says, and so survive the death of the process. A frame header whose
 * size field is not zero marks the commit; from there on nothing is held back. Holding it back
 * until the page arrived, and taking a rewritten commit header for an ordinary write, once lost
 * commits that a power cut came upon.
 */
export class WalCoalescer {
  readonly #writeThrough: (bytes: Uint8Array, position: number) => void
  readonly #buffer = new Uint8Array(bufferBytes)
  #start = 0
  #length = 0
  #expected = -1
  #inCommitFrame = false

  /** @param writeThrough - Writes all bytes to the host or throws. */
  constructor(writeThrough: (bytes: Uint8Array, position: number) => void) {
    this.#writeThrough = writeThrough
  }

  /** Takes one write of SQLite's. */
  write(bytes: Uint8Array, position: number): void {
    const continues = position === this.#expected && bytes.length <= bufferBytes
    if (!continues || this.#length + bytes.length > bufferBytes) this.flush()
    const isFrameHeader = bytes.length === frameHeaderBytes
    if (isFrameHeader) this.#inCommitFrame = commitSizeOf(bytes) !== 0
    this.#expected = position + bytes.length
    if (!continues) {
      this.#writeThrough(bytes, position)
      return
    }
    if (this.#length === 0) this.#start = position
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    if (this.#inCommitFrame && !isFrameHeader) this.flush()
  }

  /**
   * Lays what is gathered over what was read from the host.
   *
   * @param got - How many bytes of `target` the host had.
   * @returns How many are valid now.
   */
  readOver(target: Uint8Array, position: number, got: number): number {
    const start = Math.max(position, this.#start)
    const end = Math.min(position + target.length, this.#start + this.#length)
    if (start >= end) return got
    target.set(this.#buffer.subarray(start - this.#start, end - this.#start), start - position)
    return start - position <= got ? Math.max(got, end - position) : got
  }

  /**
   * Hands over what is gathered. If the host refuses, it is dropped, so only SQLite itself may cause
   * this: it is told, and rolls the transaction back.
   */
  flush(): void {
    if (this.#length === 0) return
    const length = this.#length
    this.#length = 0
    this.#writeThrough(this.#buffer.subarray(0, length), this.#start)
  }
}

function commitSizeOf(header: Uint8Array): number {
  return (header[4] ?? 0) | (header[5] ?? 0) | (header[6] ?? 0) | (header[7] ?? 0)
}
