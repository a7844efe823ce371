/**
 * The same work while there is more of everything: `tsx scripts/bench-growth.ts [--records 1000,100000] [--rounds N]`.
 * Stores of so many records, and 1, 10 and 100 connections to one daemon. Each size is compared with the smallest one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, connect } from '../sdk/index.ts'
import { bulkInsights, domainOf, PlainInsight } from './bench/records-workload.ts'
import { median, printPlace, type RatioRow, report } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000,100000' },
    rounds: { type: 'string', default: '9' },
  },
})
const rounds = Number(values.rounds)
const sizes = values.records.split(',').map(Number)
/** Of each thing that is measured, in one round. */
const times = 200

const directory = mkdtempSync(join(tmpdir(), 'orion-growth-'))
process.env.ORION_RUNTIME_DIR = join(directory, 'run')

/** A daemon with a store of so many records. */
class Grown {
  readonly size: number
  readonly client: Client
  #version = 1

  constructor(size: number, client: Client) {
    this.size = size
    this.client = client
  }

  static async make(size: number): Promise<Grown> {
    const store = join(directory, `store-${size}`)
    const client = await connect({ client: { name: 'bench' }, store, timeoutMs: 120_000 })
    await client.define(PlainInsight)
    const records = [...bulkInsights(size, 'r')]
    await client.repository(PlainInsight).createMany(records, { batchSize: 250 })
    return new Grown(size, client)
  }

  get #insights() {
    return this.client.repository(PlainInsight)
  }

  #id(at: number): string {
    return `r-${((at * 7919) % this.size).toString(36).padStart(8, '0')}`
  }

  readonly work: { readonly [Name in Work]: (at: number) => Promise<unknown> } = {
    read: (at) => this.#insights.get(this.#id(at)),
    update: async () => {
      const set = { confidenceScore: (this.#version % 100) / 100, summary: `${this.#version}` }
      const done = await this.#insights.update(this.#id(0), { expectedVersion: this.#version, set })
      this.#version = done.version
    },
    subscribe: async () => {
      const subscription = await this.client.subscribe(['PlainInsight.*'])
      await subscription.close()
    },
    list: (at) => this.#insights.list({ where: { domain: domainOf(at % 10) }, limit: 10 }),
  }

  async close(): Promise<void> {
    await stopDaemon(this.client)
  }
}

type Work = 'read' | 'update' | 'subscribe' | 'list'

const works: { readonly [Name in Work]: string } = {
  read: 'read of a record',
  update: 'durable update of a record',
  subscribe: 'opening and closing a subscription',
  list: 'page of 10 by a field that has an index',
}

async function medianMs(run: (at: number) => Promise<unknown>): Promise<number> {
  const took: number[] = []
  for (let at = 0; at < times; at++) {
    const beganMs = performance.now()
    await run(at)
    took.push(performance.now() - beganMs)
  }
  return median(took)
}

async function growOfRecords(): Promise<RatioRow[]> {
  const grown: Grown[] = []
  for (const size of sizes) grown.push(await Grown.make(size))
  const samples = new Map<string, { ours: number; theirs: number }[]>()
  for (let round = -1; round < rounds; round++) {
    for (const work of ['read', 'update', 'subscribe', 'list'] as const) {
      const [least, ...rest] = grown
      if (least === undefined) throw new Error('expected sizes, got none')
      const theirs = await medianMs(least.work[work])
      for (const { size, work: works } of rest) {
        const ours = await medianMs(works[work])
        const key = `${work} ${size}`
        if (round >= 0) samples.set(key, [...(samples.get(key) ?? []), { ours, theirs }])
      }
    }
  }
  await Promise.all(grown.map((one) => one.close()))
  const named = (key: string): string => {
    const [work = '', size] = key.split(' ')
    return `${Object.entries(works).find(([name]) => name === work)?.[1]}, ${size} records`
  }
  return [...samples].map(([key, pairs]) => ({
    name: named(key),
    unit: 'ms',
    against: `the same with ${sizes[0]} records`,
    target: { most: 1.3, aim: 1.1 },
    samples: pairs,
  }))
}

/** Reads by one of many connections, of which the others only are there. */
async function growOfConnections(): Promise<RatioRow[]> {
  const store = join(directory, 'store-connections')
  const open = () => connect({ client: { name: 'bench' }, store, timeoutMs: 120_000 })
  const clients = [await open()]
  const [first] = clients
  if (first === undefined) throw new Error('expected a client')
  await first.define(PlainInsight)
  const insights = first.repository(PlainInsight)
  const [one] = [...bulkInsights(1, 'r')]
  if (one !== undefined) await insights.createMany([one])
  const read = () => insights.get(one?.id ?? '')
  await medianMs(read)
  const took: number[][] = []
  for (const count of [1, 10, 100]) {
    while (clients.length < count) clients.push(await open())
    const medians: number[] = []
    for (let round = 0; round < rounds; round++) medians.push(await medianMs(read))
    took.push(medians)
  }
  await Promise.all(clients.slice(1).map((client) => client.close()))
  await stopDaemon(first)
  const [alone = [], ...more] = took
  return more.map((medians, index) => ({
    name: `read of a record, ${[10, 100][index]} connections`,
    unit: 'ms',
    against: 'the same with one connection, before',
    target: { most: 1.3, aim: 1.1 },
    samples: medians.map((ours, round) => ({ ours, theirs: alone[round] ?? ours })),
  }))
}

try {
  printPlace(
    `${rounds} rounds by turns of ${times} calls, 1 in flight; ${sizes.join(', ')} records`,
  )
  process.exitCode = report([...(await growOfRecords()), ...(await growOfConnections())])
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}
