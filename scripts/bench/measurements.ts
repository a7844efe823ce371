/** What is measured against what, with the targets. */
import type { ClientProcess, Contenders, NativePeers } from './contenders.ts'
import type { RowsKind } from './native.ts'
import type { RatioRow } from './report.ts'
import type { ServerName } from './servers.ts'
import type { Slice, SliceResult } from './workload.ts'

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
  readonly target?: RatioRow['target']
  /** It is left out where this is not there. */
  readonly needs?: 'native' | ServerName
  readonly measure: (contenders: Contenders, sliceMs: number) => Promise<Sample>
}

function first(clients: readonly ClientProcess[]): ClientProcess {
  const client = clients[0]
  if (client === undefined) throw new Error('the contender was not started')
  return client
}

const slices =
  (workload: Slice['workload']) =>
  (inFlight: number, milliseconds: number): Slice => ({ workload, inFlight, milliseconds })
const update = slices('update')
const updateSearched = slices('update searched')
const read = slices('read')
const mixed = slices('mixed')

function rate(results: readonly SliceResult[], weight = 1): number {
  return results.reduce(
    (sum, { operations, milliseconds }) => sum + (operations * weight * 1000) / milliseconds,
    0,
  )
}

function nativeRate(native: { step(): number }, milliseconds: number): number {
  let operations = 0
  const started = performance.now()
  while (performance.now() - started < milliseconds) operations += native.step()
  return (operations * 1000) / (performance.now() - started)
}

function peers({ native }: Contenders, rows: RowsKind): NativePeers {
  const found = native.get(rows)
  if (found === undefined) throw new Error('better-sqlite3 was not started')
  return found
}

async function together(clients: readonly ClientProcess[], slice: Slice): Promise<SliceResult[]> {
  return await Promise.all(clients.map((client) => client.run(slice)))
}

/**
 * What is told of peers that write one kind of rows. The targets are held against two plain rows, as somebody writes them
 * by hand; the same rows tell how much of the distance is what Orion keeps, and how much is Orion.
 */
function writes(rows: RowsKind, targets: { readonly [name: string]: Measurement['target'] }) {
  const suffix = rows === 'same' ? 'the same rows' : 'two plain rows'
  const made = (
    name: string,
    against: string,
    measure: (contenders: Contenders, peer: NativePeers, ms: number) => Promise<Sample>,
  ): Measurement => {
    const target = targets[`${name}, ${against}`]
    return {
      name: `durable update, ${name}`,
      unit: 'op/s',
      against: `${against}, ${suffix}`,
      ...(target === undefined ? {} : { target }),
      needs: 'native',
      measure: (contenders, ms) => measure(contenders, peers(contenders, rows), ms),
    }
  }
  return [
    made('1 client x 1', 'better-sqlite3 in process', async ({ orion }, { alone }, ms) => ({
      ours: rate([await first(orion).run(update(1, ms))]),
      theirs: nativeRate(alone, ms),
    })),
    made('1 client x 1', 'stock daemon on better-sqlite3', async ({ orion }, { obvious }, ms) => ({
      ours: rate([await first(orion).run(update(1, ms))]),
      theirs: rate([await obvious.run(update(1, ms))]),
    })),
    made('1 client x 64', 'better-sqlite3 in process', async ({ orion }, { grouped }, ms) => ({
      ours: rate([await first(orion).run(update(64, ms))]),
      theirs: nativeRate(grouped, ms),
    })),
    made('1 client x 64', 'stock daemon on better-sqlite3', async ({ orion }, { obvious }, ms) => ({
      ours: rate([await first(orion).run(update(64, ms))]),
      theirs: rate([await obvious.run(update(64, ms))]),
    })),
    made('8 clients x 8', 'eight processes on one file', async ({ orion }, { shared }, ms) => ({
      ours: rate(await together(orion, update(8, ms))),
      theirs: rate(await together(shared, update(1, ms)), 8),
    })),
  ]
}

/** How near Orion is to what a daemon can reach that keeps its rows and does nothing else, and how near that is to the targets. */
function besideBare(): Measurement[] {
  const shapes = [
    { name: '1 client x 1', clients: 1, inFlight: 1 },
    { name: '1 client x 64', clients: 1, inFlight: 64 },
    { name: '8 clients x 8', clients: 8, inFlight: 8 },
  ]
  return shapes.flatMap(({ name, clients, inFlight }): Measurement[] => {
    const rateOf = async (all: readonly ClientProcess[], ms: number): Promise<number> =>
      rate(await together(all.slice(0, clients), update(inFlight, ms)))
    const two = async (contenders: Contenders, ms: number): Promise<number> => {
      const { alone, grouped, shared } = peers(contenders, 'two')
      if (clients > 1) return rate(await together(shared, update(1, ms)), inFlight)
      return nativeRate(inFlight === 1 ? alone : grouped, ms)
    }
    const common = { unit: 'op/s', needs: 'native' } as const
    return [
      {
        ...common,
        name: `durable update, ${name}`,
        against: 'bare daemon, the same transport and rows',
        measure: async ({ orion, bare }, ms) => ({
          ours: await rateOf(orion, ms),
          theirs: await rateOf(bare, ms),
        }),
      },
      {
        ...common,
        name: `the bare daemon itself, ${name}`,
        against: 'better-sqlite3, two plain rows',
        measure: async (contenders, ms) => ({
          ours: await rateOf(contenders.bare, ms),
          theirs: await two(contenders, ms),
        }),
      },
    ]
  })
}

