/** The subscriptions of one connection: gives them ids, and writes what their pump sends. */
import type { EncodedMessageWriter } from '../../sdk/transport/transport.ts'
import { ConnectionPump } from '../events/connection-pump.ts'
import type { Opening, SubscriptionStatus } from '../events/subscription-opening.ts'
import type { ClosingReason, SubscriptionSink } from '../events/subscription-sink.ts'
import type { Services } from './services.ts'

/** Made with its pump when the first subscription opens, so that other connections cost nothing here. */
export class ConnectionSubscriptions {
  readonly #services: Services
  readonly #writer: EncodedMessageWriter
  readonly #onFault: (error: unknown) => void
  #pump: ConnectionPump | undefined
  #opened = 0

  constructor(services: Services, writer: EncodedMessageWriter, onFault: (error: unknown) => void) {
    this.#services = services
    this.#writer = writer
    this.#onFault = onFault
  }

  get size(): number {
    return this.#pump?.size ?? 0
  }

  /** Begins a subscription and returns its id, which is never used again on this connection. */
  open(opening: Omit<Opening, 'id'>): string {
    this.#pump ??= new ConnectionPump({
      bus: this.#services.bus,
      sink: sinkOf(this.#writer),
      bookmarkEveryMs: this.#services.limits.bookmarkEveryMs,
      onFault: this.#onFault,
    })
    const id = `s${++this.#opened}`
    this.#pump.open({ ...opening, id })
    return id
  }

  close(id: string): boolean {
    return this.#pump?.close(id) ?? false
  }

  /** See `ConnectionPump.flush`. */
  flush(id: string, seq: number): Promise<boolean> | undefined {
    return this.#pump?.flush(id, seq)
  }

  status(): readonly SubscriptionStatus[] {
    return this.#pump?.status() ?? []
  }

  async closeAll(closing: ClosingReason): Promise<void> {
    await this.#pump?.closeAll(closing)
  }

  dispose(): void {
    this.#pump?.dispose()
  }
}

function sinkOf(writer: EncodedMessageWriter): SubscriptionSink {
  return {
    send: (kind, params) =>
      writer.writeEncoded(`{"jsonrpc":"2.0","method":"subscription/${kind}","params":${params}}`),
  }
}
