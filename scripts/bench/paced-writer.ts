/**
 * One writer of `bench-plugins.ts`: 1,000 creates a second through the SDK, whether or not the earlier ones are answered. Its
 * process says `ready`; each message is a span in milliseconds, answered with the times of the writes of that span.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { connect } from '../../sdk/client/connect.ts'
import { Entry } from './plugin-entry.ts'

const writesPerSecond = 1000

const client = await connect({ client: { name: 'bench-plugins' }, store: process.argv[2] })
const entries = client.repository(Entry)
await client.define(Entry)

async function write(spanMs: number) {
  const times: number[] = []
  const writes: Promise<void>[] = []
  let failed = 0
  const begunMs = performance.now()
  for (let nowMs = begunMs; nowMs - begunMs < spanMs; nowMs = performance.now()) {
    const due = Math.floor(((nowMs - begunMs) / 1000) * writesPerSecond)
    while (writes.length < due) writes.push(timed(times, writes.length).catch(() => void failed++))
    await sleep(1)
  }
  await Promise.all(writes)
  times.sort((a, b) => a - b)
  const at = (part: number): number => times[Math.floor(times.length * part)] ?? Number.NaN
  return { medianMs: at(0.5), p99Ms: at(0.99), written: times.length, failed }
}

async function timed(times: number[], count: number): Promise<void> {
  const askedMs = performance.now()
  await entries.create({ name: `entry ${count}`, count })
  times.push(performance.now() - askedMs)
}

process.on('message', (spanMs) => {
  write(z.number().parse(spanMs)).then(
    (measured) => process.send?.(measured),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
