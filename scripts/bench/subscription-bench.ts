/** The measurements of `bench-subscriptions.ts`. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MessageConnection } from 'vscode-jsonrpc'
import { connect } from '../../sdk/client/connect.ts'
import { DaemonStatus } from '../../sdk/protocol/daemon.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { connectSocket } from '../../sdk/transport/socket.ts'
import { forkBundled } from './bundle.ts'
import { RedisPublisher, startRedis } from './redis.ts'
import { median, type RatioRow, type Row } from './report.ts'
import { stopDaemon } from './stop-daemon.ts'
import type { Waited } from './subscribers.ts'

const hello = { protocol: { min: 1, max: 1 }, client: { name: 'bench', kind: 'script' } }
const subscriptions = 1000
const burstEvents = 100

type Contender = 'orion' | 'loop' | 'redis'

/** Who publishes to a contender, who listens, and which process serves. */
interface Side {
  readonly publish: (payload: { readonly sentMicros: number }) => void
  readonly subscribers: ChildProcess
  readonly serverPid: number
}

/** The processes of one benchmark. */
export class SubscriptionBench {
  readonly #directory = mkdtempSync(join(tmpdir(), 'orion-bench-'))
  readonly #children: ChildProcess[] = []
  readonly #endings: (() => void)[] = []
  #socketPath = ''
  #daemonPid = 0

