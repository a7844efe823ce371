/**
 * The syntax of topic patterns, read and put into the one form that is compiled.
 *
 * What cannot match any topic is refused here with a reason, so that a slip of the pen is an error and not a
 * silence. A topic holds no white space, no control character and none of `* ? [ ] { } ! , \`.
 */

/** A pattern as it was read: its plain form, or why it is none. */
export type PatternReading =
  | {
      readonly ok: true
      readonly canonical: string
      readonly literal: boolean
      /** How many patterns without braces it stands for. */
      readonly alternatives: number
    }
  | { readonly ok: false; readonly problem: string }

/** Most alternatives that the braces of one pattern may make in all. */
export const alternativesMax = 256

/** Stands for `/` in compiled patterns and in topics, so that it separates nothing. No topic holds it. */
export const slashStandIn = '\u0001'

/**
 * Reads a pattern.
 *
 * The canonical form has each run of `*` as one, `{a}` as `a`, and a `$` before `{` in brackets, because the
 * matcher gives those a meaning of its own.
 */
export function readPattern(text: string, patternMaxLength: number): PatternReading {
  if (text.length === 0) return refuse('expected a pattern, got an empty text')
  if (text.length > patternMaxLength) {
    return refuse(
      `expected a pattern of at most ${patternMaxLength} characters, got ${text.length}`,
    )
  }
  const foreign = /[\s\p{Cc}\p{Cs}\\]/u.exec(text)
  if (foreign !== null) {
    return refuse(`a topic never holds ${JSON.stringify(foreign[0])}, so the pattern matches none`)
  }
  const reader = new PatternReader(text)
  const problem = reader.read()
  if (problem !== undefined) return refuse(problem)
  const { canonical, literal, alternatives } = reader
  return { ok: true, canonical, literal, alternatives }
}

function refuse(problem: string): PatternReading {
  return { ok: false, problem }
}

/** An open brace: where its canonical text began, and how many alternatives it holds so far. */
interface Brace {
  readonly start: number
  /** Alternatives that were closed by a comma. */
  closed: number
  /** Alternatives that the present part makes by the braces in it. */
  product: number
  parts: number
}

/** One pass over a pattern; counts alternatives without making them. */
class PatternReader {
  readonly #text: string
  readonly #braces: Brace[] = []
  #at = 0
  #product = 1
  canonical = ''
  literal = true

  constructor(text: string) {
    this.#text = text
  }

  /** How many patterns without braces it stands for, once it was read. */
  get alternatives(): number {
    return this.#product
  }

  /** The first problem; undefined when the pattern is sound. */
  read(): string | undefined {
    while (this.#at < this.#text.length) {
      const problem = this.#readOne(this.#text.charAt(this.#at))
      if (problem !== undefined) return problem
    }
    if (this.#braces.length > 0) return 'expected a } for each {'
    return undefined
  }

  #readOne(character: string): string | undefined {
    switch (character) {
      case '[':
        return this.#readClass()
      case '{':
        return this.#openBrace()
      case ',':
        return this.#nextAlternative()
      case '}':
        return this.#closeBrace()
      case ']':
        return 'expected a [ before ]'
      case '!':
        return 'expected ! only at the start of a class, as in [!ab]: patterns are not negated'
      default:
        return this.#readPlain(character)
    }
  }

  #readPlain(character: string): undefined {
    this.#at++
    if (character === '*' || character === '?') this.literal = false
    if (character === '*' && this.canonical.endsWith('*')) return
    if (character === '$') this.canonical += '[$]'
    else this.canonical += character === '/' ? slashStandIn : character
  }

  #readClass(): string | undefined {
    const negated = /[!^]/.test(this.#text.charAt(this.#at + 1))
    const start = this.#at + (negated ? 2 : 1)
    // A ] that comes first is a member, as in every shell; no topic holds one, so such a class is a slip.
    const end = this.#text.indexOf(']', start)
    if (end === -1) return 'expected a ] for each ['
    const members = this.#text.slice(start, end)
    if (members === '') return 'expected at least one character between [ and ]'
    const odd = /[[{}*?,!]/.exec(members)
    if (odd !== null) return `a topic never holds ${odd[0]}, so it can't stand between [ and ]`
    this.canonical += `[${negated ? '!' : ''}${members.replaceAll('/', slashStandIn)}]`
    this.literal = false
    this.#at = end + 1
    return undefined
  }

  #openBrace(): undefined {
    this.literal = false
    this.#braces.push({ start: this.canonical.length, closed: 0, product: this.#product, parts: 1 })
    this.#product = 1
    this.canonical += '{'
    this.#at++
  }

  #nextAlternative(): string | undefined {
    const brace = this.#braces.at(-1)
    if (brace === undefined) return 'expected a comma only between { and }'
    brace.closed += this.#product
    brace.parts++
    this.#product = 1
    this.canonical += ','
    this.#at++
    return brace.closed > alternativesMax ? tooMany : undefined
  }

  #closeBrace(): string | undefined {
    const brace = this.#braces.pop()
    if (brace === undefined) return 'expected a { before }'
    const inside = this.canonical.slice(brace.start + 1)
    if (brace.parts === 1) this.canonical = this.canonical.slice(0, brace.start) + inside
    else this.canonical += '}'
    if (inside.includes('..')) {
      return 'expected the alternatives of {…} one by one: ranges are not expanded'
    }
    this.#product = brace.product * (brace.closed + this.#product)
    this.#at++
    return this.#product > alternativesMax ? tooMany : undefined
  }
}

const tooMany = `expected braces that make at most ${alternativesMax} alternatives, got more`
