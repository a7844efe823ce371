/** Series over time as a page of plots, one below the other: SVG that any browser shows. */

/** One plot. */
export interface Plot {
  readonly title: string
  readonly unit: string
  readonly values: readonly number[]
}

const width = 860
const height = 150
const left = 70
const top = 34

/** @param spanMs - From the first value to the last. */
export function svgOf(plots: readonly Plot[], spanMs: number): string {
  const minutes = Math.round(spanMs / 6_000) / 10
  const panels = plots.map((plot, index) => panel(plot, index * (height + 50), minutes))
  const total = plots.length * (height + 50) + 10
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width + left + 20}" height="${total}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${panels.join('\n')}
</svg>
`
}

function panel({ title, unit, values }: Plot, offset: number, minutes: number): string {
  // From zero, so that a small change does not look like a large one.
  const highest = Math.max(...values, Number.MIN_VALUE) * 1.1
  const points = values.map((value, index) => {
    const x = left + (width * index) / Math.max(1, values.length - 1)
    const y = offset + top + height * (1 - value / highest)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const bottom = offset + top + height
  return `<text x="${left}" y="${offset + 22}" font-weight="bold">${title}, ${unit}</text>
<text x="${left - 8}" y="${offset + top + 5}" text-anchor="end">${short(highest)}</text>
<text x="${left - 8}" y="${bottom}" text-anchor="end">0</text>
<text x="${left + width}" y="${bottom + 14}" text-anchor="end">${minutes} min</text>
<path d="M${left},${offset + top}V${bottom}H${left + width}" fill="none" stroke="#888"/>
<polyline points="${points.join(' ')}" fill="none" stroke="#1565c0" stroke-width="1.5"/>`
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(2)
}
