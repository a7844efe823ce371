/**
 * Makes text that came from a store harmless on a terminal: a control character could move the cursor, hide text or worse,
 * and a mark of writing direction could show it in another order, so they are shown as their codes. Line ends and tabs
 * stay if `lines` is set.
 */
export function safeText(text: string, { lines = false } = {}): string {
  return text.replace(unsafe, (character) => {
    if (lines && (character === '\n' || character === '\t')) return character
    if (character === '\n') return '⏎'
    if (character === '\t') return ' '
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}

const unsafe = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
