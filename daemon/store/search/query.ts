/** What somebody typed, as what is looked for. No text breaks it: what means nothing is left out. */
import { OrionError } from '../../../sdk/errors.ts'
import { type Word, words } from './words.ts'

/** Words that follow one another. With `isPrefix`, the last of them may go on. */
export interface Phrase {
  readonly kind: 'phrase'
  readonly words: readonly string[]
  readonly isPrefix: boolean
}

/** What is looked for. `not` stands only beside something that is looked for. */
export type Sought =
  | Phrase
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Sought[] }
  | { readonly kind: 'not'; readonly wanted: Sought; readonly unwanted: Sought }

/** What is looked for without what must not be there. */
export type Positive =
  | Phrase
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Positive[] }

/** A query. */
export interface SearchQuery {
  readonly sought: Sought
  /** What may be found: what is left when every `not` is only what it wants. By it hits are ranked and marked. */
  readonly positive: Positive
  /** Those of `positive`, in their order. */
  readonly phrases: readonly Phrase[]
}

/** How large a query may be. */
export interface QueryLimits {
  /** Characters. */
  readonly searchQueryMaxLength: number
  /** Words and phrases. */
  readonly searchWordsMax: number
  /** Levels of parentheses. */
  readonly searchDepthMax: number
}

/**
 * Parses a query. Words are all looked for; `OR` (or `|`) between them makes one enough, `NOT` or `-` before one means
 * that it must not be there; quotes hold a phrase together; `*` behind a word stands for any ending; parentheses group.
 *
 * @returns undefined when nothing is looked for: punctuation alone, or nothing but what must not be there.
 * @throws OrionError `too_large`.
 */
export function parseQuery(text: string, limits: QueryLimits): SearchQuery | undefined {
  const { searchQueryMaxLength: limit } = limits
  if (text.length > limit) throw tooLarge('characters', { limit, actual: text.length })
  const sought = new Parser(partsOf(text), limits).any(0)
  if (sought === undefined) return undefined
  const positive = positiveOf(sought)
  return { sought, positive, phrases: phrasesOf(positive) }
}

function positiveOf(sought: Sought): Positive {
  switch (sought.kind) {
    case 'phrase':
      return sought
    case 'not':
      return positiveOf(sought.wanted)
    case 'all':
    case 'any':
      return { kind: sought.kind, parts: sought.parts.map(positiveOf) }
  }
}

function phrasesOf(positive: Positive): Phrase[] {
  return positive.kind === 'phrase' ? [positive] : positive.parts.flatMap(phrasesOf)
}

type Part = '(' | ')' | 'or' | 'and' | 'not' | { readonly text: string; readonly isPrefix: boolean }

/** A quoted text (to the end if it is not closed), a parenthesis, or all up to a space. */
const form = /"([^"]*)(?:"(\*?)|$)|([()|])|([^\s"()|]+)/g

function partsOf(text: string): Part[] {
  const parts: Part[] = []
  for (const [, quoted, star, sign, word] of text.matchAll(form)) {
    if (quoted !== undefined) parts.push({ text: quoted, isPrefix: star === '*' })
    else if (sign === '(' || sign === ')') parts.push(sign)
    else if (sign === '|' || word === 'OR') parts.push('or')
    else if (word === 'AND' || word === '&' || word === '&&' || word === '+') parts.push('and')
    else if (word === 'NOT' || word === '-' || word === '!') parts.push('not')
    else if (word !== undefined) pushWord(parts, word)
  }
  return parts
}

function pushWord(parts: Part[], word: string): void {
  // Two of them begin the name of an option, which is looked for.
  const isNot = /^-[^-]/.test(word)
  if (isNot) parts.push('not')
  parts.push({ text: isNot ? word.slice(1) : word, isPrefix: word.endsWith('*') })
}

class Parser {
  readonly #parts: readonly Part[]
  readonly #limits: QueryLimits
  #at = 0
  #words = 0

  constructor(parts: readonly Part[], limits: QueryLimits) {
    this.#parts = parts
    this.#limits = limits
  }

  /** Up to the parenthesis that closes, or the end. */
  any(depth: number): Sought | undefined {
    const { searchDepthMax: limit } = this.#limits
    if (depth > limit) throw tooLarge('levels of parentheses', { limit, actual: depth })
    const found: Sought[] = []
    for (;;) {
      const all = this.#all(depth)
      if (all !== undefined) found.push(all)
      if (this.#peek() !== 'or') break
      this.#at += 1
    }
    return joined('any', found)
  }

  #all(depth: number): Sought | undefined {
    const wanted: Sought[] = []
    const unwanted: Sought[] = []
    let isNot = false
    for (;;) {
      const part = this.#peek()
      if (part === undefined || part === 'or' || (part === ')' && depth > 0)) break
      this.#at += 1
      if (part === 'and' || part === ')') continue
      if (part === 'not') {
        isNot = !isNot
        continue
      }
      const found = part === '(' ? this.#group(depth) : this.#phrase(part)
      if (found !== undefined) (isNot ? unwanted : wanted).push(found)
      isNot = false
    }
    const all = joined('all', wanted)
    const none = joined('any', unwanted)
    if (all === undefined || none === undefined) return all
    return { kind: 'not', wanted: all, unwanted: none }
  }

  #group(depth: number): Sought | undefined {
    const found = this.any(depth + 1)
    if (this.#peek() === ')') this.#at += 1
    return found
  }

  #phrase({ text, isPrefix }: Exclude<Part, string>): Sought | undefined {
    const found = soughtWords([...words(text)])
    if (found === undefined) return undefined
    this.#words += found.words.length
    const { searchWordsMax: limit } = this.#limits
    if (this.#words > limit) throw tooLarge('words', { limit, actual: this.#words })
    return { kind: 'phrase', ...found, isPrefix: isPrefix || found.isPrefix }
  }

  #peek(): Part | undefined {
    return this.#parts[this.#at]
  }
}

/**
 * In writing without spaces the last character of what is looked for need not be the last of its run, as it is in the
 * index: it is part of the pair before it, and alone it may be the first of a pair.
 */
function soughtWords(
  found: readonly Word[],
): { readonly words: readonly string[]; readonly isPrefix: boolean } | undefined {
  const last = found.at(-1)
  if (last === undefined) return undefined
  const all = found.map(({ word }) => word)
  if (last.kind !== 'last') return { words: all, isPrefix: false }
  if (found.at(-2)?.kind === 'pair') return { words: all.slice(0, -1), isPrefix: false }
  return { words: all, isPrefix: true }
}

function joined(kind: 'all' | 'any', parts: readonly Sought[]): Sought | undefined {
  const [first, ...rest] = parts
  return rest.length === 0 ? first : { kind, parts }
}

function tooLarge(
  what: string,
  { limit, actual }: { readonly limit: number; readonly actual: number },
): OrionError {
  return new OrionError('too_large', `query: expected at most ${limit} ${what}, got ${actual}`, {
    limit,
    actual,
    remedy: 'look for fewer words',
  })
}
