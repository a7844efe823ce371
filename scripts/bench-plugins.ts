/**
 * What plugins cost those who write beside them: `npm run bench:plugins -- [--rounds N] [--span MS]`. 1,000 writes a second to a
 * daemon with two plugins, of which one handles every write and one crashes until it is disabled, and to the same daemon
 * without plugins, by turns. The seconds in which it crashes are told apart: of so few writes, a p99 is decided by those
 * beside the starts of its processes. Runs the built program; writers, daemons and plugins are processes of their own.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { Client } from '../sdk/client/client.ts'
import { connect } from '../sdk/client/connect.ts'
import { DaemonStatus } from '../sdk/protocol/daemon.ts'
import {
  AddPlugin,
  DescribePlugin,
  DisablePlugin,
  EnablePlugin,
  InspectPlugin,
  ListPlugins,
} from '../sdk/protocol/plugins.ts'
import { bundle, forkBundled } from './bench/bundle.ts'
import { printPlace, report } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    span: { type: 'string', default: '20000' },
  },
})
const rounds = Number(values.rounds)
/** One turn, in milliseconds. */
const spanMs = Number(values.span)
/** Long enough for a plugin to crash so often that it is disabled, and hardly longer. */
const crashingMs = Math.min(spanMs, 6000)
/** As much is written before anything counts. */
const warmMs = Math.min(spanMs, 3000)

const percentiles = z.object({ medianMs: z.number(), p99Ms: z.number(), written: z.int() })
const measuredShape = z.object({
  /** The writes that were asked for in the first `crashingMs`. */
  head: percentiles,
  whole: percentiles,
  failed: z.literal(0),
})
type Measured = z.output<typeof measuredShape>

/** A daemon on a store of its own, and the process that writes to it. */
interface Side {
  readonly operator: Client
  readonly writer: ChildProcess
}

const directory = mkdtempSync(join(tmpdir(), 'orion-plugins-'))
process.env.ORION_RUNTIME_DIR = join(directory, 'run')
process.env.XDG_STATE_HOME = directory

async function open(name: string): Promise<Side> {
  const store = join(directory, name)
  const operator = await connect({ client: { name: 'bench' }, store })
  return { operator, writer: await forkBundled('paced-writer.ts', [store]) }
}

async function close({ operator, writer }: Side): Promise<void> {
  writer.disconnect()
  await stopDaemon(operator)
}

async function write({ writer }: Side, forMs: number): Promise<Measured> {
  const answer = new Promise((resolve, reject) => {
    writer.once('message', resolve)
    writer.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)))
  })
  writer.send({ spanMs: forMs, headMs: crashingMs })
  return measuredShape.parse(await answer)
}

async function add({ operator }: Side, script: string): Promise<void> {
  const plugin = await bundle(script)
  const { files: _files, ...code } = await operator.request(InspectPlugin, {
    plugin,
    cwd: directory,
  })
  const { manifestDigest } = await operator.request(DescribePlugin, code)
  await operator.request(AddPlugin, { ...code, manifestDigest })
}

/** Writes while one plugin works and the other one falls; what was not so does not count. */
async function writeBesidePlugins(side: Side): Promise<Measured> {
  const { operator } = side
  const [measured] = await Promise.all([
    write(side, spanMs),
    operator.request(EnablePlugin, { name: 'crashes' }),
  ])
  const { plugins } = await operator.request(ListPlugins, {})
  const states = Object.fromEntries(plugins.map(({ name, state }) => [name, state]))
  if (states.follows !== 'running' || states.crashes !== 'disabled') {
    throw new Error(
      `expected one plugin to run and one to be given up within ${spanMs} ms, got ${JSON.stringify(states)}`,
    )
  }
  return measured
}

/** What a plugin has yet to handle is not to burden the next turn of the other side. */
async function handled({ operator }: Side): Promise<void> {
  for (;;) {
    const { connections } = await operator.request(DaemonStatus, {})
    const open = connections.flatMap(({ subscriptions }) => subscriptions)
    if (open.every(({ behind }) => behind === 0)) return
    await sleep(50)
  }
}

async function main(): Promise<void> {
  const [plain, plugged] = [await open('plain'), await open('plugged')]
  try {
    for (const script of ['plugin-that-follows.ts', 'plugin-that-crashes.ts'])
      await add(plugged, script)
    await plugged.operator.request(DisablePlugin, { name: 'crashes' })
    printPlace(
      `${rounds} rounds by turns of ${spanMs / 1000} s, 1,000 durable writes/s, built program`,
    )
    for (const side of [plain, plugged]) await write(side, warmMs)
    const measured: { ours: Measured; theirs: Measured }[] = []
    for (let round = 0; round < rounds; round++) {
      await handled(plugged)
      const theirs = await write(plain, spanMs)
      measured.push({ ours: await writeBesidePlugins(plugged), theirs })
    }
    const of = (part: 'head' | 'whole', name: 'medianMs' | 'p99Ms') =>
      measured.map(({ ours, theirs }) => ({ ours: ours[part][name], theirs: theirs[part][name] }))
    const beside = { unit: 'ms', against: 'the same daemon without plugins' }
    const crashing = `in the ${crashingMs / 1000} s of crashes`
    process.exitCode = report([
      { ...beside, name: 'median of a write', samples: of('whole', 'medianMs') },
      { ...beside, name: 'p99 of a write', samples: of('whole', 'p99Ms'), target: { most: 1.2 } },
      { ...beside, name: `median of a write ${crashing}`, samples: of('head', 'medianMs') },
      { ...beside, name: `p99 of a write ${crashing}`, samples: of('head', 'p99Ms') },
    ])
  } finally {
    await Promise.all([close(plain), close(plugged)])
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
}

await main()
