/** What is measured against what, with the targets. */
import type { ClientProcess, Contenders } from './contenders.ts'
import type { SliceResult } from './workload.ts'

/** The samples of every measurement, one for each round. */
export type Rounds = Map<string, Sample[]>

/** What one round showed: operations a second, or a latency in microseconds, of each side. */
export interface Sample {
  readonly ours: number
  readonly theirs: number
}

/** One ratio. */
export interface Measurement {
  readonly name: string
  readonly unit: 'op/s' | 'us'
  readonly against: string
  /** At least this much of the peer, or at most, for latencies. */
  readonly must: number
  readonly aim: number
  readonly needsNative?: boolean
  readonly measure: (contenders: Contenders, sliceMs: number) => Promise<Sample>
}

function first(clients: readonly ClientProcess[]): ClientProcess {
  const client = clients[0]
  if (client === undefined) throw new Error('the contender was not started')
  return client
}

const update = (inFlight: number, milliseconds: number) => ({
  workload: 'update' as const,
  inFlight,
  milliseconds,
})
const read = (inFlight: number, milliseconds: number) => ({
  workload: 'read' as const,
  inFlight,
  milliseconds,
})

function rate(results: readonly SliceResult[], weight = 1): number {
  return results.reduce(
    (sum, { operations, milliseconds }) => sum + (operations * weight * 1000) / milliseconds,
    0,
  )
}

function nativeRate(native: { step(): number } | undefined, milliseconds: number): number {
  if (native === undefined) throw new Error('better-sqlite3 was not started')
  let operations = 0
  const started = performance.now()
  while (performance.now() - started < milliseconds) operations += native.step()
  return (operations * 1000) / (performance.now() - started)
}

async function together(
  clients: readonly ClientProcess[],
  slice: ReturnType<typeof update>,
): Promise<SliceResult[]> {
  return await Promise.all(clients.map((client) => client.run(slice)))
}

/** The measurements, in the order in which every round takes them. */
export const measurements: readonly Measurement[] = [
  {
    name: 'durable update, 1 client x 1',
    unit: 'op/s',
    against: 'better-sqlite3 in process',
    must: 0.37,
    aim: 0.46,
    needsNative: true,
    measure: async ({ orion, native1 }, ms) => ({
      ours: rate([await first(orion).run(update(1, ms))]),
      theirs: nativeRate(native1, ms),
    }),
  },
  {
    name: 'durable update, 1 client x 64',
    unit: 'op/s',
    against: 'better-sqlite3 in process, groups of 64',
    must: 0.3,
    aim: 0.45,
    needsNative: true,
    measure: async ({ orion, native64 }, ms) => ({
      ours: rate([await first(orion).run(update(64, ms))]),
      theirs: nativeRate(native64, ms),
    }),
  },
  {
    name: 'durable update, 1 client x 64 (obvious)',
    unit: 'op/s',
    against: 'stock daemon, one transaction a request',
    must: 5,
    aim: 8,
    needsNative: true,
    measure: async ({ orion, obvious }, ms) => ({
      ours: rate([await first(orion).run(update(64, ms))]),
      theirs: rate([await first(obvious).run(update(64, ms))]),
    }),
  },
  {
    name: 'durable update, 8 clients x 8',
    unit: 'op/s',
    against: 'eight better-sqlite3 processes on one file',
    must: 0.75,
    aim: 1.1,
    needsNative: true,
    measure: async ({ orion, sharedNative }, ms) => ({
      ours: rate(await together(orion, update(8, ms))),
      theirs: rate(await together(sharedNative, update(1, ms)), 8),
    }),
  },
  {
    name: 'read p50, 1 in flight',
    unit: 'us',
    against: 'bare echo on the same transport',
    must: 1.5,
    aim: 1.2,
    measure: async ({ orion, echo }, ms) => ({
      ours: (await first(orion).run(read(1, ms))).p50Micros,
      theirs: (await first(echo).run(read(1, ms))).p50Micros,
    }),
  },
  {
    name: 'read p50, 64 in flight',
    unit: 'us',
    against: 'bare echo on the same transport',
    must: 2.2,
    aim: 1.6,
    measure: async ({ orion, echo }, ms) => ({
      ours: (await first(orion).run(read(64, ms))).p50Micros,
      theirs: (await first(echo).run(read(64, ms))).p50Micros,
    }),
  },
  {
    name: 'read p50 while 64 updates are in flight',
    unit: 'us',
    against: 'its own idle read p50',
    must: 2,
    aim: 1.3,
    measure: async ({ orion }, ms) => {
      const idle = await first(orion).run(read(1, ms))
      const [writer, reader] = [orion[1], first(orion)]
      if (writer === undefined) throw new Error('two clients are needed')
      const [busy] = await Promise.all([reader.run(read(1, ms)), writer.run(update(64, ms))])
      return { ours: busy.p50Micros, theirs: idle.p50Micros }
    },
  },
]
