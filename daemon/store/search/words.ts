/**
 * Texts as the words that are indexed and looked up: without case, without accents, and where a language writes no spaces
 * around its words, in pairs of characters. The same rules make words of records and of queries, or nothing is found.
 */

/** Changes whenever the rules do, here or in what Node knows of Unicode: an index of other rules is built anew. */
export const rulesVersion = `1/${process.versions.unicode}`
/** Characters of a word that count; what is longer (a checksum, a picture as text) is cut to its beginning. */
export const wordMaxLength = 64
/** Stands between the items of a list, so that no phrase reaches over them; no query can hold it. */
export const itemBreak = '\ue000'

/** A word of a text. Several may have the same place: a ligature, or a character that opens two pairs. */
export interface Word {
  readonly word: string
  /** In UTF-16 units of the text. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** The word stands for a character in writing without spaces: with the one after it, or alone at the end of a run. */
  readonly kind: 'spaced' | 'pair' | 'last'
}

const plainRun = /[A-Za-z0-9]+/g
const plainText = /^[\0-\x7f]*$/
const run = /[\p{L}\p{N}\p{M}]+/gu
const accents = /[\u0300-\u036f]+/g
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30fc\uff70\u3005-\u3007][\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30fc\uff70\u3005-\u3007\p{M}\uff9e\uff9f]*/gu

/** A text as words with spaces between them, for the index. */
export function wordsOf(text: string): string {
  if (!plainText.test(text)) return [...words(text)].map(({ word }) => word).join(' ')
  // Most texts; half of the time is saved.
  const found = text.toLowerCase().match(/[a-z0-9]+/g)
  if (found === null) return ''
  return found.map((word) => (word.length > wordMaxLength ? cut(word) : word)).join(' ')
}

/** A list of texts as JSON, for the index. */
export function wordsOfItems(json: string): string {
  let items: unknown
  try {
    items = JSON.parse(json)
  } catch {
    // A value that can't be read is quarantined where it is read; here it has no words.
    return ''
  }
  if (!Array.isArray(items)) return ''
  return items
    .map((item) => (typeof item === 'string' ? wordsOf(item) : ''))
    .filter((part) => part !== '')
    .join(` ${itemBreak} `)
}

/** The words of a text, in order, and where they stand. */
export function* words(text: string): Generator<Word, void, undefined> {
  if (plainText.test(text)) {
    for (const { 0: found, index } of text.matchAll(plainRun)) {
      yield {
        word: cut(found.toLowerCase()),
        start: index,
        end: index + found.length,
        kind: 'spaced',
      }
    }
    return
  }
  for (const { 0: found, index } of text.matchAll(run)) yield* wordsOfRun(found, index)
}

/** The words of letters that stand together. */
function* wordsOfRun(found: string, at: number): Generator<Word, void, undefined> {
  let spacedFrom = 0
  for (const { 0: together, index } of found.matchAll(unspaced)) {
    if (index > spacedFrom) yield* spaced(found.slice(spacedFrom, index), at + spacedFrom)
    yield* pairs(together, at + index)
    spacedFrom = index + together.length
  }
  if (spacedFrom < found.length) yield* spaced(found.slice(spacedFrom), at + spacedFrom)
}

function* spaced(text: string, start: number): Generator<Word, void, undefined> {
  for (const [word] of fold(text).matchAll(run)) {
    yield { word: cut(word), start, end: start + text.length, kind: 'spaced' }
  }
}

function* pairs(text: string, at: number): Generator<Word, void, undefined> {
  const characters = [...syllables(text)]
  for (const [index, { folded, start, end }] of characters.entries()) {
    const next = characters[index + 1]
    yield {
      word: folded + (next?.folded ?? ''),
      start: at + start,
      end: at + (next?.end ?? end),
      kind: next === undefined ? 'last' : 'pair',
    }
  }
}

/** The characters as a reader counts them, whatever they are composed of. */
function* syllables(text: string): Generator<{ folded: string; start: number; end: number }> {
  let start = 0
  for (const part of text.match(syllable) ?? []) {
    const end = start + part.length
    const folded = fold(part)
    if (folded !== '') yield { folded, start, end }
    start = end
  }
}

/** A syllable block of single letters (as macOS writes file names), or any character with its marks. */
const syllable = /[\u1100-\u115f]+[\u1160-\u11a7]+[\u11a8-\u11ff]*|[\s\S][\p{M}\uff9e\uff9f]*/gu

/** Letters that differ in case, accents, width or composition alone become the same. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(accents, '')
    .replaceAll('ς', 'σ')
    .normalize('NFC')
}

function cut(word: string): string {
  if (word.length <= wordMaxLength) return word
  const end = wordMaxLength - (isLeading(word.charCodeAt(wordMaxLength - 1)) ? 1 : 0)
  return word.slice(0, end)
}

function isLeading(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}
