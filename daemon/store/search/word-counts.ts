import type { IndexStatements } from './index-tables.ts'

/** Rows whose lengths are fetched together, if enough of them are asked for. */
const blockRows = 1024
const worthABlock = 12
/** Records that changed, until it is cheaper to forget all lengths. */
const changedMax = 1000

/**
 * How many words each record of a type has, kept in memory once they were asked for: a search for a common word needs
 * those of all records, and fetching them takes longer than finding them. Four bytes a record.
 */
export class WordCounts {
  /** By row; 0 where it is not known. */
  #counts = new Uint32Array(0)
  /** Ids of records that changed since they were fetched. */
  readonly #changed = new Set<string>()

  /** Notes that the words of a record may have changed, or that the change may have been taken back. */
  note(id: string): void {
    if (this.#counts.length === 0) return
    if (this.#changed.size >= changedMax) this.forgetAll()
    else this.#changed.add(id)
  }

  /** A row that is free may be given to another record. */
  forgetAll(): void {
    this.#counts = new Uint32Array(0)
    this.#changed.clear()
  }

  /** Makes sure that the counts of some rows are there; they are given in ascending order. */
  fetch(statements: IndexStatements, rows: readonly number[]): void {
    this.#forgetChanged(statements)
    this.#grow(rows.at(-1) ?? 0)
    const counts = this.#counts
    for (let from = 0; from < rows.length; ) {
      const block = Math.floor((rows[from] ?? 0) / blockRows)
      const missing: number[] = []
      let next = from
      for (; next < rows.length && Math.floor((rows[next] ?? 0) / blockRows) === block; next += 1) {
        const row = rows[next] ?? 0
        if (counts[row] === 0) missing.push(row)
      }
      if (missing.length >= worthABlock) {
        const [after, upTo] = [block * blockRows - 1, (block + 1) * blockRows - 1]
        statements.eachLength(after, upTo, (row, length) => {
          if (row < counts.length) counts[row] = length
        })
      } else {
        for (const row of missing) counts[row] = statements.lengthOf(row)
      }
      from = next
    }
  }

  /** How many words a row has; it must have been fetched. */
  of(row: number): number {
    return this.#counts[row] ?? 0
  }

  #forgetChanged(statements: IndexStatements): void {
    if (this.#changed.size === 0) return
    for (const row of statements.rowsOf([...this.#changed])) {
      if (row < this.#counts.length) this.#counts[row] = 0
    }
    this.#changed.clear()
  }

  #grow(row: number): void {
    if (row < this.#counts.length) return
    const grown = new Uint32Array(Math.ceil(Math.max(row + 1, this.#counts.length * 1.5) / 64) * 64)
    grown.set(this.#counts)
    this.#counts = grown
  }
}
