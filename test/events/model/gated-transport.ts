/** A connection whose notifications can be held up, as by a peer that does not read. */
import type { EncodedMessageWriter, Transport } from '../../../sdk/transport/transport.ts'

/** Stops what is pushed to the peer; requests are answered all the same. */
export class Gate {
  #closed: Promise<void> | undefined
  #open: () => void = () => {}

  close(): void {
    this.#closed ??= new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#closed = undefined
    this.#open()
  }

  /** The same transport, whose writer has no room for notifications while the gate is closed. */
  in(transport: Transport): Transport {
    const { writer } = transport
    const gated: EncodedMessageWriter = {
      onError: writer.onError,
      onClose: writer.onClose,
      write: (message) => writer.write(message),
      writeEncoded: (json) => {
        const written = writer.writeEncoded(json)
        const closed = this.#closed
        return closed === undefined ? written : Promise.all([written, closed]).then(() => {})
      },
      end: () => writer.end(),
      dispose: () => writer.dispose(),
    }
    return {
      description: transport.description,
      reader: transport.reader,
      writer: gated,
      raiseBodyLimit: () => transport.raiseBodyLimit(),
      onClose: (listener) => transport.onClose(listener),
      close: () => transport.close(),
      [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
    }
  }
}
