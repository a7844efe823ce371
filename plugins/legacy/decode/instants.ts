/** Instants as the earlier system and its users wrote them. */
import { type Instant, parseInstant } from '../../../sdk/instant.ts'
import type { Zone } from './zone.ts'

/** A time as it was written. */
export interface WrittenTime {
  /** The wall clock, in milliseconds as if it were UTC, and six digits of microseconds. */
  readonly wallMs: number
  readonly micros: string
  /** How far ahead of UTC it says that it is, in milliseconds; undefined if it names no zone. */
  readonly offsetMs: number | undefined
  /** Whether it has the one form in which the earlier system wrote its columns. */
  readonly usual: boolean
}

const usualForm = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{6}$/
const anyForm =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(Z|z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?$/

/** Nearly every instant: what the earlier system wrote, on a day that every month has, so that no calendar has to be asked. */
const plainForm =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])[ T](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?Z?$/

/** Reads an ISO text, or an epoch number in seconds, milliseconds or microseconds, by its size. */
export function readTime(value: string | number | bigint): WrittenTime | undefined {
  if (typeof value !== 'string') return readEpoch(value)
  if (plainForm.test(value)) return readPlain(value)
  const parts = anyForm.exec(value.trim())
  if (parts === null) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone] = parts
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const wallMs = Date.parse(wall)
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString() !== wall) return undefined
  const offsetMs = zone === undefined ? undefined : offsetOf(zone)
  if (offsetMs !== undefined && Number.isNaN(offsetMs)) return undefined
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  return { wallMs, micros, offsetMs, usual: usualForm.test(value) }
}

function readPlain(value: string): WrittenTime {
  const wallMs = Date.parse(`${value.slice(0, 10)}T${value.slice(11, 19)}.000Z`)
  const micros = value[19] === '.' ? value.slice(20, 26) : '000000'
  const offsetMs = value.endsWith('Z') ? 0 : undefined
  return { wallMs, micros, offsetMs, usual: usualForm.test(value) }
}

/** The instant of a written time; `zone` says which clock it was if it does not say so itself. */
export function instantOf(time: WrittenTime, zone: Zone): Instant | undefined {
  const utcMs = time.wallMs - (time.offsetMs ?? zone(time.wallMs))
  if (!Number.isFinite(utcMs) || Math.abs(utcMs) > 8.64e15) return undefined
  const text = new Date(utcMs).toISOString()
  return parseInstant(`${text.slice(0, 19)}.${time.micros}Z`)
}

/** When an id of version 7 was made, in milliseconds since 1970; undefined if it is none. */
export function madeAtMs(id: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab]/i.exec(id) ?? []
  return high === undefined ? undefined : Number.parseInt(`${high}${low}`, 16)
}

function offsetOf(zone: string): number {
  if (/^z$/i.test(zone)) return 0
  const [hours = 0, minutes = 0, seconds = 0] = (zone.slice(1).match(/\d{2}/g) ?? []).map(Number)
  if (hours > 23 || minutes > 59 || seconds > 59) return Number.NaN
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1000
  return zone.startsWith('-') ? -ms : ms
}

/** Seconds up to the year 5138; what is larger can only be milliseconds, or microseconds. */
const secondsMax = 1e11
const millisMax = 1e14

function readEpoch(value: number | bigint): WrittenTime | undefined {
  const size = Math.abs(Number(value))
  if (!Number.isFinite(size) || size > 3e17) return undefined
  const perUnit = size < secondsMax ? 1_000_000 : size < millisMax ? 1000 : 1
  const total =
    typeof value === 'bigint' ? value * BigInt(perUnit) : BigInt(Math.round(value * perUnit))
  const rest = ((total % 1_000_000n) + 1_000_000n) % 1_000_000n
  const wallMs = Number((total - rest) / 1000n)
  return { wallMs, micros: String(rest).padStart(6, '0'), offsetMs: 0, usual: false }
}
