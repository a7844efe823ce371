/** Turns the texts of flags into values; what they throw is told as wrong usage. */
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'

/** A whole number from 0 up. */
export function parseWhole(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new Error('expected a whole number')
}

/** A whole number from 1 up, such as a version or a limit. */
export function parsePositive(text: string): number {
  const value = parseWhole(text)
  if (value < 1) throw new Error('expected a whole number from 1 up')
  return value
}

/** A span such as `500ms`, `30s`, `10m`, `2h` or `30d`, in milliseconds. A bare number could mean days or seconds. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? []
  if (digits === undefined) throw new Error('expected a span such as 500ms, 30s, 10m, 2h or 30d')
  if (unit === undefined) {
    throw new Error(
      `expected a unit after the number: ${digits}s, ${digits}m, ${digits}h or ${digits}d`,
    )
  }
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? 0
  return Math.round(Number(digits) * unitMs)
}

/** How long to wait: a span, or a bare number of seconds, as other programs take it. */
export function parseWait(text: string): number {
  return parseDuration(/^\d+(\.\d+)?$/.test(text.trim()) ? `${text.trim()}s` : text)
}

/** One part of an order: `field`, `field:asc` or `field:desc`. */
export function parseOrder(text: string): { field: string; direction: 'asc' | 'desc' } {
  const [, field, direction = 'asc'] = /^(.+?)(?::(asc|desc))?$/.exec(text) ?? []
  if (field === undefined || field.includes(':')) {
    throw new Error('expected a field, or a field with :asc or :desc')
  }
  return { field, direction: direction === 'desc' ? 'desc' : 'asc' }
}

/** A JSON value; the message of the error says where it breaks off. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`expected JSON: ${reason}`)
  }
}

/** A JSON object. */
export function parseJsonObject(text: string): JsonObject {
  const value = parseJson(text)
  if (!isJsonObject(value)) throw new Error('expected a JSON object such as {"field": "value"}')
  return value
}
