/** Whether a series rises: by the slope of Theil and Sen, which a few wild values do not move. */

/** What may rise by how much over the time that was measured. */
export interface Margin {
  /** Part of the series' median. */
  readonly share: number
  /** In the unit of the series; what rises by less is no finding. */
  readonly least: number
}

/** What came of a series. */
export interface Trend {
  readonly median: number
  /** How much it rose from the first to the last value, by its slope. */
  readonly rise: number
  readonly allowed: number
  readonly rises: boolean
}

/** Judges values that were taken at equal intervals. The first fifth is left out: there things still warm up. */
export function trendOf(values: readonly number[], { share, least }: Margin): Trend {
  const judged = values.slice(Math.ceil(values.length / 5))
  const median = medianOf(judged)
  const rise = slopeOf(judged) * Math.max(0, judged.length - 1)
  const allowed = Math.max(share * median, least)
  return { median, rise, allowed, rises: rise > allowed }
}

/** The median of the slopes between all pairs of values, for one interval. */
export function slopeOf(values: readonly number[]): number {
  const slopes: number[] = []
  for (const [left, from] of values.entries()) {
    for (let right = left + 1; right < values.length; right++) {
      slopes.push(((values[right] ?? 0) - from) / (right - left))
    }
  }
  return medianOf(slopes)
}

/** The middle of the values; 0 without any. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = low] =
    sorted.length % 2 === 0
      ? sorted.slice(middle - 1, middle + 1)
      : sorted.slice(middle, middle + 1)
  return (low + high) / 2
}
