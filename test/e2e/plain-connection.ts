/** JSON-RPC over a Unix socket with nothing but Node: no code of the client or of the daemon is in it. */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { z } from 'zod'

/** The answer was an error. */
export class Refused extends Error {
  readonly code: number
  readonly data: unknown

  constructor(error: z.infer<typeof wireError>) {
    super(`${error.code} ${error.message}`)
    this.code = error.code
    this.data = error.data
  }
}

/** The connection ended before the answer came: nobody knows whether the request had an effect. */
export class Unanswered extends Error {
  constructor() {
    super('the connection ended before the answer came')
  }
}

/** One connection after its handshake. */
export class PlainConnection {
  readonly #socket: Socket
  readonly #pending = new Map<number, (answer: Answer | undefined) => void>()
  readonly #onNotification: OnNotification | undefined
  #nextId = 1
  #input = Buffer.alloc(0)

  private constructor(socket: Socket, onNotification: OnNotification | undefined) {
    this.#socket = socket
    this.#onNotification = onNotification
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => {
      // `close` follows.
    })
    socket.on('close', () => {
      for (const settle of this.#pending.values()) settle(undefined)
      this.#pending.clear()
    })
  }

  /** Connects and shakes hands. */
  static async open(
    path: string,
    name: string,
    onNotification?: OnNotification,
  ): Promise<PlainConnection> {
    const socket = createConnection(path)
    await once(socket, 'connect')
    const connection = new PlainConnection(socket, onNotification)
    const client = { name, kind: 'script' }
    await connection.call('initialize', { protocol: { min: 1, max: 1 }, client })
    return connection
  }

  /** @throws Refused or Unanswered. */
  async call(method: string, params: object = {}): Promise<unknown> {
    const id = this.#nextId++
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    const answer = await new Promise<Answer | undefined>((resolve) => {
      if (this.#socket.destroyed) return resolve(undefined)
      this.#pending.set(id, resolve)
      this.#socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    })
    if (answer === undefined) throw new Unanswered()
    if (answer.error !== undefined) throw new Refused(answer.error)
    return answer.result
  }

  /** Whether the other end, or this one, has closed it. */
  get isClosed(): boolean {
    return this.#socket.destroyed
  }

  /** Reads nothing until it is resumed. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk])
    for (;;) {
      const headerEnd = this.#input.indexOf('\r\n\r\n')
      if (headerEnd < 0) return
      const length = /content-length: *(\d+)/i.exec(this.#input.toString('latin1', 0, headerEnd))
      const start = headerEnd + 4
      const end = start + Number(length?.[1])
      if (this.#input.length < end) return
      this.#answered(this.#input.toString('utf8', start, end))
      this.#input = this.#input.subarray(end)
    }
  }

  #answered(text: string): void {
    const { id, method, params, ...answer } = answerForm.parse(JSON.parse(text))
    if (method !== undefined) this.#onNotification?.(method, params)
    if (id === undefined) return // A notification.
    this.#pending.get(id)?.(answer)
    this.#pending.delete(id)
  }
}

const wireError = z.object({ code: z.int(), message: z.string(), data: z.unknown() })
const answerForm = z.object({
  id: z.int().optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: wireError.optional(),
})
type Answer = Pick<z.infer<typeof answerForm>, 'result' | 'error'>
type OnNotification = (method: string, params: unknown) => void
