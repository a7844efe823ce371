import type { Disposable } from 'vscode-jsonrpc/node'
import { FramingGuard } from './framing-guard.ts'
import type { Link } from './link.ts'
import { GuardedMessageReader } from './message-reader.ts'
import { BatchingMessageWriter } from './message-writer.ts'
import { PendingRequests } from './pending-requests.ts'
import type { Transport, TransportSide } from './transport.ts'
import { defaultTransportLimits, type TransportLimits } from './transport-limits.ts'

/** What every way of making a transport can be told. */
export interface TransportOptions {
  readonly side: TransportSide
  /** Bounds other than the default ones. */
  readonly limits?: Partial<TransportLimits> | undefined
}

/**
 * A transport over any link: reader, writer and guard, and the order in which they close.
 *
 * ```
 * link -> reader -> guard -> library        peer ends: answer what is in flight, then close
 * link <- writer <---------- library        broken framing: tell the peer, then close
 * ```
 */
export class GuardedTransport implements Transport {
  readonly description: string
  readonly reader: GuardedMessageReader
  readonly writer: BatchingMessageWriter
  readonly #link: Link
  readonly #guard: FramingGuard
  readonly #limits: TransportLimits
  readonly #pending: PendingRequests
  readonly #closeListeners = new Set<(reason: Error | undefined) => void>()
  readonly #closed: Promise<void>
  #resolveClosed: () => void = () => {}
  /** Changed only in `close` and `#linkClosed`. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  #isRaised = false
  #reason: Error | undefined
  #deadline: NodeJS.Timeout | undefined

  constructor(link: Link, options: TransportOptions) {
    const given = { ...defaultTransportLimits, ...options.limits }
    // A client takes what its daemon answers, which bounds its answers itself.
    const limits = options.side === 'server' ? given : { ...given, valuesMax: Infinity }
    this.description = link.description
    this.#link = link
    this.#limits = limits
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#pending = new PendingRequests(limits.inFlightMaxRequests)
    this.writer = new BatchingMessageWriter(link, {
      pending: this.#pending,
      limits,
      onEnd: () => void this.close(),
    })
    this.#guard = new FramingGuard(this.#pending, limits, (refusal) => {
      this.writer.writeEncoded(JSON.stringify(refusal)).catch(() => {
        // The peer is gone: nobody is left to be told.
      })
    })
    this.reader = new GuardedMessageReader(link, this.#guard, limits, {
      onBrokenFraming: (error) => {
        this.#reason ??= error
        this.#guard.refuseFraming(error.message)
        void this.close()
      },
      onInputEnd: () => this.#closeWhenAnswered(),
      mustHold: () => options.side === 'server' && link.full,
    })
    link.setBodyMaxBytes(
      options.side === 'server' ? limits.handshakeBodyMaxBytes : limits.bodyMaxBytes,
    )
    link.attach({
      onReadable: () => this.reader.read(),
      onEnd: () => this.reader.endOfInput(),
      onDrain: () => this.#drained(),
      onClose: (error) => this.#linkClosed(error),
    })
  }

  /** Whether the handshake was answered. */
  get isRaised(): boolean {
    return this.#isRaised
  }

  raiseBodyLimit(): void {
    this.#isRaised = true
    this.#link.setBodyMaxBytes(this.#limits.bodyMaxBytes)
  }

  onClose(listener: (reason: Error | undefined) => void): Disposable {
    if (this.#state === 'closed') this.#callSoon(listener)
    else this.#closeListeners.add(listener)
    return { dispose: () => this.#closeListeners.delete(listener) }
  }

  close(): Promise<void> {
    if (this.#state !== 'open') return this.#closed
    this.#state = 'closing'
    this.reader.stop()
    this.writer.stop()
    this.#link.end()
    this.#linger(performance.now() + this.#limits.closeMaxMs)
    return this.#closed
  }

  /** Tells the peer that there are too many of its kind already, then closes. */
  refuse(most: string): Promise<void> {
    this.#guard.refuseConnection(most)
    return this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A peer that has ended its input, as a pipe does, still gets what it asked for. */
  #closeWhenAnswered(): void {
    if (this.#state !== 'open') return
    this.#destroyAfter(this.#limits.endGraceMs)
    this.#pending.onIdle(() => void this.close())
  }

  #destroyAfter(ms: number): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#link.destroy(), ms).unref()
  }

  /** Waits for the peer as long as it takes the last bytes, and not for ever. */
  #linger(deadline: number): void {
    const before = this.#link.unsentBytes
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => {
      if (this.#link.unsentBytes < before && performance.now() < deadline) this.#linger(deadline)
      else this.#link.destroy()
    }, this.#limits.lingerMs)
  }

  #drained(): void {
    this.writer.drained()
    if (!this.#link.full) this.reader.release()
  }

  /** Each in a call of its own, so that one that throws takes nothing from the others. */
  #callSoon(listener: (reason: Error | undefined) => void): void {
    queueMicrotask(() => listener(this.#reason))
  }

  #linkClosed(error: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#reason ??= error
    clearTimeout(this.#deadline)
    this.reader.closed(this.#reason)
    this.writer.closed(this.#reason)
    this.#resolveClosed()
    for (const listener of this.#closeListeners) this.#callSoon(listener)
    this.#closeListeners.clear()
  }
}
