/** What a benchmark found: on what machine, as ratios within one run, held against its targets. */
import { arch, cpus, loadavg, release, totalmem } from 'node:os'
import { z } from 'zod'

const targetShape = z.object({
  /** `least`: it must be at least so much; `most`: at most. */
  least: z.number().optional(),
  most: z.number().optional(),
  /** What is hoped for. */
  aim: z.number().optional(),
})

const ratioShape = z.object({
  name: z.string(),
  unit: z.string(),
  against: z.string(),
  target: targetShape.optional(),
  /** One of each round. */
  samples: z.array(z.object({ ours: z.number(), theirs: z.number() })).readonly(),
})

const figureShape = z.object({
  name: z.string(),
  unit: z.string(),
  target: targetShape.optional(),
  values: z.array(z.number()).readonly(),
})

/** A ratio, round by round. Without a target it is told, and judged by nobody. */
export type RatioRow = Readonly<z.output<typeof ratioShape>>

/** A number that means something by itself, such as memory. */
export type FigureRow = Readonly<z.output<typeof figureShape>>

/** One line of a report. */
export type Row = RatioRow | FigureRow

/** What a benchmark tells the process that runs it, if there is one. */
export const toldShape = z.object({
  rows: z.array(z.union([ratioShape, figureShape])),
  settings: z.array(z.string()),
})

/** What a row comes to. */
export interface Verdict {
  /** The ratio, or the figure: the median of the rounds. */
  readonly value: number
  readonly least: number
  readonly most: number
  /** Undefined without a target. */
  readonly isMet: boolean | undefined
}

const settingsTold: string[] = []

/** Prints the machine and the settings, so that nobody compares numbers of different ones. */
export function printPlace(...settings: readonly string[]): void {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const load = loadavg()[0]?.toFixed(1)
  console.log(
    `machine     ${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ${arch()}, ${memory} GiB, load ${load}`,
  )
  console.log(`software    Node ${process.version}, ${process.platform} ${release()}`)
  for (const [index, text] of settings.entries())
    console.log(`${index === 0 ? 'settings' : ''}`.padEnd(12) + text)
  console.log()
  settingsTold.push(...settings)
}

/** Judges a row by the median of its rounds. */
export function judge(row: Row): Verdict {
  const values =
    'samples' in row ? row.samples.map(({ ours, theirs }) => ours / theirs) : row.values
  const sorted = [...values].sort((a, b) => a - b)
  const value = median(sorted)
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = row.target ?? {}
  return {
    value,
    least: sorted[0] ?? Number.NaN,
    most: sorted.at(-1) ?? Number.NaN,
    isMet: row.target === undefined ? undefined : value >= least && value <= most,
  }
}

/** Prints the rows, and tells them to the process that started this one; 1 when a target is missed, else 0. */
export function report(rows: readonly Row[]): 0 | 1 {
  console.log(line('what', 'ours', 'theirs', 'ratio', 'spread', 'target', 'aim', ''))
  for (const row of rows) printRow(row)
  const missed = rows.filter((row) => judge(row).isMet === false).length
  console.log(missed === 0 ? '\nall targets met' : `\n${missed} targets missed`)
  process.send?.({ rows, settings: settingsTold })
  return missed === 0 ? 0 : 1
}

function printRow(row: Row): void {
  const { value, least, most, isMet } = judge(row)
  const verdict = isMet === undefined ? '' : isMet ? 'met' : 'MISSED'
  const spread = `${short(least)}..${short(most)}`
  const target = targetText(row)
  const aim = row.target?.aim === undefined ? '' : `${row.target.aim}`
  if ('values' in row) {
    console.log(line(row.name, `${short(value)} ${row.unit}`, '', '', spread, target, aim, verdict))
    return
  }
  const figure = (side: 'ours' | 'theirs'): string =>
    `${short(median(row.samples.map((sample) => sample[side])))} ${row.unit}`
  const ratio = value.toFixed(2)
  console.log(line(row.name, figure('ours'), figure('theirs'), ratio, spread, target, aim, verdict))
  console.log(`  against ${row.against}`)
}

/** A target as people read it, empty without one. */
export function targetText({ target }: Row): string {
  if (target?.least !== undefined) return `>= ${target.least}`
  return target?.most === undefined ? '' : `<= ${target.most}`
}

/** Three digits that count, and all of those before the point. */
export function short(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function line(...cells: readonly string[]): string {
  const widths = [46, 15, 15, 7, 14, 8, 6, 7]
  return cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' ')
}
