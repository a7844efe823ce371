/** WebSockets as transports: one JSON message for each WebSocket message. The only file that knows the library. */
import type { Agent, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { FrameError } from './frame-decoder.ts'
import { GuardedTransport } from './guarded-transport.ts'
import type { Link, LinkEvents } from './link.ts'
import { type Transport, TransportError } from './transport.ts'
import { defaultTransportLimits, type TransportLimits } from './transport-limits.ts'

/** The subprotocol of Orion: what a client that names any has to name. */
export const subprotocol = 'orion.v1'

/** How to open a WebSocket. */
export interface WebSocketOptions {
  readonly headers: { readonly [name: string]: string }
  readonly agent: Agent
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly limits?: Partial<TransportLimits>
}

/** The server answered, and it was no WebSocket. */
export class WebSocketRefusal extends Error {
  override readonly name = 'WebSocketRefusal'
  readonly status: number
  /** The beginning of what it said, as text. */
  readonly body: string

  constructor(status: number, body: string) {
    super(`expected a WebSocket, got status ${status}`)
    this.status = status
    this.body = body
  }
}

/**
 * Connects as a client.
 *
 * @throws WebSocketRefusal when something else answers; TransportError `connect_failed` or `connect_timeout`.
 */
export async function connectWebSocket(url: URL, options: WebSocketOptions): Promise<Transport> {
  const { headers, agent, timeoutMs, signal, limits } = options
  signal.throwIfAborted()
  const socket = new WebSocket(url, [subprotocol], {
    headers,
    agent,
    handshakeTimeout: timeoutMs,
    followRedirects: false,
    perMessageDeflate: false,
    maxPayload: limits?.bodyMaxBytes ?? defaultTransportLimits.bodyMaxBytes,
  })
  const abort = (): void => socket.terminate()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await opened(socket, url)
  } finally {
    signal.removeEventListener('abort', abort)
  }
  const link = new WebSocketLink(socket, `WebSocket ${url.host}`, limits?.unsentMaxBytes)
  return new GuardedTransport(link, { side: 'client', limits })
}

function opened(socket: WebSocket, url: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.on('error', (cause) => {
      const message = `can't connect to ${url.host}: ${cause.message}`
      reject(new TransportError('connect_failed', message, { cause }))
    })
    socket.once('unexpected-response', (request, response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        if (body.length < refusalMaxLength) body += text
      })
      response.once('close', () => {
        request.destroy()
        reject(new WebSocketRefusal(response.statusCode ?? 0, body))
      })
    })
  })
}

const refusalMaxLength = 8192

/** An HTTP request that is to become a WebSocket, with its connection. */
export interface UpgradeRequest {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** Makes transports of requests that have been let in. */
export class WebSocketAcceptor {
  readonly #limits: Partial<TransportLimits>
  readonly #server: WebSocketServer

  constructor(limits: Partial<TransportLimits>) {
    this.#limits = limits
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Compression would let a small message become a large one.
      perMessageDeflate: false,
      maxPayload: limits.bodyMaxBytes ?? defaultTransportLimits.bodyMaxBytes,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    })
  }

  /** Answers the request; `use` is called when it has become a WebSocket, and not at all when it could not. */
  accept({ request, socket, head }: UpgradeRequest, use: (transport: Transport) => void): void {
    const { unsentMaxBytes } = this.#limits
    const description = `WebSocket from ${request.socket.remoteAddress}:${request.socket.remotePort}`
    this.#server.handleUpgrade(request, socket, head, (upgraded) => {
      const link = new WebSocketLink(upgraded, description, unsentMaxBytes)
      use(new GuardedTransport(link, { side: 'server', limits: this.#limits }))
    })
  }
}

/** A link over one open WebSocket. */
class WebSocketLink implements Link {
  readonly description: string
  readonly #socket: WebSocket
  readonly #unsentMaxBytes: number
  #events: LinkEvents | undefined
  #bodyMaxBytes = 0
  /** Came, not read yet. */
  readonly #queue: Buffer[] = []
  /** Appended, not flushed yet. */
  #batch: string[] = []
  #batchBytes = 0
  #state: 'open' | 'ending' | 'closed' = 'open'
  #fault: Error | undefined

  constructor(
    socket: WebSocket,
    description: string,
    unsentMaxBytes: number = defaultTransportLimits.unsentMaxBytes,
  ) {
    this.description = description
    this.#socket = socket
    this.#unsentMaxBytes = unsentMaxBytes
    socket.pause()
    socket.on('message', (data: Buffer) => this.#received(data))
    socket.on('error', (error) => {
      this.#fault ??= error
    })
    socket.on('close', () => this.#close(this.#fault))
  }

  get full(): boolean {
    return this.unsentBytes > this.#unsentMaxBytes
  }

  get unsentBytes(): number {
    return this.#batchBytes + this.#socket.bufferedAmount
  }

  attach(events: LinkEvents): void {
    this.#events = events
  }

  setBodyMaxBytes(bytes: number): void {
    this.#bodyMaxBytes = bytes
  }

  next(): Buffer | undefined {
    const body = this.#queue.shift()
    if (body === undefined || body.length <= this.#bodyMaxBytes) return body
    throw new FrameError(
      `expected a message of at most ${this.#bodyMaxBytes} bytes, got one of ${body.length}`,
    )
  }

  setPaused(paused: boolean): void {
    if (this.#state !== 'open') return
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  append(body: string, bytes: number): void {
    this.#batch.push(body)
    this.#batchBytes += bytes
  }

  flush(): void {
    if (this.#state !== 'open' || this.#socket.bufferedAmount > this.#unsentMaxBytes) return
    this.#sendBatch()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#sendBatch()
    this.#state = 'ending'
    this.#queue.length = 0
    this.#socket.resume()
    this.#socket.close(1000)
  }

  destroy(error?: Error): void {
    if (this.#state === 'closed') return
    this.#fault ??= error
    this.#socket.terminate()
  }

  #received(data: Buffer): void {
    if (this.#state !== 'open') return
    this.#queue.push(data)
    this.#events?.onReadable()
  }

  #sendBatch(): void {
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    const last = batch.length - 1
    for (const [index, body] of batch.entries()) {
      if (index < last) this.#socket.send(body, { binary: false })
      else this.#socket.send(body, { binary: false }, () => this.#sent())
    }
  }

  #sent(): void {
    if (this.#state === 'open' && this.#socket.bufferedAmount === 0) this.#events?.onDrain()
  }

  #close(error: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    process.nextTick(() => this.#events?.onClose(error))
  }
}
