import type { Readable, Writable } from 'node:stream'
import { FrameDecoder } from './frame-decoder.ts'
import type { Link, LinkEvents } from './link.ts'
import { defaultTransportLimits } from './transport-limits.ts'

/** The two directions of a byte stream; a socket is both at once. */
export interface ByteStreams {
  readonly input: Readable
  readonly output: Writable
}

/** A link over byte streams, in frames of `Content-Length` and JSON. */
export class StreamLink implements Link {
  readonly description: string
  readonly #input: Readable
  readonly #output: Writable
  readonly #decoder: FrameDecoder
  readonly #unsentMaxBytes: number
  #events: LinkEvents | undefined
  /** Frames of this turn. Plain concatenation: one string, one write. */
  #batch = ''
  #batchBytes = 0
  #inputDone = false
  #outputDone = false
  #state: 'open' | 'ending' | 'closed' = 'open'

  constructor(
    streams: ByteStreams,
    options: {
      readonly description: string
      readonly headerMaxBytes?: number | undefined
      readonly unsentMaxBytes?: number | undefined
    },
  ) {
    this.description = options.description
    this.#input = streams.input
    this.#output = streams.output
    this.#unsentMaxBytes = options.unsentMaxBytes ?? defaultTransportLimits.unsentMaxBytes
    this.#decoder = new FrameDecoder({
      headerMaxBytes: options.headerMaxBytes ?? defaultTransportLimits.headerMaxBytes,
      bodyMaxBytes: 0,
    })
  }

  get full(): boolean {
    const { writableLength, writableNeedDrain } = this.#output
    if (this.#batchBytes > this.#unsentMaxBytes) return true
    return writableNeedDrain && writableLength > this.#unsentMaxBytes
  }

  get unsentBytes(): number {
    return this.#batchBytes + this.#output.writableLength
  }

  attach(events: LinkEvents): void {
    this.#events = events
    this.#attachInput(events)
    this.#output.on('drain', () => events.onDrain())
    this.#output.on('finish', () => this.#outputEnded())
    this.#output.on('close', () => (this.#outputDone ? this.#outputEnded() : this.destroy()))
    this.#output.on('error', (error) => this.destroy(error))
  }

  setBodyMaxBytes(bytes: number): void {
    this.#decoder.bodyMaxBytes = bytes
  }

  next(): Buffer | undefined {
    return this.#decoder.next()
  }

  setPaused(paused: boolean): void {
    if (paused) this.#input.pause()
    else if (this.#input.isPaused()) this.#input.resume()
  }

  append(body: string, bytes: number): void {
    this.#batch += `Content-Length: ${bytes}\r\n\r\n${body}`
    this.#batchBytes += bytes
  }

  flush(): void {
    if (this.#batch === '' || this.#state !== 'open') return
    if (this.#output.writableNeedDrain && this.#output.writableLength > this.#unsentMaxBytes) return
    const batch = this.#batch
    this.#batch = ''
    this.#batchBytes = 0
    this.#output.write(batch)
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    if (this.#batch !== '') this.#output.write(this.#batch)
    this.#batch = ''
    this.#batchBytes = 0
    this.#output.end()
    this.#input.resume()
  }

  destroy(error?: Error): void {
    if (this.#state === 'closed') return // stdout tells `close` each time it is destroyed.
    this.#close(error)
    this.#input.destroy()
    this.#output.destroy()
  }

  #attachInput(events: LinkEvents): void {
    const input = this.#input
    input.pause()
    input.on('data', (chunk: Buffer | string) => {
      if (this.#state !== 'open') return
      // Somebody who owned the stream before may have set an encoding.
      this.#decoder.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
      events.onReadable()
    })
    input.on('end', () => {
      if (this.#state === 'open') events.onEnd()
      this.#inputEnded()
    })
    input.on('close', () => (this.#inputDone ? this.#inputEnded() : this.destroy()))
    input.on('error', (error) => this.destroy(error))
  }

  #inputEnded(): void {
    this.#inputDone = true
    if (this.#outputDone) this.#close(undefined)
  }

  #outputEnded(): void {
    this.#outputDone = true
    if (this.#inputDone) this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#batch = ''
    this.#batchBytes = 0
    process.nextTick(() => this.#events?.onClose(error))
  }
}
