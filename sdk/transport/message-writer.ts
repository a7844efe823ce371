import { AbstractMessageWriter, Message, ResponseError } from 'vscode-jsonrpc/node'
import { encodeMessage } from './encode-message.ts'
import type { Link } from './link.ts'
import type { PendingRequests } from './pending-requests.ts'
import { type EncodedMessageWriter, TransportError } from './transport.ts'
import type { TransportLimits } from './transport-limits.ts'

/** Our code for `too_large`. */
const tooLargeCode = 41300

/**
 * Sends messages over a link in the order they were written: all of one turn in one piece, or in
 * pieces of some size when there are many.
 *
 * A write resolves at once while the link has room and waits for it to drain when it is full, so
 * a sender that awaits its writes needs no memory for a peer that does not read, and leaves others
 * their turn for one that does. After the end it rejects.
 */
export class BatchingMessageWriter extends AbstractMessageWriter implements EncodedMessageWriter {
  readonly #link: Link
  readonly #pending: PendingRequests
  readonly #limits: WriterLimits
  readonly #onEnd: () => void
  readonly #written = Promise.resolve()
  #state: 'open' | 'closed' = 'open'
  #flushDue = false
  /** Appended since the last flush. */
  #batchBytes = 0
  /** Appended in this turn. */
  #turnBytes = 0
  /** What the writes that wait for room are waiting for. */
  #room: PromiseWithReject | undefined

  constructor(
    link: Link,
    options: {
      readonly pending: PendingRequests
      readonly limits: WriterLimits
      readonly onEnd: () => void
    },
  ) {
    super()
    this.#link = link
    this.#pending = options.pending
    this.#limits = options.limits
    this.#onEnd = options.onEnd
  }

  write(message: Message): Promise<void> {
    let body: string
    try {
      body = encodeMessage(message)
    } catch (error) {
      return Promise.reject(error)
    }
    const written = this.#send(body)
    if (Message.isResponse(message) && message.id !== null) this.#pending.settle(message.id)
    return written
  }

  writeEncoded(json: string): Promise<void> {
    return this.#send(json)
  }

  /** Closes the transport after what was written. */
  end(): void {
    this.#onEnd()
  }

  /** Sends on, and resolves the writes that waited. Called when the link has drained. */
  drained(): void {
    this.#flush()
    if (this.#link.full) return
    this.#room?.resolve()
    this.#room = undefined
  }

  /** Refuses writes from now on; those accepted still go out. */
  stop(): void {
    this.#state = 'closed'
  }

  /** Gives up the writes that wait, and tells the library. */
  closed(reason: Error | undefined): void {
    this.stop()
    this.#room?.reject(closedError(reason))
    this.#room = undefined
    this.fireClose()
  }

  #send(body: string): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(closedError(undefined))
    const bytes = Buffer.byteLength(body)
    const { bodyMaxBytes, batchMaxBytes, unsentMaxBytes } = this.#limits
    if (bytes > bodyMaxBytes) return Promise.reject(tooLarge(bytes, bodyMaxBytes))
    this.#link.append(body, bytes)
    this.#batchBytes += bytes
    this.#turnBytes += bytes
    if (!this.#flushDue) {
      this.#flushDue = true
      process.nextTick(flushTurn, this)
    }
    if (this.#turnBytes > unsentMaxBytes || this.#link.full) {
      this.#flush()
      return this.#untilRoom()
    }
    if (this.#batchBytes >= batchMaxBytes) this.#flush()
    return this.#written
  }

  /** A later turn even if all left at once: else a loop that awaits its writes never yields. */
  #untilRoom(): Promise<void> {
    if (this.#room === undefined) {
      this.#room = promiseWithReject()
      if (!this.#link.full) setImmediate(() => this.drained())
    }
    return this.#room.promise
  }

  /** Ends the turn's batch. */
  endTurn(): void {
    this.#flushDue = false
    this.#turnBytes = 0
    this.#flush()
  }

  #flush(): void {
    this.#batchBytes = 0
    this.#link.flush()
  }
}

type WriterLimits = Pick<TransportLimits, 'bodyMaxBytes' | 'batchMaxBytes' | 'unsentMaxBytes'>

function flushTurn(writer: BatchingMessageWriter): void {
  writer.endTurn()
}

interface PromiseWithReject {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

function promiseWithReject(): PromiseWithReject {
  let settle: Pick<PromiseWithReject, 'resolve' | 'reject'> | undefined
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  promise.catch(() => {
    // A write that nobody awaits must not end the process when its peer goes away.
  })
  if (settle === undefined) throw new Error('expected a promise to run its executor at once')
  return { promise, ...settle }
}

function closedError(reason: Error | undefined): TransportError {
  return new TransportError('closed', 'the transport is closed', { cause: reason })
}

/** A `ResponseError`, so that a request whose answer is too long is answered with just that. */
function tooLarge(actual: number, limit: number): ResponseError<object> {
  const message = `expected a message of at most ${limit} bytes, got ${actual}`
  return new ResponseError(tooLargeCode, message, {
    kind: 'too_large',
    retryable: false,
    limit,
    actual,
  })
}
