import { spawn } from 'node:child_process'
import { write } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TailBuffer } from './tail-buffer.ts'

/**
 * Carries the bytes of a child's output on to where this process's own output goes: unaltered, in order, as soon as they
 * come, and no faster than they are taken. Counts them and keeps the last ones on the way.
 *
 * Writes from the thread pool, so that a reader who pauses stops neither this process's signals nor its other stream.
 */
export class Relay {
  readonly #readFd: number
  readonly #targetFd: number
  readonly #kept: TailBuffer
  readonly #socket: Socket
  readonly #ended: Promise<void>
  #writing = false
  #lastByteAt = performance.now()

  constructor(options: RelayOptions) {
    this.#readFd = options.readFd
    this.#targetFd = options.targetFd
    this.#kept = options.kept
    const buffer = Buffer.allocUnsafe(chunkBytes)
    const onread = {
      buffer,
      // Reading stops after each chunk, until it is written: the child then feels who reads slowly.
      callback: (count: number): boolean => {
        void this.#pass(buffer.subarray(0, count))
        return false
      },
    }
    const socketOptions = { fd: options.readFd, readable: true, writable: false, onread }
    this.#socket = new Socket(socketOptions)
    this.#ended = new Promise((resolve) => {
      this.#socket.on('error', () => {
        // The pipe is broken, so nothing more can come: `close` follows.
      })
      this.#socket.once('close', () => resolve())
    })
    this.#socket.resume()
  }

  /**
   * Delivers what the ended child has left in the pipe.
   *
   * A process that the child left behind may go on writing. It must neither hold this process up nor lose its output, so
   * once nothing has come for a moment, a `cat` of its own takes the pipe over.
   */
  async finish(): Promise<void> {
    for (;;) {
      const closed = await Promise.race([this.#ended.then(() => true), sleep(quietMs / 4, false)])
      if (closed) return
      if (!this.#writing && performance.now() - this.#lastByteAt >= quietMs) break
    }
    this.#socket.pause()
    const heir = spawn('cat', {
      stdio: [this.#readFd, this.#targetFd, 'ignore'],
      detached: true,
    })
    heir.on('error', () => {
      // No `cat` here. The process left behind finds its output closed, as after the end of a pipeline.
    })
    heir.unref()
    this.#socket.destroy()
  }

  async #pass(chunk: Buffer): Promise<void> {
    this.#writing = true
    this.#kept.push(chunk)
    const written = await writeAll(this.#targetFd, chunk)
    this.#writing = false
    this.#lastByteAt = performance.now()
    // Nobody takes the output any more: the child learns it from its next write, as it would without us.
    if (written) this.#socket.resume()
    else this.#socket.destroy()
  }
}

/** From where to where, and where the last bytes are kept. */
export interface RelayOptions {
  /** The reading end of a pipe; it belongs to the relay from now on. */
  readonly readFd: number
  readonly targetFd: number
  readonly kept: TailBuffer
}

const chunkBytes = 64 * 1024
/** How long an open but silent pipe is waited for after the child has ended. */
const quietMs = 100
/** How soon a full, non-blocking output is tried again. */
const fullRetryMs = 2

async function writeAll(fd: number, chunk: Buffer): Promise<boolean> {
  let rest = chunk
  while (rest.length > 0) {
    const outcome = await writeSome(fd, rest)
    if (outcome === 'full') await sleep(fullRetryMs)
    else if (outcome === 'gone') return false
    else rest = rest.subarray(outcome)
  }
  return true
}

function writeSome(fd: number, chunk: Buffer): Promise<number | 'full' | 'gone'> {
  return new Promise((resolve) => {
    write(fd, chunk, 0, chunk.length, null, (error, count) => {
      if (error === null) resolve(count)
      else resolve(error.code === 'EAGAIN' || error.code === 'EINTR' ? 'full' : 'gone')
    })
  })
}
