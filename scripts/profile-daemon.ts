/**
 * Where a daemon's time goes, workload by workload: `npm run profile -- [--seconds N] [--keep]`. The daemon runs from its
 * sources, so that each sample has a file; clients are processes of their own. With `--keep` the table is written to
 * `docs/performance/profile.md`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Client, connect } from '../sdk/index.ts'
import { DaemonStatus } from '../sdk/protocol/daemon.ts'
import { forkBundled } from './bench/bundle.ts'
import { ClientProcess } from './bench/contenders.ts'
import { bulkInsights, domainOf, PlainInsight } from './bench/records-workload.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, keep: { type: 'boolean', default: false } },
})
const spanMs = Number(values.seconds) * 1000

const directory = mkdtempSync(join(tmpdir(), 'orion-profile-'))
const profilePath = join(directory, 'profile.json')
const store = join(directory, 'store')
process.env.ORION_RUNTIME_DIR = join(directory, 'run')
process.env.BENCH_PROFILE = profilePath
process.env.ORION_FROM_SOURCE = '1'

const profiler = 'the profiler itself'

/** Where a sample was, the first that fits; what fits none is the rest. */
const areas: readonly (readonly [area: string, test: RegExp])[] = [
  [profiler, /^dispatch $/],
  ['waiting', /^\(idle\)/],
  ['garbage collection', /^\(garbage collector\)/],
  ['sync of the disk', /^(fdatasync|fsync)/],
  ['SQLite', /wasm/],
  ['reading and writing files', /^(writeBuffer|writeBuffers|read|fstat) $/],
  ['sockets', /^writeUtf8String|node:net|stream_base_commons|node:internal\/streams/],
  ['checks of input (zod)', /node_modules\/zod/],
  ['SQL (kysely)', /node_modules\/kysely/],
  ['transport', /sdk\/transport|vscode-jsonrpc/],
  ['sessions and requests', /daemon\/session/],
  ['subscriptions', /daemon\/events/],
  ['engine', /daemon\/store\/engine/],
  ['store', /daemon\/store/],
]

const profileShape = z.object({
  nodes: z.array(
    z.object({ id: z.int(), callFrame: z.object({ functionName: z.string(), url: z.string() }) }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.int()),
})

/** Microseconds of each area. */
function timesOf(profile: z.output<typeof profileShape>): Map<string, number> {
  const areaOf = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url } }) => {
      const frame = `${functionName} ${url}`
      return [id, areas.find(([, test]) => test.test(frame))?.[0] ?? 'the rest'] as const
    }),
  )
  const times = new Map<string, number>()
  for (const [index, id] of profile.samples.entries()) {
    const area = areaOf.get(id) ?? 'the rest'
    if (area === profiler) continue
    times.set(area, (times.get(area) ?? 0) + (profile.timeDeltas[index] ?? 0))
  }
  return times
}

async function profiled(pid: number, work: () => Promise<unknown>): Promise<Map<string, number>> {
  await work()
  process.kill(pid, 'SIGUSR2')
  await work()
  process.kill(pid, 'SIGUSR2')
  while (!existsSync(profilePath)) await sleep(50)
  const profile = profileShape.parse(JSON.parse(readFileSync(profilePath, 'utf8')))
  rmSync(profilePath)
  return timesOf(profile)
}

/** Does something again and again, so many at once, until the time is over. */
async function repeat(inFlight: number, run: (at: number) => Promise<unknown>): Promise<void> {
  const endMs = performance.now() + spanMs
  let at = 0
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs) await run(at++)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

async function workloads(client: Client, writer: ClientProcess) {
  const insights = client.repository(PlainInsight)
  await insights.createMany([...bulkInsights(10_000, 'r')], { batchSize: 250 })
  const slice = (workload: 'update' | 'update searched' | 'read', inFlight: number) => () =>
    writer.run({ workload, inFlight, milliseconds: spanMs })
  const fannedOut = async (): Promise<void> => {
    let heard = 0
    const open = Array.from({ length: 200 }, () =>
      client.subscribe(['Bench.tick'], { allowUnknown: true }),
    )
    const subscriptions = await Promise.all(open)
    for (const subscription of subscriptions) {
      void (async () => {
        for await (const _ of subscription) heard++
      })()
    }
    await repeat(8, () => client.publish('Bench.tick', { heard }))
    await Promise.all(subscriptions.map((subscription) => subscription.close()))
  }
  return [
    ['durable updates, 1 in flight', slice('update', 1)],
    ['durable updates, 64 in flight', slice('update', 64)],
    ['durable updates of searched text, 64', slice('update searched', 64)],
    ['reads, 64 in flight', slice('read', 64)],
    [
      'pages of 100 records, 8 in flight',
      () => repeat(8, (at) => insights.list({ where: { domain: domainOf(at % 100) }, limit: 100 })),
    ],
    ['events to 200 subscriptions', fannedOut],
  ] as const
}

function tableOf(measured: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const names = [...areas.map(([area]) => area).filter((area) => area !== profiler), 'the rest']
  const share = (times: ReadonlyMap<string, number>, area: string): string => {
    const all = [...times.values()].reduce((sum, us) => sum + us, 0)
    return `${(((times.get(area) ?? 0) * 100) / all).toFixed(0)} %`
  }
  const rows = names.map(
    (area) =>
      `| ${area} | ${[...measured.values()].map((times) => share(times, area)).join(' | ')} |`,
  )
  const head = `| part of the daemon’s time | ${[...measured.keys()].join(' | ')} |`
  return [head, `|---|${[...measured].map(() => '---:|').join('')}`, ...rows].join('\n')
}

const hook = fileURLToPath(new URL('bench/profile-hook.cjs', import.meta.url))
const program = fileURLToPath(new URL('../bin/orion.mjs', import.meta.url))
const daemonCommand = { command: process.execPath, args: ['--require', hook, program, 'serve'] }
const client = await connect({ client: { name: 'bench' }, store, daemonCommand, timeoutMs: 60_000 })
const child = await (async () => {
  await client.define(PlainInsight)
  return await forkBundled('client-process.ts', ['orion', store, '64'])
})()
try {
  const { pid } = await client.request(DaemonStatus, {})
  const measured = new Map<string, Map<string, number>>()
  for (const [name, work] of await workloads(client, new ClientProcess(child))) {
    measured.set(name, await profiled(pid, work))
    console.log(`${name}: done`)
  }
  const table = tableOf(measured)
  console.log(`\n${table}`)
  const text = `# Where the daemon’s time goes\n\nSelf time by CPU profile (\`npm run profile\`), Node ${process.version}, run from sources.\n\n${table}\n`
  if (values.keep)
    writeFileSync(fileURLToPath(new URL('../docs/performance/profile.md', import.meta.url)), text)
} finally {
  child.disconnect()
  await stopDaemon(client)
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}
