/** Turns wall-clock times of a named zone into instants. */

/** A zone: how far its clocks were ahead of UTC at a wall-clock time, in milliseconds. */
export type Zone = (wallMs: number) => number

/** Clocks that show UTC. */
export const utc: Zone = () => 0

/**
 * The zone of that name, such as `Asia/Seoul` or `+09:00`.
 *
 * A time that the clocks skipped counts as if they had not been put forward; of one that they showed twice the first is meant.
 *
 * @throws RangeError for a name that is none.
 */
export function namedZone(name: string): Zone {
  if (/^(utc|z)$/i.test(name)) return utc
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(name) ?? []
  if (sign !== undefined) {
    const fixed = (Number(hours) * 60 + Number(minutes)) * 60_000
    if (fixed >= 24 * 3_600_000) throw new RangeError(`there is no zone ${name}`)
    return () => (sign === '-' ? -fixed : fixed)
  }
  const clock = clockOf(name)
  const known = new Map<number, number>()
  const offsetAt = (utcMs: number): number => {
    // Clocks are changed at whole quarters of an hour of UTC.
    const quarter = Math.floor(utcMs / 900_000)
    const before = known.get(quarter)
    if (before !== undefined) return before
    const found = offsetShown(clock, quarter * 900_000)
    if (known.size > 10_000) known.clear()
    known.set(quarter, found)
    return found
  }
  return (wallMs) => {
    const early = offsetAt(wallMs - 24 * 3_600_000)
    const late = offsetAt(wallMs + 24 * 3_600_000)
    // What the clocks showed before a change holds if it leads back to itself; else what they showed after it.
    if (early === late || offsetAt(wallMs - early) === early) return early
    return offsetAt(wallMs - late) === late ? late : early
  }
}

function clockOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new RangeError(`there is no zone ${JSON.stringify(name)}`)
  }
}

function offsetShown(clock: Intl.DateTimeFormat, utcMs: number): number {
  const parts = new Map(clock.formatToParts(utcMs).map(({ type, value }) => [type, value]))
  const part = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name))
  const era = parts.get('era') ?? ''
  const year = /^b/i.test(era) ? 1 - part('year') : part('year')
  const shown = new Date(0)
  shown.setUTCFullYear(year, part('month') - 1, part('day'))
  shown.setUTCHours(part('hour'), part('minute'), part('second'))
  return shown.getTime() - utcMs
}
