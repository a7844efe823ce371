import { isUtf8 } from 'node:buffer'
import { AbstractMessageReader, type DataCallback, type Disposable } from 'vscode-jsonrpc/node'
import type { FramingGuard } from './framing-guard.ts'
import type { Link } from './link.ts'
import type { TransportLimits } from './transport-limits.ts'

/**
 * Hands the messages of a link to the JSON-RPC library, through the framing guard.
 *
 * The work of one turn of the event loop is bounded: after so many messages or bytes the link is
 * paused, and reading goes on in the next turn, so that one busy peer can't starve the others. How long the messages
 * may take to handle in one turn is bounded by the dispatch (`same-turn-dispatch.ts`).
 */
export class GuardedMessageReader extends AbstractMessageReader {
  readonly #link: Link
  readonly #guard: FramingGuard
  readonly #limits: TransportLimits
  readonly #events: ReaderEvents
  #callback: DataCallback | undefined
  #state: 'open' | 'held' | 'done' = 'open'
  #peerEnded = false
  /** The rest of the input, due in the next turn. */
  #rest: NodeJS.Immediate | undefined

  constructor(link: Link, guard: FramingGuard, limits: TransportLimits, events: ReaderEvents) {
    super()
    this.#link = link
    this.#guard = guard
    this.#limits = limits
    this.#events = events
  }

  override listen(callback: DataCallback): Disposable {
    this.#callback = callback
    this.#continue()
    return { dispose: () => this.stop() }
  }

  override dispose(): void {
    this.stop()
    super.dispose()
  }

  /** Reads what has come. Called by the transport when its link has something to read. */
  read(): void {
    if (this.#rest === undefined) this.#readTurn()
  }

  /** Reads on if it stopped because it had to hold. Called when the reason may be gone. */
  release(): void {
    if (this.#state !== 'held') return
    this.#state = 'open'
    this.#continue()
  }

  /** Notes that the peer sends no more; `onInputEnd` follows when all of it was handed on. */
  endOfInput(): void {
    this.#peerEnded = true
    this.read()
  }

  /** Hands nothing on any more. */
  stop(): void {
    this.#state = 'done'
    this.#callback = undefined
    if (this.#rest !== undefined) clearImmediate(this.#rest)
    this.#rest = undefined
  }

  /** Tells the library that the transport is closed. */
  closed(reason: Error | undefined): void {
    this.stop()
    if (reason !== undefined) this.fireError(reason)
    this.fireClose()
  }

  #continue(): void {
    this.#rest ??= setImmediate(() => {
      this.#rest = undefined
      this.#readTurn()
    })
  }

  #readTurn(): void {
    if (this.#state === 'open' && this.#events.mustHold()) {
      this.#state = 'held'
      this.#link.setPaused(true)
    }
    let messages = 0
    let bytes = 0
    while (this.#state === 'open' && this.#callback !== undefined) {
      if (messages >= this.#limits.turnMaxMessages || bytes >= this.#limits.turnMaxBytes) {
        this.#link.setPaused(true)
        this.#continue()
        return
      }
      const body = this.#next()
      if (body === undefined) return
      messages++
      bytes += body.length
      this.#handOn(body)
    }
  }

  /** The next body; without one, asks for more input or tells that none will come. */
  #next(): Buffer | string | undefined {
    try {
      const body = this.#link.next()
      if (body !== undefined) return body
    } catch (error) {
      this.stop()
      this.#events.onBrokenFraming(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
    if (this.#peerEnded) this.#events.onInputEnd()
    else this.#link.setPaused(false)
    return undefined
  }

  #handOn(body: Buffer | string): void {
    const text = typeof body === 'string' ? body : decodeUtf8(body)
    if (text === undefined) {
      this.#guard.refuseEncoding()
      return
    }
    const message = this.#guard.accept(text)
    if (message === undefined) return
    try {
      this.#callback?.(message)
    } catch (error) {
      this.fireError(error)
    }
  }
}

/** What the reader tells the transport it belongs to. */
export interface ReaderEvents {
  /** The peer's bytes can't be cut into messages any more. */
  onBrokenFraming(error: Error): void
  /** The peer has ended its side and all it sent was handed on. */
  onInputEnd(): void
  /** Whether to read nothing until `release`; asked once a turn. */
  mustHold(): boolean
}

/**
 * The text of a body, or `undefined` if it is not UTF-8.
 *
 * Decoding puts U+FFFD for each broken sequence, so only text that holds it needs a second look.
 */
function decodeUtf8(body: Buffer): string | undefined {
  const text = body.toString()
  return text.includes('\ufffd') && !isUtf8(body) ? undefined : text
}
