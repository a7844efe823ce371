/** `$/setTrace` and `$/logTrace`: lets a client see what the daemon does with its requests. */
import { LogTrace, SetTrace } from '../../sdk/protocol/handshake.ts'
import type { EncodedMessageWriter } from '../../sdk/transport/transport.ts'

/** The trace of one connection; off until the client asks. */
export class Trace {
  readonly #writer: EncodedMessageWriter
  #level: 'off' | 'messages' | 'verbose' = 'off'

  constructor(writer: EncodedMessageWriter) {
    this.#writer = writer
  }

  /** Takes what came with `$/setTrace`; anything else than a level changes nothing. */
  set(params: unknown): void {
    const parsed = SetTrace.params.safeParse(params)
    if (parsed.success) this.#level = parsed.data.value
  }

  received(method: string): void {
    if (this.#level !== 'off') this.#say(`received ${method}`)
  }

  answered(method: string): void {
    if (this.#level !== 'off') this.#say(`answered ${method}`)
  }

  #say(message: string): void {
    const params = { message }
    const text = JSON.stringify({ jsonrpc: '2.0', method: LogTrace.method, params })
    this.#writer.writeEncoded(text).catch(() => {
      // The peer is gone, and with it the wish to see a trace.
    })
  }
}
