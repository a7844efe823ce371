/**
 * Echoes a record over a Unix socket, client and server in processes of their own, and compares
 * vscode-jsonrpc as it comes with our reader, writer and same-turn dispatch on both sides.
 *
 * Run: npx tsx scripts/bench-transport.ts [--rounds 7] [--ms 1000]
 *
 * Only the ratios mean anything, and only those of one run: the variants take turns in each round.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  createMessageConnection,
  type MessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node'
import { createConnection } from '../sdk/transport/json-rpc-connection.ts'
import { connectSocket, listenOnSocket } from '../sdk/transport/socket.ts'

type Variant = 'stock' | 'ours'
const variants: readonly Variant[] = ['stock', 'ours']
const inFlightSettings = [1, 64] as const
const recordBytes = 482

/**
 * What the parent asks of the other processes, by IPC: the processor time they have used so far,
 * in microseconds, or of a client a round, which it answers with the number of requests.
 */
type Order = 'processor-time' | RoundOrder

interface RoundOrder {
  readonly inFlight: number
  readonly ms: number
}

/** The two processes of a variant. */
interface Pair {
  readonly server: ChildProcess
  readonly client: ChildProcess
}

/** What one round of one variant came to. */
interface Sample {
  readonly perSecond: number
  /** Processor time of client and server together. */
  readonly microsecondsEach: number
}

async function main(): Promise<void> {
  const [role, variant, path] = process.argv.slice(2)
  if (role === 'serve') return serve(parseVariant(variant), path ?? '')
  if (role === 'client') return runClient(parseVariant(variant), path ?? '')
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      ms: { type: 'string', default: '1000' },
    },
  })
  await compare(Number(values.rounds), Number(values.ms))
}

async function compare(rounds: number, ms: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-bench-'))
  const pairs = new Map<Variant, Pair>()
  try {
    for (const variant of variants) {
      const path = join(directory, `${variant}.sock`)
      const server = await start('serve', variant, path)
      pairs.set(variant, { server, client: await start('client', variant, path) })
    }
    print(await measure(pairs, { rounds, ms }), { rounds, ms })
  } finally {
    for (const { server, client } of pairs.values()) {
      client.disconnect()
      server.disconnect()
    }
    rmSync(directory, { recursive: true, force: true })
  }
}

async function start(role: string, variant: Variant, path: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(import.meta.url), [role, variant, path], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return child
}

/** By variant and number in flight, one entry a round. */
type Samples = Map<string, Sample[]>

async function measure(
  pairs: ReadonlyMap<Variant, Pair>,
  settings: { readonly rounds: number; readonly ms: number },
): Promise<Samples> {
  const samples: Samples = new Map()
  for (let round = -1; round < settings.rounds; round++) {
    for (const inFlight of inFlightSettings) {
      for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
        const pair = pairs.get(variant)
        if (pair === undefined) throw new Error(`expected processes for ${variant}`)
        const sample = await measureRound(pair, { inFlight, ms: settings.ms })
        const key = `${variant} ${inFlight}`
        if (round >= 0) samples.set(key, [...(samples.get(key) ?? []), sample]) // -1 warms up.
      }
    }
  }
  return samples
}

async function measureRound({ server, client }: Pair, order: RoundOrder): Promise<Sample> {
  const before = (await ask(client, 'processor-time')) + (await ask(server, 'processor-time'))
  const started = performance.now()
  const requests = await ask(client, order)
  const seconds = (performance.now() - started) / 1000
  const after = (await ask(client, 'processor-time')) + (await ask(server, 'processor-time'))
  return { perSecond: requests / seconds, microsecondsEach: (after - before) / requests }
}

async function ask(child: ChildProcess, order: Order): Promise<number> {
  child.send(order)
  const [answer] = await once(child, 'message')
  return Number(answer)
}

