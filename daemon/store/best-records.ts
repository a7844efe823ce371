/** The first records of an order, as many as one answer holds, out of many that come in any order. */
import { compareSortKeys, type Order, type SortKey } from '../../sdk/filter/order.ts'
import type { Record } from '../../sdk/model.ts'

/** What an answer may hold. */
export interface PageBounds {
  /** Most records, from 1 up. */
  readonly limit: number
  /** Characters of all records together; one record may have more. */
  readonly maxLength: number
}

/** A record, and where it stands. */
export interface Candidate {
  readonly key: SortKey
  readonly record: Record
  /** In characters. */
  readonly length: number
}

/**
 * A page as its records are found. What was dropped once stays out, and so does everything after it: a page ends at the
 * first record that finds no room, and one that comes later must not take its place.
 */
export class BestRecords {
  readonly #order: Order
  readonly #bounds: PageBounds
  /** In order. */
  readonly #kept: Candidate[] = []
  #length = 0
  /** Where the first record that was dropped stands. */
  #end: SortKey | undefined

  constructor(order: Order, bounds: PageBounds) {
    this.#order = order
    this.#bounds = bounds
  }

  /** The records of the page, in order. */
  get records(): Record[] {
    return this.#kept.map(({ record }) => record)
  }

  /** The key of the last record, if there are records after it. */
  get nextKey(): SortKey | undefined {
    return this.#end === undefined ? undefined : this.#kept.at(-1)?.key
  }

  /** Whether a record with this key has no place on the page. */
  isOut(key: SortKey): boolean {
    return this.#end !== undefined && compareSortKeys(this.#order, key, this.#end) >= 0
  }

  add(candidate: Candidate): void {
    if (this.isOut(candidate.key)) return
    this.#kept.splice(this.#placeOf(candidate.key), 0, candidate)
    this.#length += candidate.length
    while (this.#isTooMuch()) {
      const dropped = this.#kept.pop()
      this.#length -= dropped?.length ?? 0
      this.#end = dropped?.key
    }
  }

  #isTooMuch(): boolean {
    const { limit, maxLength } = this.#bounds
    return this.#kept.length > limit || (this.#kept.length > 1 && this.#length > maxLength)
  }

  #placeOf(key: SortKey): number {
    let low = 0
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >> 1
      const there = this.#kept[middle]
      if (there && compareSortKeys(this.#order, there.key, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