/** What is told of a server that somebody could take instead, through its Node client, which may be what holds it back. */
function besideServer(
  name: ServerName,
  targets: { readonly updates?: number; readonly aim?: number; readonly reads?: number },
): Measurement[] {
  const needs = name
  const against = `${name} through its Node client`
  const peer = ({ servers }: Contenders): readonly ClientProcess[] => servers.get(name) ?? []
  const waitsOf = async (clients: readonly ClientProcess[], ms: number): Promise<number> => {
    const [writer, reader] = [clients[1], first(clients)]
    if (writer === undefined) throw new Error('two clients are needed')
    const [busy] = await Promise.all([reader.run(read(1, ms)), writer.run(update(64, ms))])
    return busy.p99Micros
  }
  return [
    {
      name: 'durable update, 1 client x 64',
      unit: 'op/s',
      against,
      ...(targets.updates === undefined
        ? {}
        : { target: { least: targets.updates, aim: targets.aim } }),
      needs,
      measure: async (contenders, ms) => ({
        ours: rate([await first(contenders.orion).run(update(64, ms))]),
        theirs: rate([await first(peer(contenders)).run(update(64, ms))]),
      }),
    },
    {
      name: 'nine reads for each update, 1 client x 64',
      unit: 'op/s',
      against,
      needs,
      measure: async (contenders, ms) => ({
        ours: rate([await first(contenders.orion).run(mixed(64, ms))]),
        theirs: rate([await first(peer(contenders)).run(mixed(64, ms))]),
      }),
    },
    {
      name: 'read p99 while 64 updates are in flight',
      unit: 'us',
      against,
      ...(targets.reads === undefined ? {} : { target: { most: targets.reads } }),
      needs,
      measure: async (contenders, ms) => ({
        ours: await waitsOf(contenders.orion, ms),
        theirs: await waitsOf(peer(contenders), ms),
      }),
    },
  ]
}

/** The measurements, in the order in which every round takes them. */
export const measurements: readonly Measurement[] = [
  ...writes('two', {
    '1 client x 1, better-sqlite3 in process': { least: 0.37, aim: 0.46 },
    '1 client x 64, better-sqlite3 in process': { least: 0.3, aim: 0.45 },
    '1 client x 64, stock daemon on better-sqlite3': { least: 5, aim: 8 },
    '8 clients x 8, eight processes on one file': { least: 0.75, aim: 1.1 },
  }),
  ...writes('same', {}),
  ...besideBare(),
  {
    name: 'durable update of searched text, 1 client x 64',
    unit: 'op/s',
    against: 'the same of text that is not searched',
    measure: async ({ orion }, ms) => ({
      ours: rate([await first(orion).run(updateSearched(64, ms))]),
      theirs: rate([await first(orion).run(update(64, ms))]),
    }),
  },
  {
    name: 'read p50, 1 in flight',
    unit: 'us',
    against: 'bare echo on the same transport',
    target: { most: 1.5, aim: 1.2 },
    measure: async ({ orion, echo }, ms) => ({
      ours: (await first(orion).run(read(1, ms))).p50Micros,
      theirs: (await first(echo).run(read(1, ms))).p50Micros,
    }),
  },
  {
    name: 'read p50, 64 in flight',
    unit: 'us',
    against: 'bare echo on the same transport',
    target: { most: 2.2, aim: 1.6 },
    measure: async ({ orion, echo }, ms) => ({
      ours: (await first(orion).run(read(64, ms))).p50Micros,
      theirs: (await first(echo).run(read(64, ms))).p50Micros,
    }),
  },
  {
    name: 'read p50 while 64 updates are in flight',
    unit: 'us',
    against: 'its own idle read p50',
    target: { most: 2, aim: 1.3 },
    measure: async ({ orion }, ms) => {
      const idle = await first(orion).run(read(1, ms))
      const [writer, reader] = [orion[1], first(orion)]
      if (writer === undefined) throw new Error('two clients are needed')
      const [busy] = await Promise.all([reader.run(read(1, ms)), writer.run(update(64, ms))])
      return { ours: busy.p50Micros, theirs: idle.p50Micros }
    },
  },
  ...besideServer('redis', { updates: 0.4, aim: 0.6, reads: 0.8 }),
  ...besideServer('postgres', { updates: 1.8, aim: 2.5, reads: 0.35 }),
  ...besideServer('etcd', { updates: 9, aim: 13 }),
  ...besideServer('nats', {}),
]
