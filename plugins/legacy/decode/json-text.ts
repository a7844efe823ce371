/**
 * Reads JSON as Python wrote it, and keeps what JavaScript's own reader would lose or change: NaN and Infinity, integers
 * that no number holds, the first of two members with one name, halves of surrogate pairs, and nesting that no message
 * may have. What has no form in a record becomes a text, and is noted.
 */
import type { Json, JsonObject } from '../../../sdk/json.ts'

/** Something that could not stay as it was written. */
export interface JsonNote {
  readonly path: readonly string[]
  readonly kind: JsonNoteKind
  /** The JSON text of the value as it was written. */
  readonly was: string
}

/** Why a value could not stay as it was written. */
export type JsonNoteKind =
  | 'non_finite_number'
  | 'big_integer'
  | 'too_deep'
  | 'lone_surrogate'
  | 'duplicate_key'
  | 'unstorable_key'

/** What a text says. */
export type JsonReading =
  | { readonly outcome: 'value'; readonly value: Json; readonly notes: readonly JsonNote[] }
  | { readonly outcome: 'malformed'; readonly problem: string }

/** Levels that stay as they are; what lies deeper is kept as a text. A message adds some of its own to 200. */
export const depthKept = 128
/** Levels at which the reader gives up. */
const depthMax = 2000

/** Reads one JSON value that fills the text. */
export function readJson(text: string): JsonReading {
  const reader = new JsonReader(text)
  try {
    const value = reader.whole()
    return { outcome: 'value', value, notes: reader.notes }
  } catch (error) {
    if (error instanceof Malformed) return { outcome: 'malformed', problem: error.message }
    throw error
  }
}

class Malformed extends Error {}

