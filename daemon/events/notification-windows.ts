/** How the events of one delivery are cut into notifications. */
import type { Event } from '../../sdk/model.ts'
import type { EventEncoder } from './event-encoder.ts'
import type { Delivery } from './fan-out.ts'

/** The events of one notification as JSON text, without brackets. */
export interface EventsWindow {
  readonly json: string
  /** The position that this notification brings its reader to. */
  readonly seq: number
  /** One of several parts of a transaction that is over the size limit. */
  readonly partial: boolean
}

/** What bounds a notification. */
export interface WindowBounds {
  /** The position after the whole batch, also when its last events are for others. */
  readonly endSeq: number
  readonly notificationMaxLength: number
}

/**
 * Cuts a delivery into notifications of at most its window of events, never within a transaction.
 *
 * A transaction whose text is longer than the bound is sent in parts. All but its last part carry the position
 * before the transaction, so that after a break the whole of it comes again.
 */
export function cutWindows(
  delivery: Delivery,
  encoder: EventEncoder,
  bounds: WindowBounds,
): EventsWindow[] {
  const cutter = new WindowCutter(delivery, encoder, bounds)
  return cutter.cut()
}

class WindowCutter {
  readonly #delivery: Delivery
  readonly #encoder: EventEncoder
  readonly #bounds: WindowBounds
  readonly #windows: EventsWindow[] = []
  #texts: string[] = []
  #length = 0
  #lastSeq = 0

  constructor(delivery: Delivery, encoder: EventEncoder, bounds: WindowBounds) {
    this.#delivery = delivery
    this.#encoder = encoder
    this.#bounds = bounds
  }

  cut(): EventsWindow[] {
    const { events, windowEvents } = this.#delivery
    for (let start = 0; start < events.length; ) {
      const end = transactionEnd(events, start)
      const texts = this.#encode(start, end)
      const length = lengthOf(texts)
      const tooMany = this.#texts.length + texts.length > windowEvents
      if (tooMany || this.#length + length > this.#bounds.notificationMaxLength) this.#flush()
      const lastSeq = events[end - 1]?.seq ?? this.#bounds.endSeq
      if (length > this.#bounds.notificationMaxLength) {
        this.#sendParts(texts, { txn: events[start]?.txn ?? lastSeq, lastSeq })
      } else {
        this.#texts.push(...texts)
        this.#length += length
        this.#lastSeq = lastSeq
      }
      start = end
    }
    this.#flush()
    return this.#reachingTheEnd()
  }

  #encode(start: number, end: number): string[] {
    const { events, include, matches, skips } = this.#delivery
    const texts: string[] = []
    for (let index = start; index < end; index++) {
      const event = events[index]
      if (event === undefined) continue
      const marks = { match: matches?.[index], skipped: skips?.[index] }
      texts.push(this.#encoder.encode(event, include, marks))
    }
    return texts
  }

  #flush(): void {
    if (this.#texts.length === 0) return
    this.#windows.push({ json: this.#texts.join(','), seq: this.#lastSeq, partial: false })
    this.#texts = []
    this.#length = 0
  }

  #sendParts(texts: readonly string[], span: { readonly txn: number; readonly lastSeq: number }) {
    let part: string[] = []
    let length = 0
    const push = (seq: number): void => {
      this.#windows.push({ json: part.join(','), seq, partial: true })
      part = []
      length = 0
    }
    for (const text of texts) {
      if (part.length > 0 && length + text.length > this.#bounds.notificationMaxLength) {
        push(span.txn - 1)
      }
      part.push(text)
      length += text.length + 1
    }
    push(span.lastSeq)
  }

  /** The last notification brings its reader to the end of the batch, past what was for others. */
  #reachingTheEnd(): EventsWindow[] {
    const last = this.#windows.pop()
    if (last !== undefined) this.#windows.push({ ...last, seq: this.#bounds.endSeq })
    return this.#windows
  }
}

function transactionEnd(events: readonly Event[], start: number): number {
  const txn = events[start]?.txn
  let end = start + 1
  while (events[end]?.txn === txn && end < events.length) end++
  return end
}

function lengthOf(texts: readonly string[]): number {
  let length = 0
  for (const text of texts) length += text.length + 1
  return length
}
