/**
 * Text that came from a store, made harmless for an editor. Control characters and the escape sequences of terminals, marks
 * of writing direction, and what nobody can see are shown as their codes, so that a text is what it seems to be.
 */

/** Text of many lines: line ends and tabs stay, all else that can't be seen is shown. */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(invisible, (character) =>
      character === '\n' || character === '\t' ? character : codeOf(character),
    )
}

/** One line of at most `max` characters, for labels. Line ends become `⏎`. */
export function visibleLine(text: string, max = lineMaxLength): string {
  // Long texts are cut before they are looked at: a label of a megabyte costs as much as one of a line.
  const head = text.slice(0, max * 2 + 2).toWellFormed()
  const line = head
    .replace(/\s*(?:\r\n?|\n)\s*/g, ' ⏎ ')
    .replace(/\t/g, ' ')
    .replace(invisible, codeOf)
    .trim()
  return cutText(line, max, text.length > head.length)
}

/**
 * One line for places of the editor that understand more than text: notifications and input boxes make links of
 * `[text](command:…)`, pick lists and the status bar make icons of `$(name)`. Here both stay text.
 */
export function plainLine(text: string, max = lineMaxLength): string {
  return visibleLine(text, max).replaceAll('$(', '$ (').replaceAll('](', '] (')
}

/** Longest label, in characters. */
const lineMaxLength = 200

/**
 * Control characters, marks of direction, line and paragraph separators, what has no width (but for the joiners that scripts
 * and emoji need), and tags.
 */
const invisible =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

function codeOf(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16)
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`
}

function cutText(text: string, max: number, isCut: boolean): string {
  const characters = [...text]
  if (characters.length <= max) return isCut ? `${text}…` : text
  return `${characters.slice(0, max - 1).join('')}…`
}
