/** Many hits, of which the best are wanted one after the other. */
import type { HitPlace } from './search-cursor.ts'

/** Hits in any order, as numbers beside one another: there may be a million. */
export class HitList {
  #types = new Uint16Array(64)
  #rows = new Float64Array(64)
  #scores = new Float64Array(64)
  #length = 0
  /** The indexes of hits as a heap, the best on top, once it was asked for. */
  #heap: Uint32Array | undefined

  get length(): number {
    return this.#length
  }

  /** @param type - Among the types that are searched; they are in the order of their names. */
  add(type: number, row: number, score: number): void {
    if (this.#length === this.#rows.length) this.#grow()
    this.#types[this.#length] = type
    this.#rows[this.#length] = row
    this.#scores[this.#length] = score
    this.#length += 1
  }

  /** Takes the best away; undefined when there is none left. Nothing is added after the first call. */
  takeBest(): { readonly type: number; readonly row: number; readonly score: number } | undefined {
    this.#heap ??= this.#heapify()
    const heap = this.#heap
    if (this.#length === 0) return undefined
    const best = heap[0] ?? 0
    this.#length -= 1
    heap[0] = heap[this.#length] ?? 0
    this.#sink(heap, 0)
    return {
      type: this.#types[best] ?? 0,
      row: this.#rows[best] ?? 0,
      score: this.#scores[best] ?? 0,
    }
  }

  #grow(): void {
    const length = this.#rows.length * 2
    this.#types = copyInto(new Uint16Array(length), this.#types)
    this.#rows = copyInto(new Float64Array(length), this.#rows)
    this.#scores = copyInto(new Float64Array(length), this.#scores)
  }

  #heapify(): Uint32Array {
    const heap = Uint32Array.from({ length: this.#length }, (_, index) => index)
    for (let at = (this.#length >> 1) - 1; at >= 0; at -= 1) this.#sink(heap, at)
    return heap
  }

  #sink(heap: Uint32Array, from: number): void {
    const length = this.#length
    const moved = heap[from] ?? 0
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) break
      if (child + 1 < length && this.#isBefore(heap[child + 1] ?? 0, heap[child] ?? 0)) child += 1
      if (!this.#isBefore(heap[child] ?? 0, moved)) break
      heap[at] = heap[child] ?? 0
      at = child
    }
    heap[at] = moved
  }

  #isBefore(left: number, right: number): boolean {
    const byScore = (this.#scores[left] ?? 0) - (this.#scores[right] ?? 0)
    if (byScore !== 0) return byScore > 0
    const byType = (this.#types[left] ?? 0) - (this.#types[right] ?? 0)
    if (byType !== 0) return byType < 0
    return (this.#rows[left] ?? 0) > (this.#rows[right] ?? 0)
  }
}

/** Whether a hit comes after another one. */
export function isAfter(hit: HitPlace, other: HitPlace): boolean {
  if (hit.score !== other.score) return hit.score < other.score
  if (hit.type !== other.type) return hit.type > other.type
  return hit.row < other.row
}

function copyInto<A extends Uint16Array | Float64Array>(to: A, from: A): A {
  to.set(from)
  return to
}

/** Numbers beside one another, as many as come. */
export class Float64List {
  #values = new Float64Array(256)
  #length = 0

  /** Those that were pushed, and room behind them. */
  get values(): Float64Array {
    return this.#values
  }

  push(more: Float64Array): void {
    if (this.#length + more.length > this.#values.length) {
      const length = 2 * (this.#length + more.length)
      this.#values = copyInto(new Float64Array(length), this.#values)
    }
    this.#values.set(more, this.#length)
    this.#length += more.length
  }
}
