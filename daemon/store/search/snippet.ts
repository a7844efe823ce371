/** The part of a record that shows best why it was found: its own text, with marks beside it. */
import type { Json, JsonObject } from '../../../sdk/json.ts'
import type { Phrase } from './query.ts'
import { words } from './words.ts'

/** A part of a field's text. Positions are in UTF-16 units of `text`. */
export interface Snippet {
  readonly field: string
  readonly text: string
  /** Where what was looked for stands, each from its beginning up to its end, in order, apart from one another. */
  readonly marks: [number, number][]
}

/** About how much is shown, in UTF-16 units. */
const lengthMax = 200
/** How far a text is looked through: a megabyte takes too long. */
const lookedThroughMax = 32_768
const omission = '…'

/** A snippet of the field that has the most of what was looked for; of these the first. */
export function snippetOf(
  data: JsonObject,
  fields: readonly string[],
  phrases: readonly Phrase[],
): Snippet | undefined {
  let best: { field: string; text: string; found: Found[]; worth: number } | undefined
  let leftMax = lookedThroughMax
  for (const field of fields) {
    for (const text of textsOf(data[field])) {
      if (leftMax <= 0) break
      const found = find(text.slice(0, leftMax), phrases)
      leftMax -= text.length
      const worth = new Set(found.map(({ phrase }) => phrase)).size
      if (worth > (best?.worth ?? 0)) best = { field, text, found, worth }
    }
  }
  return best && { field: best.field, ...cutOut(best.text, best.found) }
}

/** Where a phrase stands in a text. */
interface Found {
  readonly phrase: Phrase
  readonly start: number
  readonly end: number
}

function textsOf(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function find(text: string, phrases: readonly Phrase[]): Found[] {
  const all = [...words(text)]
  const beginners = new Map<string, Phrase[]>()
  const prefixes = phrases.filter(({ words, isPrefix }) => words.length === 1 && isPrefix)
  for (const phrase of phrases) {
    const first = phrase.words[0] ?? ''
    beginners.set(first, [...(beginners.get(first) ?? []), phrase])
  }
  const found: Found[] = []
  for (const [at, { word }] of all.entries()) {
    const candidates = [
      ...(beginners.get(word) ?? []),
      ...prefixes.filter((phrase) => word !== phrase.words[0]),
    ]
    for (const phrase of candidates) {
      const part = all.slice(at, at + phrase.words.length)
      if (!isPhrase(part, phrase)) continue
      const [first, last] = [part[0], part.at(-1)]
      if (first === undefined || last === undefined) continue
      found.push({ phrase, start: first.start, end: endOf(text, phrase, last) })
    }
  }
  return found
}

function isPhrase(part: readonly { readonly word: string }[], phrase: Phrase): boolean {
  return phrase.words.every((word, index) => {
    const there = part[index]?.word
    const mayGoOn = phrase.isPrefix && index === phrase.words.length - 1
    return there === word || (mayGoOn && there?.startsWith(word) === true)
  })
}

/** A single character that was found as the first of a pair is marked alone. */
function endOf(
  text: string,
  { words: sought }: Phrase,
  last: {
    readonly word: string
    readonly start: number
    readonly end: number
    readonly kind: string
  },
): number {
  const word = sought.at(-1) ?? ''
  if (last.kind !== 'pair' || [...word].length > 1) return last.end
  const first = [...text.slice(last.start, last.end)][0] ?? ''
  return last.start + first.length
}

/** The part of a text with the most different phrases, and marks in it. */
function cutOut(text: string, found: readonly Found[]): Pick<Snippet, 'text' | 'marks'> {
  const [from, to] = windowOf(text, found)
  const before = from > 0 ? omission : ''
  const after = to < text.length ? omission : ''
  const marks: [number, number][] = []
  for (const { start, end } of [...found].sort((left, right) => left.start - right.start)) {
    if (start < from || end > to) continue
    const last = marks.at(-1)
    const [markFrom, markTo] = [start - from + before.length, end - from + before.length]
    if (last !== undefined && markFrom <= last[1]) last[1] = Math.max(last[1], markTo)
    else marks.push([markFrom, markTo])
  }
  return { text: before + text.slice(from, to) + after, marks }
}

function windowOf(text: string, found: readonly Found[]): readonly [number, number] {
  if (text.length <= lengthMax) return [0, text.length]
  let best = { from: 0, worth: -1 }
  for (const { start } of found.slice(0, comparedMax)) {
    const from = Math.max(0, start - lengthMax / 4)
    const inside = found
      .slice(0, 10 * comparedMax)
      .filter((one) => one.start >= start && one.end <= from + lengthMax)
    const worth = new Set(inside.map(({ phrase }) => phrase)).size
    if (worth > best.worth) best = { from, worth }
  }
  const from = Math.max(0, Math.min(best.from, text.length - lengthMax))
  return [boundaryBefore(text, from), boundaryAfter(text, from + lengthMax)]
}

/** Not within a character, nor within a word if there is a space near by. */
function boundaryBefore(text: string, at: number): number {
  if (at <= 0) return 0
  const near = /\s(?=\S*$)/u.exec(text.slice(Math.max(0, at - nearBy), at))
  const moved = near === null ? at : Math.max(0, at - nearBy) + near.index + 1
  return isWithinCharacter(text, moved) ? moved - 1 : moved
}

function boundaryAfter(text: string, at: number): number {
  if (at >= text.length) return text.length
  const near = /\s/u.exec(text.slice(at, at + nearBy))
  const moved = near === null ? at : at + near.index
  return isWithinCharacter(text, moved) ? moved + 1 : moved
}

const nearBy = 20
/** Each place is compared with all others. */
const comparedMax = 100

function isWithinCharacter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit < 0xe000
}
