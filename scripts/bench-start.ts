/**
 * How long it takes to begin: `tsx scripts/bench-start.ts [--rounds N]`. A daemon that is started, and calls of the command
 * line with and without a daemon, beside the bare start of Node. Runs the built program.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { connect } from '../sdk/client/connect.ts'
import { DaemonStatus } from '../sdk/protocol/daemon.ts'
import { printPlace, type RatioRow, report } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '11' } } })
const rounds = Number(values.rounds)

const directory = mkdtempSync(join(tmpdir(), 'orion-start-'))
process.env.ORION_RUNTIME_DIR = join(directory, 'run')
process.env.XDG_STATE_HOME = directory
const store = join(directory, 'store')
const program = fileURLToPath(new URL('../bin/orion.mjs', import.meta.url))
const asked = [program, 'list', 'OrionInsight', '--limit', '1', '--json', '--store', store]

async function run(args: readonly string[]): Promise<number> {
  const beganMs = performance.now()
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`expected ${args.join(' ')} to succeed, it ended with ${code}`)
  return performance.now() - beganMs
}

async function stop(): Promise<void> {
  await stopDaemon(await connect({ client: { name: 'bench' }, store }))
}

/** From the call of a client whose code is loaded to its first answer. */
async function startDaemon(): Promise<number> {
  const beganMs = performance.now()
  const client = await connect({ client: { name: 'bench' }, store })
  await client.request(DaemonStatus, {})
  const tookMs = performance.now() - beganMs
  await client.close()
  return tookMs
}

const times = {
  node: [] as number[],
  daemon: [] as number[],
  call: [] as number[],
  first: [] as number[],
}
try {
  printPlace(`${rounds} rounds by turns, built program, a store that is there already`)
  for (let round = -1; round < rounds; round++) {
    const [node, daemon] = [await run(['-e', '0']), await startDaemon()]
    const call = await run(asked)
    await stop()
    const first = await run(asked)
    await stop()
    // The first round makes the store.
    if (round < 0) continue
    for (const [name, ms] of [
      ['node', node],
      ['daemon', daemon],
      ['call', call],
      ['first', first],
    ] as const)
      times[name].push(ms)
  }
  const row = (name: string, which: keyof typeof times, most: number, aim: number): RatioRow => ({
    name,
    unit: 'ms',
    against: '`node -e 0`',
    target: { most, aim },
    samples: times[which].map((ours, round) => ({ ours, theirs: times.node[round] ?? ours })),
  })
  process.exitCode = report([
    row('start of a daemon to its first answer', 'daemon', 2.5, 1.8),
    row('call of the command line, daemon running', 'call', 1.8, 1.5),
    row('call of the command line that starts one', 'first', 4.5, 3.5),
  ])
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}
