/**
 * How long nobody is answered while one daemon takes over from another, with 1,000 writes a second and 100
 * subscriptions: `npm run bench:handover [ROUNDS]`. Beside it, in the same run, the longest silence without a hand-over,
 * and the time from `kill -9` to the next answer.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { connect } from '../sdk/client/connect.ts'
import { defaultDaemonCommand } from '../sdk/launch/daemon-command.ts'
import { replaceDaemon } from '../sdk/launch/replace-daemon.ts'
import { locateStore } from '../sdk/launch/store-location.ts'
import { DaemonStatus } from '../sdk/protocol/daemon.ts'
import { forkBundled } from './bench/bundle.ts'
import { printPlace } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

const rounds = Number(process.argv[2] ?? 10)
/** Each measurement looks at this long, in milliseconds. */
const windowMs = 2000

const heardSchema = z.object({ longestMs: z.number(), answered: z.int(), wrong: z.int() })

async function longestSilence(
  client: ChildProcess,
  during: () => Promise<unknown>,
): Promise<number> {
  const ask = () =>
    new Promise<z.infer<typeof heardSchema>>((resolve) => {
      client.once('message', (message) => resolve(heardSchema.parse(message)))
      client.send('tell')
    })
  await ask()
  const over = sleep(windowMs)
  await during()
  await over
  const { longestMs, wrong } = await ask()
  if (wrong > 0) throw new Error(`${wrong} writes failed or events were wrong`)
  return longestMs
}

function printed(name: string, times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0
  const [least = 0] = sorted
  return `${name.padEnd(34)} ${middle.toFixed(0).padStart(5)} ms   ${least.toFixed(0)}..${(sorted.at(-1) ?? 0).toFixed(0)}`
}

async function main(): Promise<void> {
  const store = join(mkdtempSync(join(tmpdir(), 'orion-ho-')), 'store')
  const location = locateStore({ store, cwd: process.cwd(), env: {} })
  const client = await forkBundled('handover-client.ts', [store])
  const operator = await connect({ client: { name: 'bench' }, store })
  const daemonCommand = defaultDaemonCommand()
  const replace = () => replaceDaemon({ location, env: process.env, daemonCommand })
  const kill = async () => {
    process.kill((await operator.request(DaemonStatus, {})).pid, 'SIGKILL')
  }
  const times = { none: [] as number[], handover: [] as number[], kill: [] as number[] }
  printPlace(`${rounds} rounds by turns, built program, 1,000 durable writes/s, 100 subscriptions`)
  await sleep(windowMs)
  for (let round = 0; round < rounds; round++) {
    times.none.push(await longestSilence(client, () => Promise.resolve()))
    times.handover.push(await longestSilence(client, replace))
    times.kill.push(await longestSilence(client, kill))
  }
  console.log(printed('longest silence, nothing happens', times.none))
  console.log(printed('longest silence, hand-over', times.handover))
  console.log(printed('longest silence, kill -9', times.kill))
  client.kill()
  await stopDaemon(operator)
  rmSync(join(store, '..'), { recursive: true, force: true })
}

await main()
