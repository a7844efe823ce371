import type { Disposable, MessageReader, MessageWriter } from 'vscode-jsonrpc/node'

/**
 * One peer's stream of messages, in both directions, behind the framing guard.
 *
 * Bytes or memory, socket or stdio: a connection is built on it without knowing which.
 */
export interface Transport extends AsyncDisposable {
  /** For people: what this is and where it leads, such as `unix socket /run/…/a.sock`. */
  readonly description: string
  readonly reader: MessageReader
  readonly writer: EncodedMessageWriter

  /**
   * Takes bodies up to the full limit from now on. A server calls it when it answers the
   * handshake; a client has the full limit from the start.
   */
  raiseBodyLimit(): void

  /**
   * Calls back once when the transport is closed, whoever closed it; soon if it is closed already.
   * The reason is missing for an orderly end.
   */
  onClose(listener: (reason: Error | undefined) => void): Disposable

  /** Sends what was written, then closes; resolves when it is closed. Safe to repeat. */
  close(): Promise<void>
}

/** A writer that also takes messages which are JSON text already. */
export interface EncodedMessageWriter extends MessageWriter {
  /**
   * Sends one message given as JSON text, in order with those of `write` and with the same
   * back-pressure. Not for responses: those settle a request, so they go through `write`.
   */
  writeEncoded(json: string): Promise<void>
}

/**
 * Which end of the transport this is.
 *
 * A server takes short bodies only until the handshake is answered, and does not read on while
 * its answers are not being read. A client always reads, else both could wait for each other.
 */
export type TransportSide = 'server' | 'client'

/** Why a transport could not be opened or used. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly reason:
    | 'path_invalid'
    | 'connect_failed'
    | 'connect_timeout'
    | 'listen_failed'
    | 'closed'

  constructor(reason: TransportError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Whether a write failed because the transport is closed. */
export function isClosed(error: unknown): boolean {
  return error instanceof TransportError && error.reason === 'closed'
}
