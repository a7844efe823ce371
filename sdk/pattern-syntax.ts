/** Reads regular expressions into trees, for the matcher that takes linear time. */

/** A zero-width condition. */
export type PatternAssertion = 'start' | 'end' | 'boundary' | 'no boundary'

/** Whether a single character is one that is wanted. */
export type IsWanted = (character: string) => boolean

/** What a pattern is made of. A choice has at least one part; a sequence may be empty. */
export type PatternNode =
  | { readonly kind: 'character'; readonly isWanted: IsWanted }
  | { readonly kind: 'assertion'; readonly assertion: PatternAssertion }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternNode[] }
  | {
      readonly kind: 'repetition'
      readonly part: PatternNode
      readonly min: number
      readonly max: number
    }

/**
 * Reads a pattern in JavaScript's syntax with the `u` flag.
 *
 * @throws SyntaxError when it is no pattern, or has look-around, back references or modifiers.
 */
export function parsePattern(source: string): PatternNode {
  // The native compiler refuses what is no regular expression, so that the parser need not.
  new RegExp(source, 'u')
  return new PatternParser(source).parse()
}

const unsupported = /\(\?(?!:|<[^=!])|\\k|\\[1-9]/y
const groupStart = /\((?:\?:|\?<[^>]*>)?/y
const assertion = /\^|\$|\\b|\\B/y
const characterClass = /\[(?:\\[\s\S]|[^\]\\])*\]/y
const escaped =
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB]..\\u[dD][c-fC-F]..|u.{4}|x..|c.|[\s\S])/y
const literal = /[\s\S]/uy
const quantifier = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y

class PatternParser {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  /** Everything up to the end, or to the parenthesis that closes the group. */
  parse(): PatternNode {
    const choices: PatternNode[] = []
    let parts: PatternNode[] = []
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      if (this.#source[this.#at] === '|') {
        this.#at++
        choices.push({ kind: 'sequence', parts })
        parts = []
      } else {
        parts.push(this.#repeated(this.#atom()))
      }
    }
    return { kind: 'choice', parts: [...choices, { kind: 'sequence', parts }] }
  }

  #atom(): PatternNode {
    if (this.#take(unsupported) !== undefined) {
      throw new SyntaxError('look-around, back references and modifiers are not supported')
    }
    if (this.#take(groupStart) !== undefined) {
      const inner = this.parse()
      this.#at++
      return inner
    }
    const condition = this.#take(assertion)?.[0]
    if (condition !== undefined) return { kind: 'assertion', assertion: assertionOf(condition) }
    const set = this.#take(characterClass)?.[0] ?? this.#take(escaped)?.[0]
    if (set !== undefined) return { kind: 'character', isWanted: oneOf(set) }
    const plain = this.#take(literal)?.[0] ?? ''
    if (plain === '.') return { kind: 'character', isWanted: oneOf(plain) }
    return { kind: 'character', isWanted: (character) => character === plain }
  }

  #repeated(part: PatternNode): PatternNode {
    const taken = this.#take(quantifier)
    if (taken === undefined) return part
    const [, sign, least, comma, most] = taken
    const unbounded = Number.POSITIVE_INFINITY
    if (sign === '*') return { kind: 'repetition', part, min: 0, max: unbounded }
    if (sign === '+') return { kind: 'repetition', part, min: 1, max: unbounded }
    if (sign === '?') return { kind: 'repetition', part, min: 0, max: 1 }
    const min = Number(least)
    if (comma === '') return { kind: 'repetition', part, min, max: min }
    return { kind: 'repetition', part, min, max: most === '' ? unbounded : Number(most) }
  }

  #take(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#at
    const found = form.exec(this.#source) ?? undefined
    if (found !== undefined) this.#at += found[0].length
    return found
  }
}

function assertionOf(text: string): PatternAssertion {
  if (text === '^') return 'start'
  if (text === '$') return 'end'
  return text === '\\b' ? 'boundary' : 'no boundary'
}

/** Whether a character fits a class, an escape or the dot: the native engine knows them all. */
function oneOf(form: string): IsWanted {
  // Made and learned as they are asked: a definition may have thousands of classes.
  let expression: RegExp | undefined
  const ascii: (boolean | undefined)[] = []
  const test = (character: string): boolean => {
    expression ??= new RegExp(`^${form}$`, 'u')
    return expression.test(character)
  }
  return (character) => {
    const code = character.charCodeAt(0)
    if (code >= 128) return test(character)
    const known = ascii[code] ?? test(character)
    ascii[code] = known
    return known
  }
}
