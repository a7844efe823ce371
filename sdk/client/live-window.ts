import type { Record } from '../model.ts'
import type { OrderedRecords } from './ordered-records.ts'

/** The first records of a list, as far as they can be told from the changes of single records. */
export class LiveWindow {
  readonly records: OrderedRecords
  readonly #compare: (left: Record, right: Record) => number
  readonly #limit: number
  /** Whether no record fits that is not here. */
  #complete: boolean

  constructor(
    compare: (left: Record, right: Record) => number,
    page: {
      readonly records: OrderedRecords
      readonly limit: number
      readonly complete: boolean
    },
  ) {
    this.records = page.records
    this.#compare = compare
    this.#limit = page.limit
    this.#complete = page.complete
  }

  clone(): LiveWindow {
    const page = { records: this.records.clone(), limit: this.#limit, complete: this.#complete }
    return new LiveWindow(this.#compare, page)
  }

  /** Whether it makes a difference here that a record is now as given, or fits no more. */
  concerns(id: string, record: Record | undefined): boolean {
    if (this.records.get(id) !== undefined) return true
    if (record === undefined) return false
    const { last } = this.records
    return this.#complete || last === undefined || this.#compare(record, last) < 0
  }

  /**
   * Takes in that a record is now as given, or fits no more.
   *
   * @returns `unknown` when a record that is not here may belong in: only a list can tell.
   */
  take(id: string, record: Record | undefined): 'known' | 'unknown' {
    const before = this.records.get(id)
    if (record === undefined) {
      if (before === undefined) return 'known'
      this.records.delete(id)
      return this.#complete ? 'known' : 'unknown'
    }
    if (before !== undefined) return this.#change(before, record)
    const { last } = this.records
    if (!this.#complete && last !== undefined && this.#compare(record, last) > 0) return 'known'
    this.records.put(record)
    if (this.records.size > this.#limit) {
      this.records.delete(this.records.last?.id ?? '')
      this.#complete = false
    }
    return 'known'
  }

  #change(before: Record, record: Record): 'known' | 'unknown' {
    this.records.put(record)
    if (this.#complete || this.#compare(record, before) <= 0) return 'known'
    // It moved back, and is the last one now: another may come before it.
    return this.records.last === record ? 'unknown' : 'known'
  }
}
