/** Reads what a plugin adds to its log. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

/** Reads a file on from where it was; one that was begun anew is read from its beginning. */
export class LogFollower {
  readonly #path: string
  #position: number
  #rest = ''
  #decoder = new StringDecoder('utf8')

  /** @param from - `end` leaves out what is there already. */
  constructor(path: string, from: 'start' | 'end') {
    this.#path = path
    this.#position = from === 'start' ? 0 : (sizeOf(path) ?? 0)
  }

  /** The whole lines that have come since the last time; at most 1 MiB of them at once. */
  lines(): string[] {
    const size = sizeOf(this.#path)
    if (size === undefined) return []
    if (size < this.#position) this.#begin()
    const bytes = readPart(
      this.#path,
      this.#position,
      Math.min(size - this.#position, partMaxBytes),
    )
    this.#position += bytes.length
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }

  #begin(): void {
    this.#position = 0
    this.#rest = ''
    this.#decoder = new StringDecoder('utf8')
  }
}

const partMaxBytes = 1024 * 1024

function sizeOf(path: string): number | undefined {
  try {
    const fd = openSync(path, 'r')
    try {
      return fstatSync(fd).size
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined // It has printed nothing yet.
  }
}

function readPart(path: string, position: number, length: number): Buffer {
  if (length <= 0) return Buffer.alloc(0)
  const buffer = Buffer.alloc(length)
  const fd = openSync(path, 'r')
  try {
    return buffer.subarray(0, readSync(fd, buffer, 0, length, position))
  } finally {
    closeSync(fd)
  }
}
