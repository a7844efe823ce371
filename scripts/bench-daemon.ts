/**
 * The daemon over its real Unix socket, its clients in processes of their own, beside what a user would take
 * instead: `tsx scripts/bench-daemon.ts [--quick] [--rounds N] [--slice MS]`.
 *
 * Only ratios within one run mean anything: the contenders take turns in every round, and a ratio is the
 * median of the rounds' ratios. Install the peers first: `npm run bench:peers`.
 */
import { parseArgs } from 'node:util'
import { Contenders } from './bench/contenders.ts'
import { type Measurement, measurements, type Sample } from './bench/measurements.ts'
import { printPlace, report } from './bench/report.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    slice: { type: 'string' },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 3 : 7))
const sliceMs = Number(values.slice ?? (values.quick ? 150 : 1000))

const contenders = await Contenders.start()
try {
  const slices = `slices of ${sliceMs} ms, records of about 480 bytes`
  printPlace(`${rounds} rounds by turns, ${slices}`, ...contenders.durability)
  const results = new Map<Measurement, Sample[]>()
  for (let round = -1; round < rounds; round++) {
    for (const measurement of measurements) {
      if (!contenders.has(measurement.needs)) continue
      const sample = await measurement.measure(contenders, sliceMs)
      // The first round only warms up.
      if (round >= 0) results.set(measurement, [...(results.get(measurement) ?? []), sample])
    }
  }
  const rows = [...results].map(([{ name, unit, against, target }, samples]) => ({
    ...{ name, unit, against, samples },
    ...(target && { target }),
  }))
  process.exitCode = report(rows)
} finally {
  await contenders.stop()
}
process.exit()