function print(samples: Samples, settings: { readonly rounds: number; readonly ms: number }): void {
  const processor = cpus()[0]?.model ?? 'unknown processor'
  const load = loadavg()[0]?.toFixed(2)
  const lines = [
    `echo of a ${recordBytes}-byte record over a Unix socket, client in its own process`,
    `${processor}, ${availableParallelism()} cores, load ${load}, Node ${process.version}`,
    `${settings.rounds} rounds of ${settings.ms} ms after one to warm up, variants taking turns`,
    'medians (lowest..highest); processor time is that of client and server together',
  ]
  for (const inFlight of inFlightSettings) {
    const stock = samples.get(`stock ${inFlight}`) ?? []
    const ours = samples.get(`ours ${inFlight}`) ?? []
    for (const { title, of, digits } of measures) {
      const ratios = ours.map((sample, round) => of(sample) / of(stock[round] ?? sample))
      lines.push(
        `${inFlight} in flight, ${title}: stock ${summary(stock.map(of), digits)}, ours ${summary(ours.map(of), digits)}, ratio ${summary(ratios, 2)}`,
      )
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

const measures: readonly {
  readonly title: string
  readonly of: (sample: Sample) => number
  readonly digits: number
}[] = [
  { title: 'requests/s', of: (sample) => sample.perSecond, digits: 0 },
  { title: 'processor us/request', of: (sample) => sample.microsecondsEach, digits: 1 },
]

/** Median and spread: `72000 (70100..73500)`. */
function summary(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): string => (sorted[index] ?? Number.NaN).toFixed(digits)
  return `${at(Math.floor(sorted.length / 2))} (${at(0)}..${at(sorted.length - 1)})`
}

async function serve(variant: Variant, path: string): Promise<void> {
  const answer = (connection: MessageConnection): void => {
    connection.onRequest('echo', (params: unknown) => params)
    connection.listen()
  }
  if (variant === 'ours') {
    await listenOnSocket(path, {
      onTransport: (transport) => answer(createConnection(transport)),
      onError: fail,
    })
  } else {
    const server = createServer((socket) => answer(stockConnection(socket)))
    await once(server.listen(path), 'listening')
  }
  answerOrders(() => Promise.reject(new Error('expected a round to be asked of a client')))
}

async function runClient(variant: Variant, path: string): Promise<void> {
  const connection =
    variant === 'ours'
      ? createConnection(await connectSocket(path))
      : stockConnection(connect(path))
  connection.listen()
  answerOrders((order) => runRound(connection, order))
}

/** Serves the parent until it hangs up. */
function answerOrders(run: (order: RoundOrder) => Promise<number>): void {
  process.on('message', (order: Order) => {
    const answer = order === 'processor-time' ? Promise.resolve(processorTime()) : run(order)
    answer.then((number) => process.send?.(number), fail)
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.('ready')
}

function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function stockConnection(socket: Socket): MessageConnection {
  return createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket))
}

async function runRound(connection: MessageConnection, order: RoundOrder): Promise<number> {
  const record = makeRecord()
  const end = performance.now() + order.ms
  let answered = 0
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      await connection.sendRequest('echo', record)
      answered++
    }
  }
  await Promise.all(Array.from({ length: order.inFlight }, loop))
  return answered
}

function makeRecord(): object {
  const record = {
    type: 'OrionInsight',
    id: '0199f3c2-7a51-7c3e-9d0b-6f2f3f1f8a10',
    version: 3,
    createdAt: '2026-11-22T09:30:12.482913Z',
    createdBy: 'owner',
    updatedAt: '2026-11-22T09:31:00.000000Z',
    updatedBy: 'agent:claude',
    lifecycle: 'active',
    token: 'o1.k3f9.a41c.1207',
    data: { summary: '', domain: 'build', tags: ['ci', 'cache'], confidenceScore: 0.9 },
  }
  record.data.summary = 'x'.repeat(recordBytes - JSON.stringify(record).length)
  return record
}

function parseVariant(text: string | undefined): Variant {
  if (text === 'stock' || text === 'ours') return text
  throw new Error(`expected stock or ours, got ${text}`)
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}

main().catch(fail)
