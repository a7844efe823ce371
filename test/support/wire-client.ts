/** A client that speaks the wire by hand and remembers every message in the order it came. */
import type { Message, MessageWriter } from 'vscode-jsonrpc/node'
import type { Transport } from '../../sdk/transport/transport.ts'

/** JSON as it came, which tests look into as `JSON.parse` lets them. */
export type Parsed = ReturnType<typeof JSON.parse>

/** A message as it came. */
export interface WireMessage {
  readonly id?: number | string | null
  readonly method?: string
  readonly params?: Parsed
  readonly result?: Parsed
  readonly error?: WireError
}

/** The error of an answer. */
export interface WireError {
  readonly code: number
  readonly message: string
  readonly data: Parsed
}

/** Thrown by `call` when the answer is an error. */
export class WireFailure extends Error {
  readonly error: WireError

  constructor(error: WireError) {
    super(`${error.code} ${error.message}`)
    this.error = error
  }
}

/** One connection. Requests get ids from 1 up. */
export class WireClient {
  readonly transport: Transport
  /** Everything that came, oldest first. */
  readonly received: WireMessage[] = []
  readonly closed: Promise<void>
  readonly #waiters = new Set<() => void>()
  #nextId = 1
  #isClosed = false

  constructor(transport: Transport) {
    this.transport = transport
    this.closed = new Promise((resolve) => {
      transport.onClose(() => {
        this.#isClosed = true
        resolve()
        this.#wake()
      })
    })
    transport.reader.listen((message: Message) => {
      this.received.push(message as WireMessage)
      this.#wake()
    })
  }

  /** Sends a request and returns its id at once. */
  send(method: string, params?: unknown): number {
    const id = this.#nextId++
    this.#write({ jsonrpc: '2.0', id, method, params })
    return id
  }

  notify(method: string, params?: unknown): void {
    this.#write({ jsonrpc: '2.0', method, params })
  }

  /** Sends a request and awaits its result; throws `WireFailure` for an error. */
  async call(method: string, params?: unknown): Promise<Parsed> {
    const id = this.send(method, params)
    const answer = await this.answer(id)
    if (answer.error !== undefined) throw new WireFailure(answer.error)
    return answer.result
  }

  /** Sends a request and awaits its error. */
  async refused(method: string, params?: unknown): Promise<WireError> {
    const answer = await this.answer(this.send(method, params))
    if (answer.error === undefined) {
      throw new Error(`expected an error, got ${JSON.stringify(answer.result)}`)
    }
    return answer.error
  }

  /** The answer to a request, when it has come. */
  answer(id: number): Promise<WireMessage> {
    return this.first((message) => message.id === id && message.method === undefined)
  }

  /** The first message that fits, among those that came and those to come. */
  async first(fits: (message: WireMessage) => boolean): Promise<WireMessage> {
    let found: WireMessage | undefined
    await this.until(() => {
      found = this.received.find(fits)
      return found !== undefined
    })
    if (found === undefined) throw new Error('the connection was closed before the message came')
    return found
  }

  /** The notifications of a method that came so far. */
  notifications(method: string): WireMessage[] {
    return this.received.filter((message) => message.method === method)
  }

  /** The events that came so far for a subscription, or for any. */
  events(subscriptionId?: string): Parsed[] {
    return this.notifications('subscription/events')
      .filter(
        ({ params }) =>
          subscriptionId === undefined || params.subscriptionIds.includes(subscriptionId),
      )
      .flatMap(({ params }) => params.events)
  }

  /** Waits until what was received satisfies a condition, or the connection is closed. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#isClosed) throw new Error('the connection was closed first')
      await new Promise<void>((resolve) => this.#waiters.add(resolve))
    }
  }

  /** Shakes hands as a client of the present protocol. */
  initialize(more: object = {}): Promise<Parsed> {
    return this.call('initialize', {
      protocol: { min: 1, max: 1 },
      client: { name: 'test', version: '1', kind: 'script' },
      ...more,
    })
  }

  close(): Promise<void> {
    return this.transport.close()
  }

  #write(message: object): void {
    const writer: MessageWriter = this.transport.writer
    writer.write(message as Message).catch(() => {
      // Closed: `closed` and `until` tell.
    })
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter()
    this.#waiters.clear()
  }
}
