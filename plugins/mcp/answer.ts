import { countTokens } from './token-count.ts'

/**
 * The text of an answer, a line at a time, within a number of tokens. What does not fit is counted, not cut, so that the
 * reader knows what he has not seen.
 */
export class Answer {
  readonly #lines: string[] = []
  #left: number
  #omitted = 0

  /** @param maxTokens - The most that the lines may take together. */
  constructor(maxTokens: number) {
    this.#left = maxTokens - lastLineTokens
  }

  /** Lines that did not fit. */
  get omitted(): number {
    return this.#omitted
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0
  }

  /** Adds a line that has to be there. */
  say(line: string): this {
    this.#lines.push(line)
    this.#left -= countTokens(line) + 1
    return this
  }

  /** Adds a line if there is room for it, and for every line before it. */
  offer(line: string): boolean {
    const tokens = countTokens(line) + 1
    const isFirst = this.#lines.length === 0
    if (this.#omitted > 0 || (tokens > this.#left && !isFirst)) {
      this.#omitted++
      return false
    }
    this.#lines.push(tokens > this.#left ? shorten(line, this.#left) : line)
    this.#left -= tokens
    return true
  }

  toString(): string {
    return this.#lines.join('\n')
  }
}

/** What the last line takes, which tells how to go on. */
const lastLineTokens = 24

/** Cuts a line so that it takes so many tokens, and says so. */
export function shorten(line: string, maxTokens: number): string {
  const ellipsis = ' …(cut; ask for more tokens)'
  let low = 0
  let high = line.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (countTokens(line.slice(0, middle)) + 12 <= maxTokens) low = middle
    else high = middle - 1
  }
  return line.slice(0, low) + ellipsis
}
