/** Keeps answers short enough to be made, sent and taken in one piece. */
import { OrionError } from '../../sdk/errors.ts'
import type { SqlRow } from './engine/engine.ts'

/** How much of an answer is taken up already. */
export class AnswerLength {
  readonly #maxLength: number
  #length = 0
  #count = 0

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** Whether a further part finds room; the first always does. Takes the room if so. */
  takes(length: number): boolean {
    if (this.#count > 0 && this.#length + length > this.#maxLength) return false
    this.#count++
    this.#length += length
    return true
  }
}

/** About how many characters a row has. */
export function lengthOf(row: SqlRow): number {
  let length = 0
  for (const value of Object.values(row)) if (typeof value === 'string') length += value.length
  return length
}

/** For an answer that can't be cut into pages. */
export function answerTooLong(limit: number, remedy: string): OrionError {
  const message = `expected an answer with at most ${limit} characters of records, got more`
  return new OrionError('too_large', message, { limit, actual: limit + 1, remedy })
}
