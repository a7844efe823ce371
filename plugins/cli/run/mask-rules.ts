/** What `ORION_MASK` adds to the secrets that are known by themselves. */

/** The understood items of `ORION_MASK`. */
export interface MaskRules {
  /** Whether a variable or flag of this name holds a secret by the user's own word. */
  readonly included: (name: string) => boolean
  /** Whether the user said that it does not. */
  readonly excluded: (name: string) => boolean
  /** Patterns whose matches are hidden in every recorded text. */
  readonly patterns: readonly RegExp[]
  /** Items that could not be understood. */
  readonly problems: readonly string[]
}

/**
 * Reads `ORION_MASK`: items with commas or white space between them.
 *
 * - `DEPLOY_LOGIN` or `*_DSN` hides the values of variables and flags with such names (`*` is any run of characters).
 * - `!KEYBOARD*` takes names out.
 * - `/acme-[0-9a-f]{16}/` hides what matches a regular expression; it may hold commas, but no white space (use `\s`).
 */
export function parseMaskRules(text: string): MaskRules {
  const names: RegExp[] = []
  const notNames: RegExp[] = []
  const patterns: RegExp[] = []
  const problems: string[] = []
  for (const item of text.match(/\/\S+?\/(?=[,\s]|$)|[^,\s]+/g) ?? []) {
    if (!item.startsWith('/')) {
      const excluded = item.startsWith('!')
      const target = excluded ? notNames : names
      target.push(namePattern(excluded ? item.slice(1) : item))
      continue
    }
    const pattern = item.length > 2 && item.endsWith('/') ? compile(item.slice(1, -1)) : undefined
    if (pattern === undefined) problems.push(item)
    else patterns.push(pattern)
  }
  return {
    included: (name) => names.some((pattern) => pattern.test(name)),
    excluded: (name) => notNames.some((pattern) => pattern.test(name)),
    patterns,
    problems,
  }
}

function namePattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i')
}

function compile(source: string): RegExp | undefined {
  try {
    const pattern = new RegExp(source, 'g')
    // A pattern that fits nothing at all would put a mask between any two letters.
    return pattern.test('') ? undefined : new RegExp(source, 'g')
  } catch {
    return undefined // Not a regular expression; the caller tells the user.
  }
}
