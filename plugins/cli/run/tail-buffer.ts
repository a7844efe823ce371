/** Keeps the last bytes of a stream, in memory that does not grow. */
export class TailBuffer {
  readonly #ring: Buffer
  #written = 0

  /** @param capacityBytes - How many bytes are kept. */
  constructor(capacityBytes: number) {
    this.#ring = Buffer.alloc(capacityBytes)
  }

  /** All bytes that ever came. */
  get totalBytes(): number {
    return this.#written
  }

  /** Copies what is kept of the chunk; the caller may use its memory again at once. */
  push(chunk: Uint8Array): void {
    const capacity = this.#ring.length
    const kept = chunk.subarray(Math.max(0, chunk.length - capacity))
    const at = (this.#written + chunk.length - kept.length) % capacity
    const first = kept.subarray(0, capacity - at)
    this.#ring.set(first, at)
    this.#ring.set(kept.subarray(first.length), 0)
    this.#written += chunk.length
  }

  /** The kept bytes, oldest first. */
  bytes(): Buffer {
    const capacity = this.#ring.length
    if (this.#written <= capacity) return Buffer.from(this.#ring.subarray(0, this.#written))
    const at = this.#written % capacity
    return Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, at)])
  }
}
