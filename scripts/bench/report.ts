/** Prints what was measured, on what, and whether it is enough. */
import { arch, cpus, loadavg, release, totalmem } from 'node:os'
import { measurements, type Rounds, type Sample } from './measurements.ts'

/** The machine and the settings, so that nobody compares numbers of different ones. */
export function printMachine(settings: { rounds: number; sliceMs: number; native: boolean }): void {
  const [cpu] = cpus()
  console.log(
    `machine     ${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ${arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0]?.toFixed(1)}`,
  )
  console.log(`software    Node ${process.version}, ${process.platform} ${release()}`)
  console.log(
    `settings    ${settings.rounds} rounds by turns, slices of ${settings.sliceMs} ms, records of about 480 bytes`,
  )
  console.log(
    'durability  Orion: fdatasync of the log before any answer, one for all that wait; better-sqlite3: WAL, synchronous=FULL',
  )
  if (!settings.native)
    console.log(
      'peers       better-sqlite3 is not installed (npm run bench:peers): its ratios are left out',
    )
  console.log()
}

/** Prints the ratios; 1 when a target is missed, else 0. */
export function printRatios(results: Rounds): 0 | 1 {
  let missed = 0
  console.log(row('what', 'Orion', 'peer', 'ratio', 'spread', 'must', 'aim', ''))
  for (const measurement of measurements) {
    const { name, unit, against, target } = measurement
    const samples = results.get(measurement)
    if (samples === undefined) continue
    const ratios = samples.map(({ ours, theirs }) => ours / theirs).sort((a, b) => a - b)
    const ratio = middle(ratios)
    const met =
      target === undefined || (unit === 'op/s' ? ratio >= target.must : ratio <= target.must)
    if (!met) missed += 1
    const spread = `${(ratios[0] ?? 0).toFixed(2)}..${(ratios.at(-1) ?? 0).toFixed(2)}`
    const sign = unit === 'op/s' ? '>=' : '<='
    console.log(
      row(
        name,
        figure(samples, 'ours', unit),
        figure(samples, 'theirs', unit),
        ratio.toFixed(2),
        spread,
        target === undefined ? '' : `${sign} ${target.must}`,
        target === undefined ? '' : `${target.aim}`,
        target === undefined ? '' : met ? 'met' : 'MISSED',
      ),
    )
    console.log(`  against ${against}`)
  }
  console.log(missed === 0 ? '\nall targets met' : `\n${missed} targets missed`)
  return missed === 0 ? 0 : 1
}

function figure(samples: readonly Sample[], side: keyof Sample, unit: string): string {
  const sorted = samples.map((sample) => sample[side]).sort((a, b) => a - b)
  return `${Math.round(middle(sorted))} ${unit}`
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function row(...cells: readonly string[]): string {
  const widths = [42, 14, 14, 7, 12, 8, 6, 8]
  return cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' ')
}
