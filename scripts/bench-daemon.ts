/**
 * The daemon over its real Unix socket, its clients in processes of their own, beside what a user would take
 * instead: `tsx scripts/bench-daemon.ts [--quick] [--rounds N] [--slice MS]`.
 *
 * Only ratios within one run mean anything: the contenders take turns in every round, and a ratio is the
 * median of the rounds' ratios. Install the peers first: `npm run bench:peers`.
 */
import { parseArgs } from 'node:util'
import { Contenders } from './bench/contenders.ts'
import { measurements, type Rounds } from './bench/measurements.ts'
import { printMachine, printRatios } from './bench/report.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    slice: { type: 'string' },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 3 : 7))
const sliceMs = Number(values.slice ?? (values.quick ? 400 : 1000))

const contenders = await Contenders.start()
try {
  printMachine({ rounds, sliceMs, native: contenders.hasNative })
  const results: Rounds = new Map()
  for (let round = -1; round < rounds; round++) {
    for (const measurement of measurements) {
      if (measurement.needsNative && !contenders.hasNative) continue
      const sample = await measurement.measure(contenders, sliceMs)
      // The first round only warms up.
      if (round >= 0) results.set(measurement, [...(results.get(measurement) ?? []), sample])
    }
  }
  process.exitCode = printRatios(results)
} finally {
  await contenders.stop()
}
process.exit()
