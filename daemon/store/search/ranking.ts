/** How well a record fits a query: Okapi BM25 over the weighted fields, the same on every engine. */
import type { Phrase, Positive } from './query.ts'

/** How much more often a phrase counts when it occurs more often; a usual value. */
const saturation = 1.2
/** How much a long text counts less than a short one, from 0 (not at all) to 1; a usual value. */
const lengthBias = 0.75
/** What is known of the records that are searched, by which their scores are made; as of when the search began. */
export interface Statistics {
  /** How many records are searched, those of all types together. */
  readonly documents: number
  /** By the index of a phrase: how many of them have it. */
  readonly documentsWith: readonly number[]
}

/**
 * How much a phrase tells, by how few records have it: one measure for all types, or they could not be compared. It is
 * never nothing: in a store of ten records a word that six of them have still tells something.
 */
export function rarenesses({ documents, documentsWith }: Statistics): Float64Array {
  return Float64Array.from(documentsWith, (count) =>
    Math.log(1 + Math.max(0, documents - count + 0.5) / (count + 0.5)),
  )
}

/** Makes scores of the hits of one type. */
export class Scorer {
  readonly #numbered: Numbered
  readonly #rareness: Float64Array
  readonly #weights: Float64Array
  readonly #averageLength: number
  /** Of one hit: how often each phrase occurs, by weight; and as far as it counts. */
  readonly #occurring: Float64Array
  readonly #counting: Float64Array
  readonly #isPlain: boolean

  constructor(parts: {
    readonly positive: Positive
    readonly phrases: readonly Phrase[]
    readonly rareness: Float64Array
    /** Of the fields, in the order of the columns. */
    readonly weights: readonly number[]
    /** Words in a record of the type, on average. */
    readonly averageLength: number
  }) {
    this.#numbered = numberPhrases(parts.positive, { next: 0 })
    this.#rareness = parts.rareness
    this.#weights = Float64Array.from(parts.weights)
    this.#averageLength = Math.max(1, parts.averageLength)
    this.#occurring = new Float64Array(parts.phrases.length)
    this.#counting = new Float64Array(parts.phrases.length)
    this.#isPlain = isPlain(parts.positive)
  }

  /** How many numbers `frequencies` gives of each hit: one for each phrase. */
  get width(): number {
    return this.#occurring.length
  }

  /** How often each phrase of a hit counts, by the weights of the fields it occurs in. It is good until the next call. */
  frequencies(counts: Int32Array, at: number): Float64Array {
    const [occurring, weights] = [this.#occurring, this.#weights]
    const columns = weights.length
    for (let phrase = 0; phrase < occurring.length; phrase += 1) {
      let sum = 0
      for (let column = 0; column < columns; column += 1) {
        const count = counts[at + phrase * columns + column] ?? 0
        if (count > 0) sum += count * (weights[column] ?? 0)
      }
      occurring[phrase] = sum
    }
    if (this.#isPlain) return occurring
    // Of `a OR (b c)` a record that has `a` and `b` fits by `a` alone. The modules do not agree on whether `b` counts.
    this.#counting.fill(0)
    this.#count(this.#numbered)
    return this.#counting
  }

  /**
   * The score of a hit.
   *
   * @param frequencies - Those of many hits.
   * @param at - Where those of this one begin.
   * @param length - How many words it has.
   */
  score(frequencies: Float64Array, at: number, length: number): number {
    const norm = saturation * (1 - lengthBias + (lengthBias * length) / this.#averageLength)
    let score = 0
    for (let phrase = 0; phrase < this.#rareness.length; phrase += 1) {
      const often = frequencies[at + phrase] ?? 0
      score += ((this.#rareness[phrase] ?? 0) * often * (saturation + 1)) / (often + norm)
    }
    return score
  }

  #count(sought: Numbered): void {
    if (sought.kind === 'phrase') {
      this.#counting[sought.index] = this.#occurring[sought.index] ?? 0
      return
    }
    for (const part of sought.parts) if (this.#fits(part)) this.#count(part)
  }

  #fits(sought: Numbered): boolean {
    if (sought.kind === 'phrase') return (this.#occurring[sought.index] ?? 0) > 0
    return sought.kind === 'all'
      ? sought.parts.every((part) => this.#fits(part))
      : sought.parts.some((part) => this.#fits(part))
  }
}

/** What is looked for, with each phrase by its place among them. */
type Numbered =
  | { readonly kind: 'phrase'; readonly index: number }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Numbered[] }

function numberPhrases(positive: Positive, from: { next: number }): Numbered {
  if (positive.kind === 'phrase') return { kind: 'phrase', index: from.next++ }
  const { kind, parts } = positive
  return { kind, parts: parts.map((part) => numberPhrases(part, from)) }
}

/** Whether every phrase that occurs counts. */
function isPlain(positive: Positive): boolean {
  return positive.kind === 'phrase' || positive.parts.every(({ kind }) => kind === 'phrase')
}
