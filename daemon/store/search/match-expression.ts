import type { FullTextModule } from '../engine/engine.ts'
import type { Phrase, Sought } from './query.ts'

/**
 * What is looked for, as an expression of a full-text module. The words are letters and digits in quotes, so that none of
 * them means anything to the module.
 */
export function matchExpression(sought: Sought, module: FullTextModule): string {
  switch (sought.kind) {
    case 'phrase':
      return phraseExpression(sought, module)
    case 'all':
    case 'any': {
      const parts = sought.parts.map((part) => matchExpression(part, module))
      return balanced(parts, sought.kind === 'all' ? 'AND' : 'OR')
    }
    case 'not': {
      const [wanted, unwanted] = [sought.wanted, sought.unwanted]
      return `(${matchExpression(wanted, module)} NOT ${matchExpression(unwanted, module)})`
    }
  }
}

/** A tree of little depth, for the modules refuse deep ones. */
function balanced(parts: readonly string[], operator: string): string {
  if (parts.length <= 1) return parts[0] ?? ''
  const middle = parts.length >> 1
  const [left, right] = [parts.slice(0, middle), parts.slice(middle)]
  return `(${balanced(left, operator)} ${operator} ${balanced(right, operator)})`
}

function phraseExpression({ words, isPrefix }: Phrase, module: FullTextModule): string {
  const text = words.join(' ')
  if (!isPrefix) return `"${text}"`
  return module === 'fts4' ? `"${text}*"` : `"${text}"*`
}
