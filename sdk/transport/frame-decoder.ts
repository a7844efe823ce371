import { type HeaderFault, readContentLength } from './frame-header.ts'

const LF = 0x0a
const CR = 0x0d
const firstPartialBytes = 64 * 1024
const nothing = Buffer.alloc(0)

/**
 * Cuts a byte stream into the bodies of `Content-Length` frames.
 *
 * Pure and incremental: `push` a chunk, then call `next` until it returns nothing. Takes linear
 * time however the bytes are cut, and holds at most one body under the limit plus one chunk.
 * A declared length over the limit fails as soon as its header is complete.
 */
export class FrameDecoder {
  readonly #headerMaxBytes: number
  #bodyMaxBytes: number
  #chunk: Buffer = nothing
  #offset = 0
  /** Header bytes of earlier chunks; only the first `#headerBytes` count. */
  #header: Buffer = nothing
  #headerBytes = 0
  /** Where the line that is being scanned starts, counted from the start of the header. */
  #lineStart = 0
  /** Length of the body that is being read, or -1 while a header is. */
  #bodyLength = -1
  #body: Buffer = nothing
  #bodyBytes = 0

  constructor(limits: { readonly headerMaxBytes: number; readonly bodyMaxBytes: number }) {
    this.#headerMaxBytes = limits.headerMaxBytes
    this.#bodyMaxBytes = limits.bodyMaxBytes
  }

  /** Longest body that headers read from now on may declare. */
  get bodyMaxBytes(): number {
    return this.#bodyMaxBytes
  }

  set bodyMaxBytes(bytes: number) {
    this.#bodyMaxBytes = bytes
  }

  /** Whether bytes of an unfinished frame are held, or pushed bytes are still unread. */
  get midFrame(): boolean {
    return this.#headerBytes > 0 || this.#bodyLength >= 0 || this.#offset < this.#chunk.length
  }

  /** Takes the next bytes of the stream; the chunk before must have been read to its end. */
  push(chunk: Buffer): void {
    if (this.#offset < this.#chunk.length) {
      throw new Error('expected the chunk before to be read to its end, got another one')
    }
    this.#chunk = chunk
    this.#offset = 0
  }

  /**
   * The next whole body, or `undefined` when more bytes are needed.
   *
   * The body may share memory with the chunk it came in, so use it before the chunk is reused.
   *
   * @throws FrameError if the stream breaks the framing; it can't be read on after that.
   */
  next(): Buffer | undefined {
    if (this.#bodyLength < 0 && !this.#readHeader()) return undefined
    return this.#readBody()
  }

  #readHeader(): boolean {
    const end = this.#findHeaderEnd()
    const chunk = this.#chunk
    if (end < 0) {
      this.#keepHeader(chunk.length)
      return false
    }
    let length: number | HeaderFault
    if (this.#headerBytes === 0) {
      length = readContentLength(chunk, this.#offset, end)
      this.#offset = end
    } else {
      this.#keepHeader(end)
      length = readContentLength(this.#header, 0, this.#headerBytes)
    }
    if (typeof length !== 'number') throw new FrameError(length.fault)
    if (length > this.#bodyMaxBytes) {
      throw new FrameError(
        `expected a body of at most ${this.#bodyMaxBytes} bytes, got Content-Length ${length}`,
      )
    }
    this.#headerBytes = 0
    this.#lineStart = 0
    this.#bodyLength = length
    return true
  }

  /** Index in the chunk after the empty line that ends the header, or -1 when it has not come. */
  #findHeaderEnd(): number {
    const chunk = this.#chunk
    const offset = this.#offset
    const before = this.#headerBytes
    if (before === 0 && offset < chunk.length) assertHeaderStart(chunk[offset])
    const stop = Math.min(chunk.length, offset + this.#headerMaxBytes - before)
    for (let i = offset; i < stop; i++) {
      if (chunk[i] !== LF) continue
      const previous = i > offset ? chunk[i - 1] : this.#header[before - 1]
      if (previous !== CR) throw new FrameError('expected header lines to end in CR LF, got LF')
      const position = before + i - offset
      if (position - this.#lineStart === 1) return i + 1
      this.#lineStart = position + 1
    }
    if (before + chunk.length - offset >= this.#headerMaxBytes) {
      throw new FrameError(`expected a header of at most ${this.#headerMaxBytes} bytes, got more`)
    }
    return -1
  }

  #keepHeader(end: number): void {
    if (this.#header.length === 0) this.#header = Buffer.allocUnsafe(this.#headerMaxBytes)
    this.#headerBytes += this.#chunk.copy(this.#header, this.#headerBytes, this.#offset, end)
    this.#offset = end
    this.#releaseChunk()
  }

  #readBody(): Buffer | undefined {
    const length = this.#bodyLength
    const start = this.#offset
    if (this.#bodyBytes === 0 && this.#chunk.length - start >= length) {
      const body = this.#chunk.subarray(start, start + length)
      this.#offset = start + length
      this.#bodyLength = -1
      this.#releaseChunk()
      return body
    }
    return this.#collectBody(length)
  }

  #collectBody(length: number): Buffer | undefined {
    const end = Math.min(this.#chunk.length, this.#offset + length - this.#bodyBytes)
    this.#reserveBody(this.#bodyBytes + end - this.#offset)
    this.#bodyBytes += this.#chunk.copy(this.#body, this.#bodyBytes, this.#offset, end)
    this.#offset = end
    this.#releaseChunk()
    if (this.#bodyBytes < length) return undefined
    const body = this.#body.subarray(0, length)
    this.#body = nothing
    this.#bodyBytes = 0
    this.#bodyLength = -1
    return body
  }

  /** Grows by doubling: copies stay linear, and a declared length alone reserves next to nothing. */
  #reserveBody(bytes: number): void {
    if (bytes <= this.#body.length) return
    const capacity = Math.max(bytes, this.#body.length * 2, firstPartialBytes)
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#bodyLength, capacity))
    this.#body.copy(grown, 0, 0, this.#bodyBytes)
    this.#body = grown
  }

  #releaseChunk(): void {
    if (this.#offset < this.#chunk.length) return
    this.#chunk = nothing
    this.#offset = 0
  }
}

/** The byte stream is no sequence of frames; where the next frame begins can't be known. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** Tells a peer that sends bare JSON at once, instead of waiting for a header that never ends. */
function assertHeaderStart(byte: number | undefined): void {
  const letter = byte === undefined ? 0 : byte | 0x20
  if (letter >= 0x61 && letter <= 0x7a) return
  const got = byte === undefined ? 'nothing' : JSON.stringify(String.fromCharCode(byte))
  throw new FrameError(`expected a header that starts with a name like Content-Length, got ${got}`)
}
