/** Those who are told: some go on where they were, one reads slowly, one does not read at all. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Client } from '../../../sdk/client/client.ts'
import type { PlainConnection } from '../../e2e/plain-connection.ts'
import type { JournalWriter, Told } from '../journal.ts'
import type { Address } from './speaker.ts'

/** Somebody who is told every event of a pattern. */
export interface Listener {
  readonly name: string
  /** The newest position that it was told. */
  readonly seq: number
}

const eventForm = z
  .object({
    seq: z.int(),
    txn: z.int(),
    topic: z.string(),
    id: z.string().optional(),
    version: z.int().optional(),
    reason: z.string().optional(),
    record: z.object({ data: z.record(z.string(), z.json()) }).optional(),
  })
  .transform(({ record, ...event }): Told => ({ ...event, ...(record && { data: record.data }) }))
const notificationForm = z.object({
  events: z.array(eventForm).optional(),
  token: z.string().optional(),
  reason: z.string().optional(),
})

/** The position that a token stands for. Tokens are opaque to clients; whoever judges them is none. */
export function seqOf(token: string): number {
  return Number(token.slice(token.lastIndexOf('.') + 1))
}

/** Subscribes over plain connections, and after each loss goes on from the last token it was given. */
export class PlainListener implements Listener {
  readonly name: string
  readonly #address: Address
  readonly #journal: JournalWriter
  readonly #pattern: string
  readonly #isOver: () => boolean
  #token: string | undefined
  /** What came before it was known where the subscription begins; undefined when that is known. */
  #early: [method: string, params: unknown][] | undefined = []
  /** A slow one pauses after each notification, so many milliseconds. */
  readonly #pauseMs: number

  constructor(options: {
    readonly name: string
    readonly address: Address
    readonly journal: JournalWriter
    readonly pattern: string
    readonly pauseMs: number
    readonly isOver: () => boolean
  }) {
    this.name = options.name
    this.#address = options.address
    this.#journal = options.journal
    this.#pattern = options.pattern
    this.#pauseMs = options.pauseMs
    this.#isOver = options.isOver
  }

  get seq(): number {
    return this.#token === undefined ? 0 : seqOf(this.#token)
  }

  async run(): Promise<void> {
    while (!this.#isOver()) {
      let connection: PlainConnection | undefined
      const notified = (method: string, params: unknown): void => {
        this.#told(method, params)
        if (this.#pauseMs > 0 && connection !== undefined) rest(connection, this.#pauseMs)
      }
      if (this.#early !== undefined) this.#early = []
      connection = await this.#address.connect(this.name, this.#isOver, notified)
      if (connection === undefined) return
      try {
        await this.#open(connection)
        while (!this.#isOver() && !connection.isClosed) await sleep(10)
      } catch {
        // The daemon went away, or is on its way.
      }
      connection.close()
    }
  }

  async #open(connection: PlainConnection): Promise<void> {
    const from = this.#token === undefined ? {} : { from: this.#token }
    const asked = { patterns: [this.#pattern], allowUnknown: true, ...from }
    const { token } = openedForm.parse(await connection.call('subscription/open', asked))
    if (this.#token !== undefined) return
    const afterSeq = seqOf(token)
    const [subscription, pattern] = [this.name, this.#pattern]
    this.#journal.note({ line: 'opened', subscription, pattern, afterSeq })
    this.#token = token
    const early = this.#early ?? []
    this.#early = undefined
    for (const [method, params] of early) this.#told(method, params)
  }

  #told(method: string, params: unknown): void {
    if (this.#early !== undefined) {
      this.#early.push([method, params])
      return
    }
    const { events, token, reason } = notificationForm.parse(params)
    const subscription = this.name
    if (method === 'subscription/gap') {
      this.#journal.note({ line: 'gap', subscription, reason: reason ?? '' })
    }
    if (events !== undefined && events.length > 0) {
      this.#journal.note({ line: 'told', subscription, events })
    }
    if (method !== 'subscription/closed' && token !== undefined) this.#token = token
  }
}

const openedForm = z.object({ token: z.string() })

function rest(connection: PlainConnection, ms: number): void {
  connection.pause()
  setTimeout(() => connection.resume(), ms)
}

/** Subscribes by the SDK, which goes on by itself. */
export class SdkListener implements Listener {
  readonly name: string
  #seq = 0
  readonly #journal: JournalWriter

  constructor(name: string, journal: JournalWriter) {
    this.name = name
    this.#journal = journal
  }

  get seq(): number {
    return this.#seq
  }

  async open(client: Client): Promise<void> {
    const subscription = this.name
    const from = client.server.token
    this.#seq = seqOf(from)
    const stream = await client.subscribe('*', {
      from,
      onGap: ({ reason }) => this.#journal.note({ line: 'gap', subscription, reason }),
    })
    this.#journal.note({ line: 'opened', subscription, pattern: '*', afterSeq: this.#seq })
    void this.#listen(stream)
  }

  async #listen(stream: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const raw of stream) {
        const event = eventForm.parse(raw)
        this.#journal.note({ line: 'told', subscription: this.name, events: [event] })
        this.#seq = event.seq
      }
    } catch (error) {
      this.#journal.note({ line: 'problem', what: `${this.name} ended: ${error}` })
    }
  }
}

/** Subscribes, and never reads what it is sent. */
export async function stall(address: Address, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const connection = await address.connect('stalled', isOver)
    try {
      await connection?.call('subscription/open', { patterns: ['*'] })
      connection?.pause()
      // What is paused does not notice that the other end is gone; and it is one of many in its life.
      for (let n = 0; n < 20 && !isOver(); n++) await sleep(50)
    } catch {
      // The daemon went away first.
    }
    connection?.close()
  }
}
