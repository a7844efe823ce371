import { FrameError } from './frame-decoder.ts'
import { GuardedTransport, type TransportOptions } from './guarded-transport.ts'
import type { Link, LinkEvents } from './link.ts'
import type { Transport } from './transport.ts'
import { defaultTransportLimits } from './transport-limits.ts'

/**
 * Two transports in one process that are each other's peer: the server's end, then the client's.
 *
 * Messages pass as JSON text, so what a wire would change or refuse is changed or refused here
 * too. They arrive in order, in a later turn of the event loop, with the same bounds and the same
 * back-pressure as over a socket.
 */
export function memoryPair(
  limits?: TransportOptions['limits'],
): [server: Transport, client: Transport] {
  const unsentMaxBytes = limits?.unsentMaxBytes ?? defaultTransportLimits.unsentMaxBytes
  const server = new MemoryLink('memory, server end', unsentMaxBytes)
  const client = new MemoryLink('memory, client end', unsentMaxBytes)
  server.join(client)
  client.join(server)
  return [
    new GuardedTransport(server, { side: 'server', limits }),
    new GuardedTransport(client, { side: 'client', limits }),
  ]
}

interface Body {
  readonly text: string
  readonly bytes: number
}

/** One end of a pair. What it flushes waits in the queue of the other end until that reads it. */
class MemoryLink implements Link {
  readonly description: string
  readonly #unsentMaxBytes: number
  #peer: MemoryLink | undefined
  #events: LinkEvents | undefined
  #bodyMaxBytes = 0
  #paused = true
  #state: 'open' | 'ending' | 'closed' = 'open'
  /** Appended here, not flushed yet. */
  #batch: Body[] = []
  #batchBytes = 0
  /** Flushed by the peer, read here from `#head` on. */
  #queue: Body[] = []
  #head = 0
  #queueBytes = 0
  #peerEnded = false
  #wake: NodeJS.Immediate | undefined

  constructor(description: string, unsentMaxBytes: number) {
    this.description = description
    this.#unsentMaxBytes = unsentMaxBytes
  }

  join(peer: MemoryLink): void {
    this.#peer = peer
  }

  get full(): boolean {
    return this.unsentBytes > this.#unsentMaxBytes
  }

  get unsentBytes(): number {
    return this.#batchBytes + (this.#peer?.unreadBytes ?? 0)
  }

  /** Bytes that the peer flushed and this end has not read. */
  get unreadBytes(): number {
    return this.#queueBytes
  }

  attach(events: LinkEvents): void {
    this.#events = events
  }

  setBodyMaxBytes(bytes: number): void {
    this.#bodyMaxBytes = bytes
  }

  next(): string | undefined {
    const body = this.#queue[this.#head]
    if (body === undefined) return undefined
    this.#head++
    this.#queueBytes -= body.bytes
    if (this.#head === this.#queue.length) this.#queueRead()
    if (body.bytes <= this.#bodyMaxBytes) return body.text
    throw new FrameError(
      `expected a body of at most ${this.#bodyMaxBytes} bytes, got one of ${body.bytes}`,
    )
  }

  setPaused(paused: boolean): void {
    this.#paused = paused
    if (!paused && this.#head < this.#queue.length) this.#wakeSoon()
  }

  append(text: string, bytes: number): void {
    this.#batch.push({ text, bytes })
    this.#batchBytes += bytes
  }

  flush(): void {
    if (this.#batch.length === 0 || this.#state !== 'open') return
    if ((this.#peer?.unreadBytes ?? 0) > this.#unsentMaxBytes) return
    this.#sendBatch()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#sendBatch()
    this.#discardQueue()
    this.#peer?.peerHasEnded()
    if (this.#peerEnded) this.#close(undefined)
  }

  destroy(error?: Error): void {
    if (this.#state === 'closed') return
    this.#discardQueue()
    this.#close(error)
    this.#peer?.peerHasEnded()
  }

  /** Takes what the peer flushed; `false` if this end is gone. */
  receive(bodies: readonly Body[], bytes: number): boolean {
    if (this.#state !== 'open') return this.#state === 'ending' // Its owner reads no more.
    for (const body of bodies) this.#queue.push(body)
    this.#queueBytes += bytes
    if (!this.#paused) this.#wakeSoon()
    return true
  }

  /** Notes that the peer sends no more. */
  peerHasEnded(): void {
    if (this.#peerEnded) return
    this.#peerEnded = true
    if (this.#state === 'ending') this.#close(undefined)
    else if (this.#state === 'open') setImmediate(() => this.#events?.onEnd())
  }

  /** Notes that the peer has read all that was flushed. */
  peerHasRead(): void {
    setImmediate(() => {
      if (this.#state === 'open') this.#events?.onDrain()
    })
  }

  #sendBatch(): void {
    const batch = this.#batch
    const bytes = this.#batchBytes
    this.#batch = []
    this.#batchBytes = 0
    if (batch.length > 0 && this.#peer?.receive(batch, bytes) === false) {
      this.destroy(new Error('the other end is gone'))
    }
  }

  #queueRead(): void {
    this.#queue = []
    this.#head = 0
    this.#peer?.peerHasRead()
  }

  #discardQueue(): void {
    this.#queueBytes = 0
    if (this.#queue.length > 0) this.#queueRead()
  }

  #wakeSoon(): void {
    this.#wake ??= setImmediate(() => {
      this.#wake = undefined
      if (this.#state === 'open' && !this.#paused) this.#events?.onReadable()
    })
  }

  #close(error: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    process.nextTick(() => this.#events?.onClose(error))
  }
}
