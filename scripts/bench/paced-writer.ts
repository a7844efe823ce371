/**
 * One writer of `bench-plugins.ts`: 1,000 creates a second through the SDK, whether or not the earlier ones are answered. Its
 * process says `ready`; each message is a span, answered with the times of the writes of that span and of its beginning.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { connect } from '../../sdk/client/connect.ts'
import { Entry } from './plugin-entry.ts'

const writesPerSecond = 1000

const client = await connect({ client: { name: 'bench-plugins' }, store: process.argv[2] })
const entries = client.repository(Entry)
await client.define(Entry)

const asked = z.object({
  spanMs: z.number(),
  /** So much of the span is told apart too. */
  headMs: z.number(),
})

async function write({ spanMs, headMs }: z.output<typeof asked>) {
  const times: Timed[] = []
  const writes: Promise<void>[] = []
  let failed = 0
  const begunMs = performance.now()
  for (let nowMs = begunMs; nowMs - begunMs < spanMs; nowMs = performance.now()) {
    const due = Math.floor(((nowMs - begunMs) / 1000) * writesPerSecond)
    while (writes.length < due) {
      const write = timed(writes.length, begunMs)
      writes.push(write.then((time) => void times.push(time)).catch(() => void failed++))
    }
    await sleep(1)
  }
  await Promise.all(writes)
  const head = times.filter(({ atMs }) => atMs < headMs)
  return { head: percentilesOf(head), whole: percentilesOf(times), failed }
}

interface Timed {
  /** When it was asked for, since the span began. */
  readonly atMs: number
  readonly tookMs: number
}

async function timed(count: number, begunMs: number): Promise<Timed> {
  const askedMs = performance.now()
  await entries.create({ name: `entry ${count}`, count })
  return { atMs: askedMs - begunMs, tookMs: performance.now() - askedMs }
}

function percentilesOf(times: readonly Timed[]) {
  const sorted = times.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN
  return { medianMs: at(0.5), p99Ms: at(0.99), written: sorted.length }
}

process.on('message', (message) => {
  write(asked.parse(message)).then(
    (measured) => process.send?.(measured),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
