/** The subscriptions of one connection: gives them ids, and writes what their pump sends. */
import { OrionError } from '../../sdk/errors.ts'
import type { EncodedMessageWriter } from '../../sdk/transport/transport.ts'
import { ConnectionPump } from '../events/connection-pump.ts'
import type { Opening, SubscriptionStatus } from '../events/subscription-opening.ts'
import type { ClosingReason, SubscriptionSink } from '../events/subscription-sink.ts'
import type { PositionOwner } from '../store/store-api.ts'
import type { Services } from './services.ts'

/** Made with its pump when the first subscription opens, so that other connections cost nothing here. */
export class ConnectionSubscriptions {
  readonly #services: Services
  readonly #writer: EncodedMessageWriter
  readonly #onFault: (error: unknown) => void
  #pump: ConnectionPump | undefined
  readonly #named = new Map<string, NamedUse>()
  #opened = 0
  #disposed = false
  #ended = false

  constructor(services: Services, writer: EncodedMessageWriter, onFault: (error: unknown) => void) {
    this.#services = services
    this.#writer = writer
    this.#onFault = onFault
  }

  get size(): number {
    return this.#pump?.size ?? 0
  }

  /**
   * Begins a subscription and returns its id, which is never used again on this connection.
   *
   * @param owner - Of its named position. Whoever has that in use already loses it, and its subscription ends.
   */
  open(opening: Omit<Opening, 'id'>, owner?: PositionOwner): string {
    if (this.#ended) {
      throw new OrionError('forbidden', 'this connection has lost its rights', { needs: 'read' })
    }
    // The connection may have closed while the start was waited for: nobody would end this one.
    if (this.#disposed) throw new OrionError('cancelled', 'the connection was closed', {})
    this.#pump ??= new ConnectionPump({
      bus: this.#services.bus,
      sink: sinkOf(this.#writer),
      bookmarkEveryMs: this.#services.limits.bookmarkEveryMs,
      onFault: this.#onFault,
    })
    const id = `s${++this.#opened}`
    this.#pump.open({ ...opening, id })
    if (owner !== undefined) this.#use(id, owner)
    return id
  }

  close(id: string): boolean {
    this.#release(id)
    return this.#pump?.close(id) ?? false
  }

  /** Whose named position a subscription moves; undefined when it has no name. */
  ownerOf(id: string): PositionOwner | undefined {
    return this.#named.get(id)?.owner
  }

  /** See `ConnectionPump.toldSeq`. */
  toldSeq(id: string): number | undefined {
    return this.#pump?.toldSeq(id)
  }

  /** Whether a subscription with this id is open. */
  has(id: string): boolean {
    return this.#pump?.has(id) ?? false
  }

  /** See `ConnectionPump.flush`. */
  flush(id: string, seq: number): Promise<boolean> | undefined {
    return this.#pump?.flush(id, seq)
  }

  status(): readonly SubscriptionStatus[] {
    return this.#pump?.status() ?? []
  }

  /** Ends all of them at once: nothing that was not written yet is, but the reason. None can be opened any more. */
  endAll(closing: ClosingReason): void {
    this.#ended = true
    for (const { id } of this.status()) {
      this.#release(id)
      // A connection that is gone needs not be told.
      this.#pump?.end(id, closing).catch(() => {})
    }
  }

  async closeAll(closing: ClosingReason): Promise<void> {
    await this.#pump?.closeAll(closing)
  }

  dispose(): void {
    this.#disposed = true
    for (const id of this.#named.keys()) this.#release(id)
    this.#pump?.dispose()
  }

  #use(id: string, owner: PositionOwner): void {
    const taken = (): void => {
      this.#named.delete(id)
      // A connection that is gone needs not be told.
      this.#pump?.end(id, { reason: 'error' }).catch(() => {})
    }
    this.#named.set(id, { owner, use: this.#services.store.positions.use(owner, taken) })
  }

  #release(id: string): void {
    this.#named.get(id)?.use.dispose()
    this.#named.delete(id)
  }
}

interface NamedUse {
  readonly owner: PositionOwner
  readonly use: { dispose(): void }
}

function sinkOf(writer: EncodedMessageWriter): SubscriptionSink {
  return {
    send: (kind, params) =>
      writer.writeEncoded(`{"jsonrpc":"2.0","method":"subscription/${kind}","params":${params}}`),
  }
}
