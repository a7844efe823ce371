/** A snapshot on its way to one subscriber. */
import type { Record } from '../../sdk/model.ts'
import type { EventSource } from './event-source.ts'
import { unawaitedMaxLength } from './notification-writer.ts'
import { matchedTypes } from './record-topics.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * Reads the records of a subscription as of one position, a slice at a time, while others write.
 *
 * Between two slices it keeps a type and a row, nothing else: a snapshot that nobody takes costs a position.
 */
export class SnapshotRun {
  readonly subscriber: Subscriber
  readonly #source: EventSource
  #seq: number
  #types: readonly string[]
  #type = 0
  #afterRow = 0
  #limit = firstLimit

  constructor(subscriber: Subscriber, source: EventSource, seq: number) {
    this.subscriber = subscriber
    this.#source = source
    this.#seq = seq
    this.#types = this.#matched()
  }

  /** The position that every record is as of. */
  get seq(): number {
    return this.#seq
  }

  /** Begins again as of a later position: what was read before is void. */
  restart(seq: number): void {
    this.#seq = seq
    this.#types = this.#matched()
    this.#type = 0
    this.#afterRow = 0
  }

  get isDone(): boolean {
    return this.#type >= this.#types.length
  }

  /** The next records; there may be none although it is not done. */
  next(): readonly Record[] {
    const type = this.#types[this.#type]
    if (type === undefined) return []
    const slice = this.#source.readSnapshot({
      type,
      seq: this.#seq,
      afterRow: this.#afterRow,
      limit: this.#limit,
    })
    if (slice.afterRow === undefined) {
      this.#type++
      this.#afterRow = 0
    } else {
      this.#afterRow = slice.afterRow
    }
    const { filter } = this.subscriber.selection
    if (filter === undefined) return slice.records
    return slice.records.filter((record) => filter.fits(record))
  }

  /** Reads fewer records at a time when they are long. */
  adapt(length: number): void {
    if (length > unawaitedMaxLength) this.#limit = Math.max(1, this.#limit >> 1)
    else if (length < unawaitedMaxLength / 4) this.#limit = Math.min(limitMax, this.#limit * 2)
  }

  #matched(): readonly string[] {
    const { patterns, reads } = this.subscriber.selection
    const types = matchedTypes(patterns, this.#source.typeNames())
    return reads === undefined ? types : types.filter((type) => reads.has(type))
  }
}

const firstLimit = 16
/** Most records of one slice, when they are short. */
const limitMax = 256
