import { type Instant, instantMicros } from '../../../sdk/instant.ts'

/** How long ago an instant was, in the largest unit that fits: `now`, `40 s`, `5 min`, `3 h`, `12 d`. */
export function age(instant: Instant, now: number): string {
  return duration(Math.max(0, now - instantMicros(instant) / 1000), { whole: true })
}

/** A span of time for people: `840 ms`, `12.4 s`, `3 min 5 s`, `2 h 10 min`, `12 d`. */
export function duration(ms: number, { whole = false } = {}): string {
  if (ms < 1000) return whole ? 'now' : `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return whole ? `${Math.floor(seconds)} s` : `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return withRest(`${minutes} min`, `${Math.floor(seconds % 60)} s`, whole)
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return withRest(`${hours} h`, `${minutes % 60} min`, whole)
  return `${Math.floor(hours / 24)} d`
}

function withRest(main: string, rest: string, whole: boolean): string {
  return whole || rest.startsWith('0 ') ? main : `${main} ${rest}`
}

/** The time of day of an instant, in the reader's zone. */
export function clockTime(instant: Instant): string {
  return new Date(instantMicros(instant) / 1000).toTimeString().slice(0, 8)
}

/** A number of bytes for people: `812 B`, `4.1 KiB`, `1.2 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = count
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
