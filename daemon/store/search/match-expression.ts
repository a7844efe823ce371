import { OrionError } from '../../../sdk/errors.ts'
import type { FullTextModule } from '../engine/engine.ts'
import type { Phrase, Positive, SearchQuery, Sought } from './query.ts'

/** Version 4 refuses deeper trees, of which it counts the levels like this; a query means the same on both. */
const levelsMax = 12

/** How a module is asked for hits. */
export interface Match {
  /** What its phrases are counted by: those of the query's `positive`, in their order. */
  readonly counted: string
  /** What a row has to fit beside that. */
  readonly whole?: string
}

/**
 * What is looked for, as an expression of a full-text module. The words are letters and digits in quotes, so that none of
 * them means anything to the module.
 */
export function matchExpression({ sought }: SearchQuery, module: FullTextModule): string {
  return treeOf(sought).text(module)
}

/**
 * What is looked for, so that the counts of hits are those of the phrases that may be found. What stands behind a NOT has
 * a number of its own in version 5, and in version 4 the number 0, where it hides the first phrase when it is there.
 */
export function matchOf(query: SearchQuery, module: FullTextModule): Match {
  const whole = matchExpression(query, module)
  if (module === 'fts5' && losesCounts(query.positive, query.sought.kind !== 'not')) {
    const phrases = query.phrases.map(treeOf)
    return { counted: balanced(phrases, 'OR').text(module), whole }
  }
  return areCountsPlain(query.sought)
    ? { counted: whole }
    : { counted: treeOf(query.positive).text(module), whole }
}

/**
 * Whether version 5 would lose hits. An AND that is a part of something, at a row that has all words of a phrase but not the
 * phrase, makes it forget the hits of everything in it: also those of alternatives that stand at a later row already.
 */
function losesCounts(positive: Positive, isWhole: boolean): boolean {
  if (positive.kind === 'phrase') return false
  if (positive.kind === 'all' && !isWhole && hasAlternatives(positive) && hasLongPhrase(positive))
    return true
  return positive.parts.some((part) => losesCounts(part, false))
}

function hasAlternatives(positive: Positive): boolean {
  return (
    positive.kind !== 'phrase' && (positive.kind === 'any' || positive.parts.some(hasAlternatives))
  )
}

function hasLongPhrase(positive: Positive): boolean {
  return positive.kind === 'phrase' ? positive.words.length > 1 : positive.parts.some(hasLongPhrase)
}

/** Whether all that is behind a NOT comes last, and is in no hit. */
function areCountsPlain(sought: Sought): boolean {
  if (sought.kind !== 'not') return !hasNot(sought)
  const { wanted, unwanted } = sought
  const excluded = unwanted.kind === 'any' ? unwanted.parts : [unwanted]
  return !hasNot(wanted) && excluded.every(({ kind }) => kind === 'phrase')
}

/** @throws OrionError `too_large` for what no module would take. */
export function assertShallow({ sought }: SearchQuery): void {
  const { levels } = treeOf(sought)
  if (levels <= levelsMax) return
  const message = `query: expected at most ${levelsMax} levels of AND, OR and NOT, got ${levels}`
  throw new OrionError('too_large', message, {
    ...{ limit: levelsMax, actual: levels },
    remedy: 'Use fewer parentheses within others.',
  })
}

/** An expression, and how deep it is. */
interface Tree {
  readonly levels: number
  text(module: FullTextModule): string
}

function treeOf(sought: Sought): Tree {
  switch (sought.kind) {
    case 'phrase':
      return { levels: 1, text: (module) => phraseExpression(sought, module) }
    case 'all':
    case 'any':
      return balanced(sought.parts.map(treeOf), sought.kind === 'all' ? 'AND' : 'OR')
    case 'not':
      return joined(treeOf(sought.wanted), 'NOT', treeOf(sought.unwanted))
  }
}

/** A tree of little depth. */
function balanced(parts: readonly Tree[], operator: string): Tree {
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  const middle = parts.length >> 1
  return joined(
    balanced(parts.slice(0, middle), operator),
    operator,
    balanced(parts.slice(middle), operator),
  )
}

function joined(left: Tree, operator: string, right: Tree): Tree {
  return {
    levels: 1 + Math.max(left.levels, right.levels),
    text: (module) => `(${left.text(module)} ${operator} ${right.text(module)})`,
  }
}

function hasNot(sought: Sought): boolean {
  if (sought.kind === 'phrase') return false
  return sought.kind === 'not' || sought.parts.some(hasNot)
}

function phraseExpression({ words, isPrefix }: Phrase, module: FullTextModule): string {
  const text = words.join(' ')
  if (!isPrefix) return `"${text}"`
  return module === 'fts4' ? `"${text}*"` : `"${text}"*`
}
