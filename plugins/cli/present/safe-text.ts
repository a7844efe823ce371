import { hasControlCharacter } from '../../../sdk/model.ts'

/**
 * Makes text that came from a store harmless on a terminal: a control character could move the cursor, hide text or worse,
 * so it is shown as its code. Line ends and tabs stay if `lines` is set.
 */
export function safeText(text: string, { lines = false } = {}): string {
  if (!hasControlCharacter(text)) return text
  return text.replace(/\p{Cc}|\p{Cf}/gu, (character) => {
    if (lines && (character === '\n' || character === '\t')) return character
    if (character === '\n') return '⏎'
    if (character === '\t') return ' '
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}
