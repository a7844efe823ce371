import { withDeadline } from '../launch/deadline.ts'
import type { Transport } from '../transport/transport.ts'
import type { Dialer, DialWish } from './dialer.ts'
import { type Greeting, Session } from './session.ts'
import { typedError } from './typed-errors.ts'

/** Uses a transport that the caller has made, or a function that makes one for each session. */
export class TransportDialer implements Dialer {
  readonly redials: boolean
  readonly #greeting: Greeting
  #source: Transport | (() => Promise<Transport>) | undefined

  constructor(source: Transport | (() => Promise<Transport>), greeting: Greeting) {
    this.#source = source
    this.#greeting = greeting
    this.redials = typeof source === 'function'
  }

  async dial({ deadlineMs, signal }: DialWish): Promise<Session> {
    return await withDeadline({ deadlineMs, signal }, (deadline) => this.#open(deadline.signal))
  }

  async close(): Promise<void> {
    if (typeof this.#source === 'object') await this.#source.close()
    this.#source = undefined
  }

  async #open(signal: AbortSignal): Promise<Session> {
    const source = this.#source
    if (source === undefined) {
      throw typedError('disconnected', 'the transport that the client was given has ended', {
        data: {},
      })
    }
    if (typeof source === 'function') {
      return await Session.open(await source(), this.#greeting, signal)
    }
    this.#source = undefined
    return await Session.open(source, this.#greeting, signal)
  }
}
