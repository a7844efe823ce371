/**
 * One line of text that came from a store, harmless to show: a control character could move what is on a screen, and a mark of
 * writing direction could show it in another order, so they are shown as their codes.
 */
export function safeLine(text: string): string {
  return text
    .replace(/\r?\n/g, '⏎')
    .replace(/\t/g, ' ')
    .replace(unsafe, (character) => {
      return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
    })
}

/** The lines of a text, each made harmless. */
export function safeLines(text: string): string[] {
  return text.split(/\r?\n/).map(safeLine)
}

const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu
