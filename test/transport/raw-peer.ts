import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A message as it came over the wire. */
export interface WireMessage {
  readonly jsonrpc?: string
  readonly id?: string | number | null
  readonly method?: string
  readonly result?: unknown
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: { readonly [name: string]: unknown }
  }
}

/**
 * A peer that knows nothing of our code: writes any bytes, and cuts what comes back into frames
 * in the plainest way.
 */
export class RawPeer {
  readonly socket: Socket
  readonly closed: Promise<void>
  #bytes = Buffer.alloc(0)
  #over = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    // Not `once`, which rejects when the other side ends with a reset.
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {
      // A reset after the last answer is as good as an end.
    })
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    socket.on('close', () => this.#end())
    socket.on('end', () => {
      this.#end()
      socket.end()
    })
  }

  /** Connects; hangs up when the test is over. */
  static async connect(t: TestContext, path: string): Promise<RawPeer> {
    const socket = connect({ path, allowHalfOpen: true })
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return new RawPeer(socket)
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  sendMessage(message: unknown): void {
    this.send(frame(JSON.stringify(message)))
  }

  /** The next message from the other side. Fails if that hangs up first. */
  async receive(): Promise<WireMessage> {
    for (;;) {
      const message = this.#cut()
      if (message !== undefined) return message
      if (this.#over) throw new Error('expected a message, got the end of the connection')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The next so many messages. */
  async receiveMany(count: number): Promise<WireMessage[]> {
    const messages: WireMessage[] = []
    while (messages.length < count) messages.push(await this.receive())
    return messages
  }

  /** All that comes until the other side hangs up. */
  async receiveAll(): Promise<WireMessage[]> {
    await this.closed
    const messages: WireMessage[] = []
    for (let next = this.#cut(); next !== undefined; next = this.#cut()) messages.push(next)
    return messages
  }

  #end(): void {
    this.#over = true
    this.#wake()
  }

  #cut(): WireMessage | undefined {
    const headerEnd = this.#bytes.indexOf('\r\n\r\n')
    if (headerEnd < 0) return undefined
    const length = Number(
      /Content-Length: (\d+)/.exec(this.#bytes.toString('latin1', 0, headerEnd))?.[1],
    )
    const end = headerEnd + 4 + length
    if (this.#bytes.length < end) return undefined
    const text = this.#bytes.toString('utf8', headerEnd + 4, end)
    this.#bytes = this.#bytes.subarray(end)
    return parseWireMessage(text)
  }
}

/** One frame around a body. */
export function frame(body: string | Buffer): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes])
}

/** Text of an echo request whose body has exactly so many bytes. */
export function echoRequestOfBytes(id: number, bytes: number): string {
  const empty = JSON.stringify({ jsonrpc: '2.0', id, method: 'echo', params: [''] })
  return empty.replace('[""]', `["${'x'.repeat(bytes - empty.length)}"]`)
}

function parseWireMessage(text: string): WireMessage {
  return JSON.parse(text) as WireMessage
}
