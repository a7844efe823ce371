/** A transport's stand-in that takes notifications when the test lets it. */
import type { NotificationKind, SubscriptionSink } from '../../daemon/events/subscription-sink.ts'
import type { Parsed } from './wire-client.ts'

/** One notification as a pump sent it. */
export interface Sent {
  readonly kind: NotificationKind
  readonly params: Parsed
  readonly length: number
}

/** Keeps what was sent. While it is stalled, sends do not resolve. */
export class RecordingSink implements SubscriptionSink {
  readonly sent: Sent[] = []
  readonly #taken = Promise.resolve()
  #stall: { promise: Promise<void>; resolve: () => void } | undefined
  #waiters = new Set<() => void>()
  #broken: Error | undefined

  send(kind: NotificationKind, params: string): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    this.sent.push({ kind, params: JSON.parse(params), length: params.length })
    for (const waiter of this.#waiters) waiter()
    this.#waiters.clear()
    return this.#stall?.promise ?? this.#taken
  }

  /** Takes nothing more until `release`; what is sent is still recorded. */
  stall(): void {
    let resolve: () => void = () => {}
    const promise = new Promise<void>((settle) => {
      resolve = settle
    })
    this.#stall = { promise, resolve }
  }

  release(): void {
    this.#stall?.resolve()
    this.#stall = undefined
  }

  /** Refuses everything from now on, as a closed transport does. */
  break(error: Error): void {
    this.#broken = error
  }

  of(kind: NotificationKind): Sent[] {
    return this.sent.filter((notification) => notification.kind === kind)
  }

  /** The seqs that a subscription was sent, in the order they came. */
  seqs(subscriptionId: string): number[] {
    return this.of('events')
      .filter(({ params }) => params.subscriptionIds.includes(subscriptionId))
      .flatMap(({ params }) => params.events.map(({ seq }: { seq: number }) => seq))
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.add(resolve))
  }
}
