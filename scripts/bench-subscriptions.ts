/**
 * Fan-out to many subscriptions, what a subscriber that stalls does to the others, and what subscriptions cost in
 * memory: `tsx scripts/bench-subscriptions.ts [--rounds N]`. Everybody is a process of his own, on real sockets.
 *
 * Only ratios within one run mean anything. Redis takes part where `redis-server` is installed; it stores nothing here,
 * Orion has each event on disk before anybody hears of it.
 */
import { parseArgs } from 'node:util'
import { printPlace, report } from './bench/report.ts'
import { SubscriptionBench } from './bench/subscription-bench.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
const rounds = Number(values.rounds)

const bench = await SubscriptionBench.start()
try {
  printPlace(
    `${rounds} rounds by turns; 1,000 subscriptions on 8 connections`,
    'Orion: each event on disk before anybody hears of it; Redis publishes and keeps nothing',
  )
  // Memory first, of a daemon that has done nothing yet.
  const memory = await bench.memory()
  const fanOut = await bench.fanOut(rounds)
  process.exitCode = report([...memory, ...fanOut, ...(await bench.stalled(rounds))])
} finally {
  await bench.stop()
}
process.exit()
