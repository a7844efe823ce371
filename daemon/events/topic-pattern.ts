/** Topic patterns, compiled. The only file that imports minimatch; each of its options is passed. */
import { braceExpand, Minimatch, type MinimatchOptions } from 'minimatch'
import { OrionError } from '../../sdk/errors.ts'
import { alternativesMax, readPattern, slashStandIn } from './pattern-syntax.ts'

/**
 * One glob over whole topics: `*` any run of characters, dots and nothing included, `?` one character, `[ab]`,
 * `[!ab]`, `{a,b}`; case-sensitive, and nothing else is special.
 */
export interface TopicPattern {
  /** As it was written. */
  readonly text: string
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
  readonly #cache = new Map<string, TopicPattern>()

  constructor(options: { readonly patternMaxLength: number; readonly cachedMax?: number }) {
    this.#patternMaxLength = options.patternMaxLength
    this.#cachedMax = options.cachedMax ?? 512
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

function compile(text: string, patternMaxLength: number): TopicPattern {
  const reading = readPattern(text, patternMaxLength)
  if (!reading.ok) {
    const shown = text.length <= 80 ? text : `${text.slice(0, 80)}…`
    throw new OrionError('invalid_request', `pattern ${shown}: ${reading.problem}`, {
      remedy: 'patterns are globs over whole topics: * ? [ab] [!ab] {a,b}, such as Proposal.*',
    })
  }
  const { canonical } = reading
  const namedWords = (): readonly string[] => spelledOut(canonical)
  if (reading.literal) return { text, topic: text, matches: (topic) => topic === text, namedWords }
  if (canonical === '*') return { text, topic: undefined, matches: () => true, namedWords }
  const compiled = new Minimatch(canonical, matcherOptions)
  return {
    text,
    topic: undefined,
    matches: (topic) => compiled.match(topic.replaceAll('/', slashStandIn)),
    namedWords,
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
