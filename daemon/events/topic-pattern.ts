/** Topic patterns, compiled. The only file that imports minimatch; each of its options is passed. */
import { braceExpand, Minimatch, type MinimatchOptions } from 'minimatch'
import { OrionError } from '../../sdk/errors.ts'
import {
  alternativesMax,
  type PatternReading,
  readPattern,
  slashStandIn,
} from './pattern-syntax.ts'

/**
 * One glob over whole topics: `*` any run of characters, dots and nothing included, `?` one character, `[ab]`,
 * `[!ab]`, `{a,b}`; case-sensitive, and nothing else is special.
 */
export interface TopicPattern {
  /** As it was written. */
  readonly text: string
  /** How many patterns without braces it stands for. */
  readonly alternatives: number
  /** The topic itself when the pattern names just one. */
  readonly topic: string | undefined
  matches(topic: string): boolean
  /** First words that it spells out, as `Note` in `Note.*` and both in `{Note,Tally}.*`; none of `*.created`. */
  namedWords(): readonly string[]
}

/**
 * The compiled patterns in use; the same text is compiled once.
 *
 * Matching walks pattern and topic side by side without going back, so its cost is bounded by the product of
 * their lengths and the number of alternatives, all of which are bounded.
 */
export class TopicPatterns {
  readonly #patternMaxLength: number
  readonly #cachedMax: number
  readonly #alternativesMax: number
  readonly #cache = new Map<string, TopicPattern>()

  constructor(options: {
    readonly patternMaxLength: number
    /** Of all patterns that are used together. */
    readonly alternativesMax?: number
    readonly cachedMax?: number
  }) {
    this.#alternativesMax = options.alternativesMax ?? alternativesMax
    this.#patternMaxLength = options.patternMaxLength
    this.#cachedMax = options.cachedMax ?? 512
  }

  /**
   * Compiles patterns that are used together. Each event is held against all of their alternatives, so those are
   * bounded together, and counted before anything is compiled.
   *
   * @throws OrionError `invalid_request` as `compile` does, `too_large`.
   */
  compileAll(texts: readonly string[]): TopicPattern[] {
    const limit = this.#alternativesMax
    let actual = 0
    for (const text of texts) {
      actual +=
        this.#cache.get(text)?.alternatives ?? read(text, this.#patternMaxLength).alternatives
    }
    if (actual <= limit) return texts.map((text) => this.compile(text))
    throw new OrionError(
      'too_large',
      `expected patterns that make at most ${limit} alternatives together, got ${actual}`,
      { limit, actual, remedy: 'use wider patterns with fewer braces, or several subscriptions' },
    )
  }

  /** @throws OrionError `invalid_request` saying what is wrong with the pattern. */
  compile(text: string): TopicPattern {
    const known = this.#cache.get(text)
    if (known !== undefined) return known
    const pattern = compile(text, this.#patternMaxLength)
    const oldest = this.#cache.keys().next()
    if (this.#cache.size >= this.#cachedMax && !oldest.done) this.#cache.delete(oldest.value)
    this.#cache.set(text, pattern)
    return pattern
  }
}

function read(text: string, patternMaxLength: number): Extract<PatternReading, { ok: true }> {
  const reading = readPattern(text, patternMaxLength)
  if (reading.ok) return reading
  const shown = text.length <= 80 ? text : `${text.slice(0, 80)}…`
  throw new OrionError('invalid_request', `pattern ${shown}: ${reading.problem}`, {
    remedy: 'patterns are globs over whole topics: * ? [ab] [!ab] {a,b}, such as Proposal.*',
  })
}

function compile(pattern: string, patternMaxLength: number): TopicPattern {
  const { canonical, literal, alternatives } = read(pattern, patternMaxLength)
  const namedWords = (): readonly string[] => spelledOut(canonical)
  const known = { text: pattern, alternatives, namedWords }
  if (literal) return { ...known, topic: pattern, matches: (topic) => topic === pattern }
  if (canonical === '*') return { ...known, topic: undefined, matches: () => true }
  const compiled = new Minimatch(canonical, matcherOptions)
  return {
    ...known,
    topic: undefined,
    matches: (topic) => compiled.match(topic.replaceAll('/', slashStandIn)),
  }
}

function spelledOut(canonical: string): readonly string[] {
  return braceExpand(canonical, matcherOptions).flatMap((alternative) => {
    const word = /^([^*?[.]+)\./.exec(alternative)?.[1]
    return word === undefined ? [] : [word.replaceAll(slashStandIn, '/')]
  })
}

const matcherOptions: MinimatchOptions = {
  nobrace: false,
  braceExpandMax: alternativesMax,
  nocomment: true,
  nonegate: true,
  flipNegate: false,
  noglobstar: true,
  maxGlobstarRecursion: 0,
  noext: true,
  dot: true,
  nocase: false,
  nocaseMagicOnly: false,
  magicalBraces: false,
  matchBase: false,
  partial: false,
  nonull: false,
  normalize: false,
  optimizationLevel: 0,
  preserveMultipleSlashes: true,
  platform: 'linux',
  windowsPathsNoEscape: false,
  windowsNoMagicRoot: false,
}