const space = /[ \t\n\r]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON texts have none but escaped.
const plainText = /[^"\\\u0000-\u001f]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const escapedText = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const numeral = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const words: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]
const nonFinite = ['NaN', 'Infinity', '-Infinity']

class JsonReader {
  readonly notes: JsonNote[] = []
  readonly #text: string
  #at = 0
  /** Names and positions on the way to the value that is read. */
  readonly #path: string[] = []

  constructor(text: string) {
    this.#text = text
  }

  whole(): Json {
    this.#skipSpace()
    const value = this.#value(0)
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#malformed('the end of the text')
    return value
  }

  #value(depth: number): Json {
    if (depth > depthMax) throw new Malformed(`nested more than ${depthMax} levels deep`)
    const start = this.#at
    switch (this.#text[start]) {
      case '{':
        return this.#kept(start, depth, this.#object(depth))
      case '[':
        return this.#kept(start, depth, this.#list(depth))
      case '"':
        return this.#textValue()
      default:
        return this.#plain()
    }
  }

  /** What lies too deep is kept as its text, once, at the level where it begins. */
  #kept(start: number, depth: number, value: Json): Json {
    if (depth !== depthKept) return value
    const was = this.#text.slice(start, this.#at)
    this.#forgetNotesBelow(this.#path)
    this.#note('too_deep', was)
    return wellFormed(was)
  }

  #object(depth: number): JsonObject {
    const entries = new Map<string, Json>()
    const starts = new Map<string, readonly [number, number]>()
    this.#at += 1
    this.#skipSpace()
    if (this.#text[this.#at] === '}') {
      this.#at += 1
      return {}
    }
    for (;;) {
      if (this.#text[this.#at] !== '"') throw this.#malformed("a member's name")
      const nameAt = this.#at
      const written = this.#string()
      const name = storableName(written)
      this.#path.push(name)
      if (name !== written) this.#note('unstorable_key', this.#text.slice(nameAt, this.#at))
      this.#skipSpace()
      this.#expect(':')
      this.#skipSpace()
      const earlier = starts.get(name)
      if (earlier !== undefined) {
        this.#forgetNotesBelow(this.#path)
        this.#note('duplicate_key', this.#text.slice(...earlier))
      }
      const from = this.#at
      entries.set(name, this.#value(depth + 1))
      starts.set(name, [from, this.#at])
      this.#path.pop()
      this.#skipSpace()
      if (this.#text[this.#at] === '}') break
      this.#expect(',')
      this.#skipSpace()
    }
    this.#at += 1
    // Makes own members, also of one that is called `__proto__`.
    return Object.fromEntries(entries)
  }

  #list(depth: number): Json[] {
    const items: Json[] = []
    this.#at += 1
    this.#skipSpace()
    if (this.#text[this.#at] === ']') {
      this.#at += 1
      return items
    }
    for (;;) {
      this.#path.push(String(items.length))
      items.push(this.#value(depth + 1))
      this.#path.pop()
      this.#skipSpace()
      if (this.#text[this.#at] === ']') break
      this.#expect(',')
      this.#skipSpace()
    }
    this.#at += 1
    return items
  }

  #textValue(): string {
    const start = this.#at
    const value = this.#string()
    if (value.isWellFormed()) return value
    this.#note('lone_surrogate', this.#text.slice(start, this.#at))
    return wellFormed(value)
  }

  #string(): string {
    const start = this.#at
    plainText.lastIndex = start + 1
    plainText.test(this.#text)
    const plainEnd = plainText.lastIndex
    if (this.#text[plainEnd] === '"') {
      this.#at = plainEnd + 1
      return this.#text.slice(start + 1, plainEnd)
    }
    escapedText.lastIndex = plainEnd
    if (!escapedText.test(this.#text)) throw this.#malformed('the end of a text')
    this.#at = escapedText.lastIndex
    const value: unknown = JSON.parse(this.#text.slice(start, this.#at))
    return String(value)
  }

  #plain(): Json {
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      return value
    }
    for (const word of nonFinite) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      this.#note('non_finite_number', word)
      return word
    }
    numeral.lastIndex = this.#at
    const found = numeral.exec(this.#text)
    if (found === null) throw this.#malformed('a value')
    this.#at = numeral.lastIndex
    return this.#number(found[0], found[1] === undefined && found[2] === undefined)
  }

  #number(literal: string, isInteger: boolean): Json {
    const value = Number(literal)
    if (!Number.isFinite(value)) {
      this.#note('non_finite_number', literal)
      return literal
    }
    if (!isInteger || Number.isSafeInteger(value)) return value === 0 ? 0 : value
    if (BigInt(literal) === BigInt(value)) return value
    this.#note('big_integer', literal)
    return literal
  }

  #skipSpace(): void {
    space.lastIndex = this.#at
    space.test(this.#text)
    this.#at = space.lastIndex
  }

  #expect(sign: string): void {
    if (this.#text[this.#at] !== sign) throw this.#malformed(sign)
    this.#at += 1
  }

  #note(kind: JsonNoteKind, was: string): void {
    this.notes.push({ path: [...this.#path], kind, was: wellFormed(was) })
  }

  /** What was noted of a value that is itself replaced. */
  #forgetNotesBelow(path: readonly string[]): void {
    const kept = this.notes.filter(
      (note) => note.kind === 'duplicate_key' || path.some((name, at) => note.path[at] !== name),
    )
    this.notes.splice(0, this.notes.length, ...kept)
  }

  #malformed(expected: string): Malformed {
    const found = JSON.stringify(wellFormed(this.#text.slice(this.#at, this.#at + 12)))
    return new Malformed(
      `expected ${expected} at character ${this.#at}, got ${found === '""' ? 'the end' : found}`,
    )
  }
}

/** A text with each lone half of a pair written as JSON would escape it. */
export function wellFormed(text: string): string {
  if (text.isWellFormed()) return text
  return text.replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (half) => `\\u${half.charCodeAt(0).toString(16)}`,
  )
}

function storableName(name: string): string {
  return wellFormed(name).replaceAll('\0', '\\u0000')
}
