/** What a plugin prints: kept in a file that neither grows without end nor is written without pause. */
import { appendFileSync, closeSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** The bounds of a log. */
export interface PluginLogLimits {
  readonly pluginLogPerSecondMaxBytes: number
  readonly pluginLogFileMaxBytes: number
}

/** The log of one plugin. */
export class PluginLog {
  readonly path: string
  readonly #limits: PluginLogLimits
  #allowance: number
  #leftOut = 0
  #timer: NodeJS.Timeout | undefined
  #input: Readable | undefined
  #tail = ''

  constructor(path: string, limits: PluginLogLimits) {
    this.path = path
    this.#limits = limits
    this.#allowance = limits.pluginLogPerSecondMaxBytes
  }

  /** The last that was printed, for reasons. */
  get lastLines(): string {
    return this.#tail.trim()
  }

  /** Takes what a process prints, until it ends. Who prints faster than it may is read no further for a moment. */
  take(input: Readable): void {
    this.#input = input
    this.#tail = ''
    input.on('data', (chunk: Buffer) => this.#takeChunk(chunk))
    input.on('error', () => {}) // The process is gone, which is told elsewhere.
    input.on('close', () => this.#endSecond())
  }

  /** A line of the host's own. */
  note(line: string): void {
    this.#append(Buffer.from(`[${new Date().toISOString()}] ${line}\n`))
  }

  /** The end of the log, at most so many bytes. */
  end(bytesMax: number): string {
    const text = `${readEnd(`${this.path}.1`, bytesMax)}${readEnd(this.path, bytesMax)}`
    return Buffer.from(text).subarray(-bytesMax).toString('utf8')
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #takeChunk(chunk: Buffer): void {
    const kept = chunk.subarray(0, Math.max(0, this.#allowance))
    this.#tail = `${this.#tail}${chunk.subarray(-tailMaxBytes).toString('utf8')}`.slice(
      -tailMaxBytes,
    )
    this.#allowance -= kept.length
    this.#leftOut += chunk.length - kept.length
    this.#timer ??= setTimeout(() => this.#endSecond(), secondMs).unref()
    if (kept.length > 0) this.#append(kept)
    // Reading on costs the daemon time that others need.
    if (this.#leftOut > this.#limits.pluginLogPerSecondMaxBytes * readAheadFactor)
      this.#input?.pause()
  }

  #endSecond(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#leftOut > 0)
      this.note(`… at least ${this.#leftOut} bytes were left out: too much in a second`)
    this.#leftOut = 0
    this.#allowance = this.#limits.pluginLogPerSecondMaxBytes
    this.#input?.resume()
  }

  #append(bytes: Buffer): void {
    try {
      const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
      if (size + bytes.length > this.#limits.pluginLogFileMaxBytes && size > 0) {
        renameSync(this.path, `${this.path}.1`)
      }
      appendFileSync(this.path, bytes, { mode: 0o600 })
    } catch {
      // A full disk, say: a plugin's log is not worth more than what is left out then.
    }
  }
}

const secondMs = 1000
const tailMaxBytes = 2048
/** So many times what is kept is read and thrown away, so that a plugin does not wait for its log without need. */
const readAheadFactor = 16

function readEnd(path: string, bytesMax: number): string {
  try {
    const fd = openSync(path, 'r')
    try {
      const size = statSync(path).size
      const bytes = Buffer.alloc(Math.min(size, bytesMax))
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, size - bytes.length))
    } finally {
      closeSync(fd)
    }
  } catch {
    return '' // There is none.
  }
}
