/**
 * Whether what is measured is worth anything: `tsx scripts/bench-promises.ts [--updates N] [--fault NAME]`. Updates to a real
 * daemon, one after the other; each must be on disk when it is answered, have the next version, and come to a subscriber.
 * With a fault (see `scripts/planting/faults.ts`), the daemon is one that breaks a promise, and this must notice.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Client, connect } from '../sdk/index.ts'
import { createConnection } from '../sdk/transport/json-rpc-connection.ts'
import { connectSocket } from '../sdk/transport/socket.ts'
import { bulkInsights, PlainInsight } from './bench/records-workload.ts'
import { printPlace, type Row, report } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'
import { parseFault } from './planting/faults.ts'
import { plantFault } from './planting/planted-program.ts'

const { values } = parseArgs({
  options: { updates: { type: 'string', default: '1000' }, fault: { type: 'string' } },
})
const updateCount = Number(values.updates)

const directory = mkdtempSync(join(tmpdir(), 'orion-promises-'))
const syncsPath = join(directory, 'syncs')
const runDirectory = join(directory, 'run')
process.env.ORION_RUNTIME_DIR = runDirectory
process.env.XDG_STATE_HOME = directory
process.env.BENCH_SYNCS = syncsPath

/** What a client was told of one update. */
interface Told {
  readonly answeredNs: bigint
  readonly version: number
}

const eventsShape = z.object({
  events: z.array(z.object({ seq: z.int(), record: z.object({ version: z.int() }).optional() })),
})
type Heard = z.output<typeof eventsShape>['events'][number]

async function openClient(): Promise<Client> {
  const sound = fileURLToPath(new URL('../bin/orion.mjs', import.meta.url))
  const { fault } = values
  const program = fault === undefined ? sound : await plantFault(parseFault(fault), directory)
  const counted = ['--require', fileURLToPath(new URL('bench/count-syncs.cjs', import.meta.url))]
  const daemonCommand = { command: process.execPath, args: [...counted, program, 'serve'] }
  const store = join(directory, 'store')
  return await connect({ client: { name: 'bench' }, store, daemonCommand, timeoutMs: 60_000 })
}

/** Hears each event as it comes over the wire: a client of ours would mend a hole by itself. */
async function listen(heard: Heard[]): Promise<() => void> {
  const names = readdirSync(runDirectory, { recursive: true, encoding: 'utf8' })
  const socket = names.find((name) => name.endsWith('.sock')) ?? ''
  const connection = createConnection(await connectSocket(join(runDirectory, socket)))
  connection.onNotification('subscription/events', (params: unknown) => {
    heard.push(...eventsShape.parse(params).events)
  })
  connection.listen()
  const hello = { protocol: { min: 1, max: 1 }, client: { name: 'bench', kind: 'script' } }
  await connection.sendRequest('initialize', hello)
  await connection.sendRequest('subscription/open', { patterns: ['PlainInsight.updated'] })
  return () => connection.dispose()
}

async function update(client: Client): Promise<{ told: Told[]; beganNs: bigint }> {
  const insights = client.repository(PlainInsight)
  const told: Told[] = []
  const beganNs = process.hrtime.bigint()
  for (let round = 1; round <= updateCount; round++) {
    const set = { summary: `round ${round}` }
    const { version } = await insights.update('r-00000000', { force: true, set })
    told.push({ answeredNs: process.hrtime.bigint(), version })
  }
  return { told, beganNs }
}

/** How many answers came when fewer syncs had ended than updates had been answered. */
function unsynced(told: readonly Told[], beganNs: bigint): number {
  const endedNs = readFileSync(syncsPath, 'utf8').trim().split('\n').map(BigInt)
  const since = endedNs.filter((ns) => ns > beganNs)
  let synced = 0
  return told.filter(({ answeredNs }, index) => {
    while ((since[synced] ?? answeredNs) < answeredNs) synced++
    return synced < index + 1
  }).length
}

function rowsOf(told: readonly Told[], beganNs: bigint, heard: readonly Heard[]): Row[] {
  const none = (name: string, count: number): Row => ({
    name,
    unit: `of ${updateCount}`,
    target: { most: 0 },
    values: [count],
  })
  const versions = told.map(({ version }) => version)
  const wrong = versions.filter((version, index) => version !== index + 2).length
  const disagree = heard.filter(({ record }, index) => record?.version !== versions[index]).length
  return [
    none('updates answered before they were on disk', unsynced(told, beganNs)),
    none('updates with another version than the next', wrong),
    none('updates whose event did not come', updateCount - heard.length),
    none('events that disagree with the answer', disagree),
  ]
}

const client = await openClient()
try {
  printPlace(`${updateCount} updates one after the other, ${values.fault ?? 'no fault'}`)
  await client.define(PlainInsight)
  await client.repository(PlainInsight).createMany([...bulkInsights(1, 'r')])
  const heard: Heard[] = []
  const close = await listen(heard)
  const { told, beganNs } = await update(client)
  const untilMs = performance.now() + 5000
  while (heard.length < updateCount && performance.now() < untilMs) await sleep(20)
  close()
  process.exitCode = report(rowsOf(told, beganNs, heard))
} finally {
  await stopDaemon(client)
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}
