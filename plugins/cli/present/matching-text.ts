import { type PatternNode, parsePattern } from '../../../sdk/pattern-syntax.ts'

/** A short text that a pattern takes; undefined if none was found, which can be for odd ones. */
export function matchingText(pattern: string): string | undefined {
  try {
    return shortest(parsePattern(pattern))
  } catch {
    return undefined // No pattern that is supported, or one that repeats more than a text may be long.
  }
}

/** A condition on the place is taken to hold; the caller tries what comes out. */
function shortest(node: PatternNode): string | undefined {
  switch (node.kind) {
    case 'assertion':
      return ''
    case 'character':
      return characters().find((character) => node.isWanted(character))
    case 'sequence':
      return node.parts.reduce<string | undefined>((before, part) => {
        const text = before === undefined ? undefined : shortest(part)
        return text === undefined ? undefined : before + text
      }, '')
    case 'choice':
      return node.parts.map(shortest).find((text) => text !== undefined)
    case 'repetition':
      return node.min === 0 ? '' : shortest(node.part)?.repeat(node.min)
  }
}

/** Letters before digits before signs, then what other scripts have. */
function characters(): readonly string[] {
  const signs = Array.from({ length: 0x600 }, (_, code) => String.fromCodePoint(code))
  return [...'aA0 -_./', ...signs, '가', 'あ', '中', '😀']
}
