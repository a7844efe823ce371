/** Writes the notifications of one connection, in order, and knows how much of them the transport has taken. */
import type { Record, Token } from '../../sdk/model.ts'
import type { EventsWindow } from './notification-windows.ts'
import type { GapReason, Subscriber } from './subscriber.ts'
import type { ClosingReason, NotificationKind, SubscriptionSink } from './subscription-sink.ts'

/** Longest text of one notification; its bytes stay below what any client must take. */
export const notificationMaxLength = 4 * 1024 * 1024

/** Most text that is written before the transport is awaited. */
export const unawaitedMaxLength = 64 * 1024

/** What a gap says. */
export interface GapNotice {
  readonly reason: GapReason
  readonly floorSeq: number
  /** Where the subscription goes on: the snapshot's position, or the floor. */
  readonly seq: number
  /** Patterns whose lost events no snapshot brings back. */
  readonly patterns: readonly string[]
}

/**
 * Each method writes one notification. What it returns is to be awaited: undefined as long as little was written
 * since the transport was last awaited, else a promise that the transport keeps when it has room.
 */
export class NotificationWriter {
  readonly #sink: SubscriptionSink
  readonly #tokenAt: (seq: number) => Token
  readonly #idsJson = new WeakMap<readonly Subscriber[], string>()
  #lastWrite: Promise<void> | undefined
  #unawaitedLength = 0

  constructor(sink: SubscriptionSink, tokenAt: (seq: number) => Token) {
    this.#sink = sink
    this.#tokenAt = tokenAt
  }

  /** @param subscribers - The same list for the same subscribers: their ids are encoded once for each list. */
  events(subscribers: readonly Subscriber[], window: EventsWindow): Promise<void> | undefined {
    const ids = this.#idsOf(subscribers)
    const partial = window.partial ? ',"partial":true' : ''
    const token = this.#tokenAt(window.seq)
    return this.#send(
      'events',
      `{"subscriptionIds":${ids},"events":[${window.json}],"token":"${token}"${partial}}`,
    )
  }

  /** As many notifications as the bound of their length asks for. */
  async snapshot(
    subscriber: Subscriber,
    records: readonly Record[],
    seq: number,
  ): Promise<{ readonly length: number }> {
    let texts: string[] = []
    let length = 0
    let whole = 0
    const flush = async (): Promise<void> => {
      const head = `{"subscriptionId":"${subscriber.id}","token":"${this.#tokenAt(seq)}"`
      const params = `${head},"records":[${texts.join(',')}]}`
      texts = []
      length = 0
      await this.#send('snapshot', params)
    }
    for (const record of records) {
      const text = JSON.stringify(record)
      if (texts.length > 0 && length + text.length > notificationMaxLength) await flush()
      if (subscriber.closed) break
      texts.push(text)
      length += text.length + 1
      whole += text.length + 1
    }
    if (texts.length > 0) await flush()
    return { length: whole }
  }

  synced(subscriber: Subscriber, seq: number): Promise<void> | undefined {
    const synced = { subscriptionId: subscriber.id, token: this.#tokenAt(seq) }
    return this.#send('synced', JSON.stringify(synced))
  }

  bookmark(subscribers: readonly Subscriber[], seq: number): Promise<void> | undefined {
    const ids = this.#idsOf(subscribers)
    return this.#send('bookmark', `{"subscriptionIds":${ids},"token":"${this.#tokenAt(seq)}"}`)
  }

  gap(subscriber: Subscriber, notice: GapNotice): Promise<void> | undefined {
    const { reason, floorSeq, seq, patterns } = notice
    const gap = {
      subscriptionId: subscriber.id,
      reason,
      floor: this.#tokenAt(floorSeq),
      token: this.#tokenAt(seq),
      ...(patterns.length === 0 ? {} : { patterns }),
    }
    return this.#send('gap', JSON.stringify(gap))
  }

  closed(subscriptionId: string, closing: ClosingReason): Promise<void> | undefined {
    return this.#send('closed', JSON.stringify({ subscriptionId, ...closing }))
  }

  /** Resolves when the transport has room again; rejects when it is closed. */
  async settle(): Promise<void> {
    await this.#lastWrite
    this.#unawaitedLength = 0
  }

  #idsOf(subscribers: readonly Subscriber[]): string {
    let json = this.#idsJson.get(subscribers)
    if (json === undefined) {
      json = JSON.stringify(subscribers.map(({ id }) => id))
      this.#idsJson.set(subscribers, json)
    }
    return json
  }

  #send(kind: NotificationKind, params: string): Promise<void> | undefined {
    const written = this.#sink.send(kind, params)
    if (written !== this.#lastWrite) {
      this.#lastWrite = written
      written.catch(() => {
        // The pump learns of it where it awaits the last write; this one must not end the process.
      })
    }
    this.#unawaitedLength += params.length
    if (this.#unawaitedLength <= unawaitedMaxLength) return undefined
    this.#unawaitedLength = 0
    return written
  }
}
