import type { Record } from '../model.ts'

/** Records of one type by id, and in an order that has no ties. */
export class OrderedRecords {
  readonly #compare: (left: Record, right: Record) => number
  readonly #byId: Map<string, Record>
  readonly #sorted: Record[]
  #copy: readonly Record[] | undefined

  /**
   * @param compare - Zero only for a record and itself.
   * @param given - Whether the records are in this order already.
   */
  constructor(
    compare: (left: Record, right: Record) => number,
    records: readonly Record[] = [],
    given: 'unsorted' | 'sorted' = 'unsorted',
  ) {
    this.#compare = compare
    this.#sorted = given === 'sorted' ? [...records] : records.toSorted(compare)
    this.#byId = new Map(records.map((record) => [record.id, record]))
  }

  get size(): number {
    return this.#sorted.length
  }

  get last(): Record | undefined {
    return this.#sorted.at(-1)
  }

  get(id: string): Record | undefined {
    return this.#byId.get(id)
  }

  ids(): IterableIterator<string> {
    return this.#byId.keys()
  }

  /** Adds a record, or puts it in the place of the one with its id. */
  put(record: Record): void {
    this.delete(record.id)
    this.#byId.set(record.id, record)
    this.#sorted.splice(this.#placeOf(record), 0, record)
  }

  delete(id: string): void {
    const record = this.#byId.get(id)
    if (record === undefined) return
    this.#copy = undefined
    this.#byId.delete(id)
    this.#sorted.splice(this.#placeOf(record), 1)
  }

  /** The records in order; the list is not changed by what happens later. */
  list(): readonly Record[] {
    this.#copy ??= [...this.#sorted]
    return this.#copy
  }

  /** The records with these ids, in order. */
  sorted(ids: Iterable<string>): Record[] {
    return [...ids].flatMap((id) => this.#byId.get(id) ?? []).sort(this.#compare)
  }

  /** Another set with the same records. */
  clone(): OrderedRecords {
    return new OrderedRecords(this.#compare, this.#sorted, 'sorted')
  }

  /** How many records come before this one. */
  #placeOf(record: Record): number {
    this.#copy = undefined
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#sorted[middle]
      if (other !== undefined && this.#compare(other, record) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
