/** A table of ratios within one run, each the median of its rounds, held against its targets. */
import { arch, cpus, loadavg, totalmem } from 'node:os'

/** One ratio, round by round. */
export interface RatioRow {
  readonly name: string
  readonly unit: string
  readonly against: string
  /** `least`: the ratio must be at least so much; `most`: at most. */
  readonly target?: { readonly least: number } | { readonly most: number }
  readonly samples: readonly { readonly ours: number; readonly theirs: number }[]
}

/** Prints the machine, so that nobody compares numbers of different ones. */
export function printPlace(settings: string): void {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const load = loadavg()[0]?.toFixed(1)
  console.log(
    `machine   ${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ${arch()}, ${memory} GiB, load ${load}`,
  )
  console.log(`software  Node ${process.version}`)
  console.log(`settings  ${settings}\n`)
}

/** Prints the rows; 1 when a target is missed, else 0. */
export function printRatioTable(rows: readonly RatioRow[]): 0 | 1 {
  let missed = 0
  console.log(line('what', 'ours', 'theirs', 'ratio', 'spread', 'target', ''))
  for (const { name, unit, against, target, samples } of rows) {
    const ratios = samples.map(({ ours, theirs }) => ours / theirs).sort((a, b) => a - b)
    const ratio = median(ratios)
    const isMet =
      target === undefined || ('least' in target ? ratio >= target.least : ratio <= target.most)
    if (!isMet) missed += 1
    const figure = (side: 'ours' | 'theirs') =>
      `${Number(median(samples.map((sample) => sample[side])).toPrecision(4))} ${unit}`
    const spread = `${(ratios[0] ?? 0).toFixed(2)}..${(ratios.at(-1) ?? 0).toFixed(2)}`
    const told =
      target === undefined ? '' : 'least' in target ? `>= ${target.least}` : `<= ${target.most}`
    const verdict = target === undefined ? '' : isMet ? 'met' : 'MISSED'
    console.log(
      line(name, figure('ours'), figure('theirs'), ratio.toFixed(2), spread, told, verdict),
    )
    console.log(`  against ${against}`)
  }
  console.log(missed === 0 ? '\nall targets met' : `\n${missed} targets missed`)
  return missed === 0 ? 0 : 1
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function line(...cells: readonly string[]): string {
  const widths = [44, 16, 16, 7, 13, 8, 7]
  return cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' ')
}
