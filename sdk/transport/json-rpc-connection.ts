import { randomUUID } from 'node:crypto'
import {
  type ConnectionStrategy,
  createMessageConnection,
  type DataCallback,
  ErrorCodes,
  type Logger,
  Message,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
  type ResponseMessage,
} from 'vscode-jsonrpc/node'
import { installSameTurnDispatch } from './same-turn-dispatch.ts'
import { isClosed, type Transport } from './transport.ts'

/** How urgent a line of the JSON-RPC library is. */
export type ConnectionLogLevel = 'error' | 'warn' | 'info' | 'debug'

/** What a connection is told when it is made. */
export interface CreateConnectionOptions {
  /** Takes what the library has to say; without it, nobody hears. Never the console. */
  readonly log?: (level: ConnectionLogLevel, message: string) => void
  readonly connectionStrategy?: ConnectionStrategy
  /** `false` leaves the library's runtime layer, which the whole process shares, as it is. */
  readonly sameTurnDispatch?: boolean
}

type ResponseFailure = NonNullable<ResponseMessage['error']>

/** Our code for `internal`. */
const internalCode = 50000

/**
 * A JSON-RPC connection over a transport. Register handlers, then call `listen`.
 *
 * It is the library's own, with three differences: ids of requests sent start at 1; an exception
 * that a handler lets through reaches the log with an incident id and the peer with nothing but
 * that id; and it lives and dies with its transport, rejecting requests that still wait.
 */
export function createConnection(
  transport: Transport,
  options: CreateConnectionOptions = {},
): MessageConnection {
  if (options.sameTurnDispatch !== false) installSameTurnDispatch()
  let open = true
  const log = options.log ?? (() => {})
  const tapped = new TappedReader(transport)
  const outlet = new Outlet(transport.writer, log)
  const connection = createMessageConnection(
    tapped,
    outlet,
    toLogger((level, message) => {
      if (open) log(level, message) // After the end, each request in flight would log its failure.
    }),
    options.connectionStrategy && { connectionStrategy: options.connectionStrategy },
  )
  connection.onClose(() => {
    open = false
    connection.dispose()
  })
  connection.onDispose(() => {
    open = false
    void transport.close()
  })
  const listen = (): void => {
    connection.listen()
    outlet.swallow(() => useUpIdZero(connection, tapped))
  }
  return { ...connection, listen }
}

/** Sends a request that goes nowhere and answers it: some peers take the id 0 for none. */
function useUpIdZero(connection: MessageConnection, reader: TappedReader): void {
  connection.sendRequest('$/idZero').catch(() => {
    // Disposed before the answer below was dispatched; nobody waits for it.
  })
  const answer: ResponseMessage = { jsonrpc: '2.0', id: 0, result: null }
  reader.deliver(answer)
}

/** A reader that can also be made to deliver a message of our own. */
class TappedReader implements MessageReader {
  readonly onError: MessageReader['onError']
  readonly onClose: MessageReader['onClose']
  readonly onPartialMessage: MessageReader['onPartialMessage']
  readonly #reader: MessageReader
  #callback: DataCallback = () => {}

  constructor(transport: Transport) {
    const { reader } = transport
    this.#reader = reader
    this.onError = reader.onError
    // The transport tells this also when it was closed before anybody listened.
    this.onClose = (listener, thisArg) => transport.onClose(() => listener.call(thisArg))
    this.onPartialMessage = reader.onPartialMessage
  }

  listen(callback: DataCallback): ReturnType<MessageReader['listen']> {
    this.#callback = callback
    return this.#reader.listen(callback)
  }

  deliver(message: Message): void {
    this.#callback(message)
  }

  dispose(): void {
    this.#reader.dispose()
  }
}

/** The writer as the library sees it: keeps the inside of errors in, and id 0 back. */
class Outlet implements MessageWriter {
  readonly onError: MessageWriter['onError']
  readonly onClose: MessageWriter['onClose']
  readonly #writer: MessageWriter
  readonly #log: (level: ConnectionLogLevel, message: string) => void
  #swallowing = false

  constructor(writer: MessageWriter, log: (level: ConnectionLogLevel, message: string) => void) {
    this.#writer = writer
    this.#log = log
    this.onError = writer.onError
    this.onClose = writer.onClose
  }

  write(message: Message): Promise<void> {
    if (this.#swallowing) return Promise.resolve()
    if (!Message.isResponse(message)) return this.#writer.write(message)
    const { error } = message
    const written =
      error === undefined ? this.#writer.write(message) : this.#writeError(message, error)
    return written.catch(ignoreClosed)
  }

  /** Runs `send`; what it writes is not sent. */
  swallow(send: () => void): void {
    this.#swallowing = true
    send()
    this.#swallowing = false
  }

  end(): void {
    this.#writer.end()
  }

  dispose(): void {
    this.#writer.dispose()
  }

  /** Gives the errors that the library makes by itself the shape that all our errors have. */
  #writeError(response: ResponseMessage, error: ResponseFailure): Promise<void> {
    const { code, data, message } = error
    if (code === ErrorCodes.InternalError) return this.#writeIncident(response, message)
    if (code !== ErrorCodes.MethodNotFound || data !== undefined)
      return this.#writer.write(response)
    return this.#writer.write(
      withError(response, { ...error, data: errorData('method_not_found') }),
    )
  }

  /** The library puts the message of any exception into its own -32603; that is for the log. */
  #writeIncident(response: ResponseMessage, inside: string): Promise<void> {
    const incident = randomUUID()
    const message = `internal error, incident ${incident}`
    const data = { ...errorData('internal'), incident }
    const written = this.#writer.write(withError(response, { code: internalCode, message, data }))
    const line = `incident ${incident}: ${inside}`
    written.then(
      () => this.#log('error', line),
      () => this.#log('debug', line), // The peer is gone, which may be all that was wrong.
    )
    return written
  }
}

/** A peer that hung up before it was answered wants no answer: that is no fault of anybody's. */
function ignoreClosed(error: unknown): void {
  if (!isClosed(error)) throw error
}

function withError(response: ResponseMessage, error: ResponseFailure): ResponseMessage {
  return { jsonrpc: '2.0', id: response.id, error }
}

function errorData(kind: 'internal' | 'method_not_found'): { kind: string; retryable: boolean } {
  return { kind, retryable: false }
}

function toLogger(log: (level: ConnectionLogLevel, message: string) => void): Logger {
  return {
    error: (message) => log('error', message),
    warn: (message) => log('warn', message),
    info: (message) => log('info', message),
    log: (message) => log('debug', message),
  }
}
