/** Which JSON can be stored and comes back as it was. */
import type { Issue } from './errors.ts'
import { isJsonObject } from './json.ts'

/** Most levels of lists and objects inside one another. */
export const jsonDepthMax = 200

/**
 * The first thing in a value that would not survive: a number beyond all bounds, which JSON writes as null; a
 * lone surrogate, which has no form in UTF-8; a member's name with NUL, at which SQLite's paths stop; and more
 * levels than a message may have. Undefined when there is none.
 */
export function storableProblem(value: unknown): Issue | undefined {
  return problemAt(value, [])
}

function problemAt(value: unknown, path: readonly string[]): Issue | undefined {
  const issue = (message: string): Issue => ({ path: path.join('.'), message })
  if (typeof value === 'string') {
    return value.isWellFormed() ? undefined : issue(loneSurrogate)
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : issue('expected a finite number')
  }
  if (value === null || typeof value === 'boolean') return undefined
  if (!Array.isArray(value) && !isJsonObject(value)) return issue(`a ${typeof value} is no JSON`)
  if (path.length >= jsonDepthMax) return issue(`expected at most ${jsonDepthMax} levels`)
  for (const [name, member] of Object.entries(value)) {
    const below = [...path, name]
    if (!name.isWellFormed() || name.includes('\0')) {
      return issue('expected names of members of well-formed Unicode, without NUL')
    }
    const problem = problemAt(member, below)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What is said of a text that has no form in UTF-8. */
export const loneSurrogate = 'expected well-formed Unicode, got a lone surrogate'
