/**
 * Instants: UTC, six fraction digits, `Z`, always 27 characters, so that text order is time order and the
 * microseconds of other systems survive.
 */

/** An instant such as `2026-11-22T09:30:12.482913Z`. */
export type Instant = string

const form =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|z|[+-]\d{2}:?\d{2})$/

/** What is an instant already; of the days that not every month has, the calendar decides. */
const canonicalForm =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/

/**
 * Turns any RFC 3339 date and time with a zone into an instant. Fraction digits beyond six are cut off.
 *
 * @returns undefined when the text is not one, names a day that does not exist, or has no zone.
 */
export function parseInstant(text: string): Instant | undefined {
  if (canonicalForm.test(text)) return text
  const parts = form.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const millis = Date.parse(wall)
  if (Number.isNaN(millis) || new Date(millis).toISOString() !== wall) return undefined
  const offset = zoneOffsetMs(zone)
  if (offset === undefined) return undefined
  const utc = new Date(millis - offset)
  if (utc.getUTCFullYear() < 0 || utc.getUTCFullYear() > 9999) return undefined
  return `${utc.toISOString().slice(0, 19)}.${micros}Z`
}

/** The instant a number of microseconds after 1970; inverse of `instantMicros`. */
export function instantFromMicros(micros: number): Instant {
  const millis = Math.floor(micros / 1000)
  const rest = String(micros - millis * 1000).padStart(3, '0')
  return `${new Date(millis).toISOString().slice(0, 23)}${rest}Z`
}

/** Microseconds since 1970 of an instant in canonical form; exact until the year 2255. */
export function instantMicros(instant: Instant): number {
  return Date.parse(`${instant.slice(0, 23)}Z`) * 1000 + Number(instant.slice(23, 26))
}

function zoneOffsetMs(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 23 || minutes > 59) return undefined
  return sign * (hours * 60 + minutes) * 60_000
}
