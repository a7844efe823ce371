/** A text without what does not count when two are compared: case, accents, punctuation, spaces. */
export function foldText(text: string): string {
  const plainLetters = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return plainLetters.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
}
