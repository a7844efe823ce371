/** JSON values, and the few questions both sides ask about them. */

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** A JSON object. Look members up with `Object.hasOwn`; a peer may send `__proto__` as a member. */
export interface JsonObject {
  readonly [member: string]: Json
}

/** Whether a value that came from `JSON.parse` is an object, not an array or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A copy of a value as JSON writes it: members that are undefined are not there. Empty for what is no object. */
export function jsonObjectOf(value: unknown): JsonObject {
  const json: unknown = JSON.parse(JSON.stringify(value))
  return isJsonObject(json) ? json : {}
}

/** Whether two JSON values are equal; the order of members does not matter, `-0` equals `0`. */
export function jsonEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (left === undefined || right === undefined) return false
  if (Array.isArray(left)) return Array.isArray(right) && arraysEqual(left, right)
  if (!isJsonObject(left) || !isJsonObject(right)) return false
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => Object.hasOwn(right, name) && jsonEqual(left[name], right[name]))
}

function arraysEqual(left: readonly Json[], right: readonly Json[]): boolean {
  return left.length === right.length && left.every((item, index) => jsonEqual(item, right[index]))
}

/**
 * One text for all equal values: members in code-point order, no white space. Two requests with equal
 * arguments have equal canonical texts, so digests and idempotency fingerprints are taken from it.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isJsonObject(value)) return Object.is(value, -0) ? '0' : JSON.stringify(value)
  const members = Object.keys(value)
    .sort(compareCodePoints)
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`)
  return `{${members.join(',')}}`
}

/** Compares texts by code point, as SQLite's BINARY collation compares their UTF-8 bytes. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i)
    const b = right.charCodeAt(i)
    // Surrogates stand for code points above every other unit, so they are lifted over U+E000..U+FFFF.
    if (a !== b) return liftSurrogate(a) - liftSurrogate(b)
  }
  return left.length - right.length
}

function liftSurrogate(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** What a value that came from `JSON.parse` is, with its article, for messages. */
export function jsonKind(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