  static async start(): Promise<SubscriptionBench> {
    const bench = new SubscriptionBench()
    process.env.ORION_RUNTIME_DIR = join(bench.#directory, 'run')
    const store = bench.#store
    const client = await connect({ client: { name: 'bench' }, store, timeoutMs: 60_000 })
    const status = await client.request(DaemonStatus, {})
    bench.#daemonPid = status.pid
    bench.#socketPath = socketIn(join(bench.#directory, 'run'))
    await client.close()
    return bench
  }

  get #store(): string {
    return join(this.#directory, 'store')
  }

  async stop(): Promise<void> {
    for (const end of this.#endings) end()
    for (const child of this.#children) child.disconnect()
    const client = await connect({
      client: { name: 'bench' },
      store: this.#store,
      daemon: 'join-only',
    })
    await stopDaemon(client)
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** 1,000 subscriptions on 8 connections. */
  async fanOut(rounds: number): Promise<Row[]> {
    const sides = new Map<Contender, Side>()
    for (const contender of ['orion', 'loop', 'redis'] as const) {
      const side = await this.#side(contender)
      if (side !== undefined) sides.set(contender, side)
    }
    const samples = new Map<Contender, FanOutSample[]>()
    for (let round = -1; round < rounds; round++) {
      for (const [contender, side] of sides) {
        const sample = await fanOutOnce(side)
        if (round >= 0) samples.set(contender, [...(samples.get(contender) ?? []), sample])
      }
    }
    return fanOutRows(samples)
  }

  /** 99 live subscribers and one that stalls, at thousands of events a second. */
  async stalled(rounds: number): Promise<Row[]> {
    const live = await this.#fork('subscribers.ts', ['orion', this.#socketPath, '99', '1'])
    const publish = await this.#publisher()
    const before: number[] = []
    const during: number[] = []
    await steady(publish, live)
    for (let round = 0; round < rounds; round++) {
      before.push((await steady(publish, live)).p99Micros)
      const socket = await this.#stalledSubscriber()
      during.push((await steady(publish, live)).p99Micros)
      socket.destroy()
    }
    const memory = await this.#stalledMemory(publish, live)
    return [
      {
        name: 'live p99 with a stalled subscriber',
        unit: 'us',
        against: 'the same without it',
        target: { most: 1.2 },
        samples: during.map((p99, round) => ({ ours: p99, theirs: before[round] ?? p99 })),
      },
      figure('memory of a stalled subscriber', 'KiB', memory, 64),
    ]
  }

  /** What waits costs; read off the process, so differences of many are taken. */
  async memory(): Promise<Row[]> {
    await sleep(2_000)
    const idleMib = rssKib(this.#daemonPid) / 1024
    // Once without measuring: what requests leave behind is not what waits.
    await this.#waiting()
    const { perConnection, perSubscription } = await this.#waiting()
    return [
      figure('memory of an idle daemon', 'MiB', idleMib, 90),
      figure('memory of a connection', 'KiB', perConnection, 30),
      figure('memory of an idle subscription', 'bytes', perSubscription, 400),
    ]
  }

  /** KiB of a connection and bytes of a subscription that nothing happens to. */
  async #waiting(): Promise<{ perConnection: number; perSubscription: number }> {
    const [count, each] = [400, 50]
    const idle = rssKib(this.#daemonPid)
    const connections: MessageConnection[] = []
    for (let n = 0; n < count; n++) connections.push(await this.#connection())
    await sleep(500)
    const connected = rssKib(this.#daemonPid)
    for (const connection of connections) {
      const opened = Array.from({ length: each }, () =>
        connection.sendRequest('subscription/open', { patterns: ['Nobody.*'], allowUnknown: true }),
      )
      await Promise.all(opened)
    }
    await sleep(500)
    const subscribed = rssKib(this.#daemonPid)
    for (const connection of connections) connection.end()
    await sleep(500)
    return {
      perConnection: (connected - idle) / count,
      perSubscription: ((subscribed - connected) * 1024) / (count * each),
    }
  }

  async #side(contender: Contender): Promise<Side | undefined> {
    if (contender === 'orion') {
      const subscribers = await this.#fork('subscribers.ts', [
        'orion',
        this.#socketPath,
        '8',
        '125',
      ])
      return { publish: await this.#publisher(), subscribers, serverPid: this.#daemonPid }
    }
    const path = join(this.#directory, `${contender}.sock`)
    if (contender === 'loop') {
      const server = await this.#fork('loop-daemon.ts', [path])
      const connection = createConnection(await connectSocket(path))
      connection.listen()
      const publish: Side['publish'] = (payload) =>
        void connection.sendRequest('event/publish', { topic: 'Bench.tick', payload })
      const subscribers = await this.#fork('subscribers.ts', ['loop', path, '8', '125'])
      return { publish, subscribers, serverPid: server.pid ?? 0 }
    }
    const server = await startRedis(path)
    if (server === undefined) return undefined
    const publisher = await RedisPublisher.open(path)
    this.#endings.push(
      () => publisher.close(),
      () => server.kill(),
    )
    const subscribers = await this.#fork('subscribers.ts', ['redis', path, '8', '125'])
    return {
      publish: (payload) => publisher.publish(JSON.stringify(payload)),
      subscribers,
      serverPid: server.pid ?? 0,
    }
  }

  async #publisher(): Promise<Side['publish']> {
    const connection = await this.#connection()
    return (payload) =>
      void connection.sendRequest('event/publish', { topic: 'Bench.tick', payload })
  }

  async #connection(): Promise<MessageConnection> {
    const connection = createConnection(await connectSocket(this.#socketPath))
    connection.listen()
    await connection.sendRequest('initialize', hello)
    return connection
  }

  /** Subscribes, and reads nothing after the answers. */
  async #stalledSubscriber(): Promise<Socket> {
    const socket = connectPlain(this.#socketPath)
    await once(socket, 'connect')
    for (const [id, method, params] of [
      [1, 'initialize', hello],
      [2, 'subscription/open', { patterns: ['Bench.tick'], allowUnknown: true }],
    ]) {
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
      socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
      await once(socket, 'data')
    }
    socket.pause()
    return socket
  }

  /** What 200 stalled subscribers keep in the daemon, each, in KiB: how much more it grows with them than without. */
  async #stalledMemory(publish: Side['publish'], live: ChildProcess): Promise<number> {
    const count = 200
    const grown = async (): Promise<number> => {
      const before = rssKib(this.#daemonPid)
      for (let n = 0; n < 2; n++) await steady(publish, live)
      return rssKib(this.#daemonPid) - before
    }
    // The heap and the tail of the log find their size first.
    for (let n = 0; n < 3; n++) await grown()
    const without = await grown()
    const before = rssKib(this.#daemonPid)
    const sockets: Socket[] = []
    for (let n = 0; n < count; n++) sockets.push(await this.#stalledSubscriber())
    const opened = rssKib(this.#daemonPid) - before
    const withThem = opened + (await grown())
    for (const socket of sockets) socket.destroy()
    return Math.max(0, Math.round((withThem - Math.max(0, without)) / count))
  }

  async #fork(script: string, args: readonly string[]): Promise<ChildProcess> {
    const child = await forkBundled(script, args)
    this.#children.push(child)
    return child
  }
}

interface FanOutSample {
  readonly lastMs: number
  readonly perSecond: number
  readonly serverMicros: number
  readonly outOfOrder: number
}

/** One event, then many at once. */
async function fanOutOnce({ publish, subscribers, serverPid }: Side): Promise<FanOutSample> {
  const single: number[] = []
  for (let n = 0; n < 10; n++) {
    const sentMicros = nowMicros()
    const { lastMicros } = await delivered(subscribers, subscriptions, () =>
      publish({ sentMicros }),
    )
    single.push((lastMicros - sentMicros) / 1000)
  }
  const startedMicros = nowMicros()
  const cpuBefore = cpuMicros(serverPid)
  const { lastMicros, outOfOrder } = await delivered(
    subscribers,
    subscriptions * burstEvents,
    () => {
      for (let n = 0; n < burstEvents; n++) publish({ sentMicros: nowMicros() })
    },
  )
  const deliveries = subscriptions * burstEvents
  return {
    lastMs: median(single),
    perSecond: (deliveries * 1e6) / (lastMicros - startedMicros),
    serverMicros: (cpuMicros(serverPid) - cpuBefore) / deliveries,
    outOfOrder,
  }
}

/** 2,000 events a second for two seconds. */
async function steady(publish: Side['publish'], live: ChildProcess): Promise<Waited> {
  const ticks = 200
  const each = 20
  return await delivered(live, ticks * each * 99, async () => {
    for (let tick = 0; tick < ticks; tick++) {
      for (let n = 0; n < each; n++) publish({ sentMicros: nowMicros() })
      await sleep(10)
    }
  })
}

async function delivered(
  subscribers: ChildProcess,
  deliveries: number,
  send: () => void | Promise<void>,
): Promise<Waited> {
  const answer = once(subscribers, 'message')
  subscribers.send({ deliveries })
  await send()
  const [waited] = await answer
  return waited
}

function fanOutRows(samples: ReadonlyMap<Contender, readonly FanOutSample[]>): Row[] {
  const orion = samples.get('orion') ?? []
  const against = (
    contender: Contender,
    row: Omit<RatioRow, 'samples' | 'against'>,
    pick: (sample: FanOutSample) => number,
  ): Row[] => {
    const peer = samples.get(contender)
    if (peer === undefined) return []
    const pairs = orion.map((sample, round) => ({
      ours: pick(sample),
      theirs: pick(peer[round] ?? sample),
    }))
    return [{ ...row, against: names[contender], samples: pairs }]
  }
  const last = { name: '1,000 subscriptions, send to last', unit: 'ms' }
  const rate = { name: '1,000 subscriptions, deliveries', unit: '/s' }
  const wrong = orion.reduce((sum, { outOfOrder }) => sum + outOfOrder, 0)
  return [
    ...against('redis', { ...last, target: { most: 1.2, aim: 0.4 } }, ({ lastMs }) => lastMs),
    ...against('loop', last, ({ lastMs }) => lastMs),
    ...against('redis', rate, ({ perSecond }) => perSecond),
    ...against('loop', { ...rate, target: { least: 4, aim: 10 } }, ({ perSecond }) => perSecond),
    {
      name: 'processor of the daemon for a delivery',
      unit: 'us',
      target: { most: 3, aim: 1 },
      values: orion.map(({ serverMicros }) => serverMicros),
    },
    figure('deliveries out of order', 'of all', wrong, 0),
  ]
}

const names: { readonly [Name in Contender]: string } = {
  orion: 'Orion',
  redis: 'PUBLISH of Redis to patterns, which keeps nothing',
  loop: 'a loop of sendNotification on stock vscode-jsonrpc',
}

function figure(name: string, unit: string, value: number, most: number): Row {
  return { name, unit, target: { most }, values: [value] }
}

/** The one socket below a run-time directory. */
function socketIn(directory: string): string {
  const found = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return join(directory, found.find((name) => name.endsWith('.sock')) ?? '')
}

function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Processor time of a process so far, in microseconds; the kernel counts in hundredths of a second. */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function rssKib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
}
