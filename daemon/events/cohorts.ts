/** The subscribers of one connection, grouped by how far they have been served. */
import { FanOut } from './fan-out.ts'
import type { Selection, Subscriber } from './subscriber.ts'

/** Subscribers at one position; they are served together. */
export interface Cohort {
  /** Everything up to here has been sent to them. */
  seq: number
  /** What is being sent to them ends here. */
  endSeq: number
  readonly fanOut: FanOut
  /** Whether one of them may be owed a gap or `synced`. */
  owing: boolean
}

/**
 * Cohorts by position. Those that arrive at one position become one, so that subscribers who keep up share
 * their notifications. In the order in which they were last served, so that none starves.
 */
export class Cohorts {
  readonly #bySeq = new Map<number, Cohort>()
  readonly #of = new Map<string, { readonly subscriber: Subscriber; cohort: Cohort }>()
  /** The cohort that is being served; nobody joins it meanwhile. */
  #serving: Cohort | undefined

  get size(): number {
    return this.#of.size
  }

  [Symbol.iterator](): Iterator<Cohort> {
    return this.#bySeq.values()
  }

  /** The lowest position of a subscriber; without any, more than every position. */
  get lowestSeq(): number {
    let lowest = this.#serving?.seq ?? Number.POSITIVE_INFINITY
    for (const seq of this.#bySeq.keys()) lowest = Math.min(lowest, seq)
    return lowest
  }

  /** Everything up to here has been sent to this subscriber; undefined when there is none with this id. */
  seqOf(id: string): number | undefined {
    return this.#of.get(id)?.cohort.seq
  }

  /** The newest position that a subscriber was told, or may be told at this moment. */
  toldSeq(id: string): number | undefined {
    const cohort = this.#of.get(id)?.cohort
    return cohort === undefined ? undefined : Math.max(cohort.seq, cohort.endSeq)
  }

  /** Whether a subscriber is still owed a gap. */
  isOwing(id: string): boolean {
    return this.#of.get(id)?.subscriber.gap !== undefined
  }

  /** The position of every subscriber. */
  *positions(): Generator<{ readonly subscriber: Subscriber; readonly seq: number }> {
    for (const { subscriber, cohort } of this.#of.values()) yield { subscriber, seq: cohort.seq }
  }

  /** A selection of one of the subscribers with this key. */
  selection(key: string): Selection | undefined {
    for (const { fanOut } of this.#bySeq.values()) {
      const selection = fanOut.selection(key)
      if (selection !== undefined) return selection
    }
    return undefined
  }

  add(subscriber: Subscriber, seq: number): void {
    let cohort = this.#bySeq.get(seq)
    if (cohort === undefined) {
      cohort = { seq, endSeq: seq, fanOut: new FanOut(), owing: true }
      this.#bySeq.set(seq, cohort)
    }
    cohort.owing = true
    cohort.fanOut.add(subscriber)
    this.#of.set(subscriber.id, { subscriber, cohort })
  }

  /** Takes a subscriber out, wherever it is; undefined when there is none with this id. */
  remove(id: string): Subscriber | undefined {
    const entry = this.#of.get(id)
    if (entry === undefined) return undefined
    this.#of.delete(id)
    const { subscriber, cohort } = entry
    cohort.fanOut.remove(subscriber)
    if (cohort.fanOut.isEmpty && this.#bySeq.get(cohort.seq) === cohort) {
      this.#bySeq.delete(cohort.seq)
    }
    return subscriber
  }

  /** Takes a cohort out while it is served, so that nobody joins it at its old position. */
  takeOut(cohort: Cohort): void {
    this.#bySeq.delete(cohort.seq)
    this.#serving = cohort
  }

  /** Puts a cohort back at its new position, joining it with the one that is there. */
  putBack(cohort: Cohort): void {
    this.#serving = undefined
    if (cohort.fanOut.isEmpty) return
    const there = this.#bySeq.get(cohort.seq)
    this.#bySeq.delete(cohort.seq)
    this.#bySeq.set(cohort.seq, cohort)
    if (there === undefined) return
    cohort.owing ||= there.owing
    for (const subscriber of there.fanOut.subscribers()) {
      cohort.fanOut.add(subscriber)
      const entry = this.#of.get(subscriber.id)
      if (entry !== undefined) entry.cohort = cohort
    }
  }

  /** The lowest position above this one at which somebody waits; a cohort stops there to join. */
  nextAbove(seq: number): number | undefined {
    let next: number | undefined
    for (const position of this.#bySeq.keys()) {
      if (position > seq && (next === undefined || position < next)) next = position
    }
    return next
  }
}
