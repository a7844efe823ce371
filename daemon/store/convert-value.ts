/** The named conversions of migrations: total, deterministic, and cheap, because the daemon runs them for every record. */
import { parseInstant } from '../../sdk/instant.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Conversion, NamedConversion, ValueSource } from '../../sdk/migration-step.ts'

/** A value that a conversion has no answer for, and why. */
export class Unconvertible extends Error {}

/**
 * Converts a value, one conversion after the other; undefined where nothing comes out.
 *
 * @throws Unconvertible
 */
export function convertValue(value: Json, conversions: readonly Conversion[]): Json | undefined {
  let converted: Json | undefined = value
  for (const conversion of conversions) {
    if (converted === undefined) return undefined
    converted =
      typeof conversion === 'string'
        ? byName[conversion](converted)
        : mapped(converted, conversion.map)
  }
  return converted
}

/**
 * The value that a new field gets from the data as it was; undefined for none.
 *
 * @throws Unconvertible
 */
export function sourceValue(source: ValueSource, data: JsonObject): Json | undefined {
  if ('value' in source) return source.value
  if ('join' in source) {
    const texts = source.join.flatMap((name) => data[name] ?? []).map((one) => byName.text(one))
    return texts.length === 0 ? undefined : texts.join(source.separator)
  }
  if ('split' in source) {
    const whole = data[source.split]
    if (whole === undefined) return undefined
    const parts = String(byName.text(whole)).split(source.separator)
    const at = source.part < 0 ? parts.length + source.part : source.part
    return source.rest ? restOf(parts, at, source.separator) : parts[at]
  }
  const value = data[source.field]
  return value === undefined ? undefined : convertValue(value, source.convert ?? [])
}

function restOf(parts: readonly string[], at: number, separator: string): string | undefined {
  return at < 0 || at >= parts.length ? undefined : parts.slice(at).join(separator)
}

function mapped(value: Json, map: { readonly [before: string]: Json }): Json {
  const key = typeof value === 'string' ? value : JSON.stringify(value)
  return Object.hasOwn(map, key) ? (map[key] ?? value) : value
}

const byName: { readonly [N in NamedConversion]: (value: Json) => Json | undefined } = {
  text: (value) => {
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    throw unconvertible(value, 'a text')
  },
  integer: (value) => {
    const found = numberOf(value)
    if (found !== undefined && Number.isSafeInteger(found)) return found
    throw unconvertible(value, 'an integer')
  },
  number: (value) => {
    const found = numberOf(value)
    if (found !== undefined) return found
    throw unconvertible(value, 'a number')
  },
  boolean: (value) => {
    if (typeof value === 'boolean') return value
    const word = String(typeof value === 'object' ? '' : value).toLowerCase()
    if (yes.has(word)) return true
    if (no.has(word)) return false
    throw unconvertible(value, 'true or false')
  },
  instant: (value) => {
    const found = typeof value === 'string' ? parseInstant(value) : undefined
    if (found !== undefined) return found
    throw unconvertible(value, 'an instant')
  },
  list: (value) => (Array.isArray(value) ? value : [value]),
  first: (value) => (Array.isArray(value) ? value[0] : value),
  trim: (value) => textOf(value).trim(),
  lowercase: (value) => textOf(value).toLowerCase(),
  uppercase: (value) => textOf(value).toUpperCase(),
}

const yes: ReadonlySet<string> = new Set(['true', 'yes', '1'])
const no: ReadonlySet<string> = new Set(['false', 'no', '0'])
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$/i

function numberOf(value: Json): number | undefined {
  if (typeof value === 'boolean') return Number(value)
  const found =
    typeof value === 'string' && decimal.test(value.trim()) ? Number(value.trim()) : value
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

function textOf(value: Json): string {
  if (typeof value === 'string') return value
  throw unconvertible(value, 'a text')
}

function unconvertible(value: Json, what: string): Unconvertible {
  return new Unconvertible(`can't make ${what} of ${JSON.stringify(value).slice(0, 80)}`)
}
