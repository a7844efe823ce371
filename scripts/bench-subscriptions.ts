/**
 * Fan-out to many subscriptions, what a subscriber that stalls does to the others, and what subscriptions cost in
 * memory: `tsx scripts/bench-subscriptions.ts [--rounds N]`. Everybody is a process of his own, on real sockets.
 *
 * Only ratios within one run mean anything. Redis takes part where `redis-server` is installed; it stores nothing here,
 * Orion has each event on disk before anybody hears of it.
 */
import { parseArgs } from 'node:util'
import { printMachine } from './bench/report.ts'
import { SubscriptionBench } from './bench/subscription-bench.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
const rounds = Number(values.rounds)

const bench = await SubscriptionBench.start()
try {
  printMachine({ rounds, sliceMs: 2_000, native: true })
  // Memory first, of a daemon that has done nothing yet.
  let missed = await bench.memory()
  missed += await bench.fanOut(rounds)
  missed += await bench.stalled(rounds)
  process.exitCode = missed > 0 ? 1 : 0
} finally {
  await bench.stop()
}
process.exit()
