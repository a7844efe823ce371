/**
 * Measures how a Neovim bears 10,000 events in ten seconds while it shows them, in a list and in a watch: how long its loop came
 * to nothing else, and its memory. Three times, as the machine may be busy with something else: `npm run editors:neovim-load`.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { orionRecordTypes } from '../plugins/orion/index.ts'
import { type Client, connect } from '../sdk/index.ts'
import { projectDirectory as root } from './editors/cache-folder.ts'
import { throwawayStore } from './editors/throwaway-store.ts'

const events = 10_000
const turns = 100
const turnMs = 100

const installed = join(root, '.cache', 'neovim-newest', 'nvim')
const neovim = existsSync(installed) ? installed : 'nvim'
const { directory, store, program, orion, env, remove } = throwawayStore('neovim')
const client = await connect({
  client: { name: 'load', version: '1.0.0', kind: 'script' },
  store,
  env,
  daemonCommand: { command: process.execPath, args: [program, 'serve'] },
  types: orionRecordTypes,
})
try {
  await watch()
} finally {
  await client.close()
  remove()
}

async function watch(): Promise<void> {
  const plugin = `set rtp^=${join(root, 'plugins', 'nvim')}`
  const suite = join(root, 'test', 'nvim', 'load.lua')
  const args = ['--headless', '--clean', '--cmd', plugin, '-l', suite, 'stdio', ...orion]
  const child = spawn(neovim, args, { env, cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"')) continue
    console.log(line)
    const round = /"ready": ?(\d+)/.exec(line)?.[1]
    if (round !== undefined) await write(client, `the last word ${round}`)
  }
  const code = await ended
  if (code !== 0) throw new Error(`expected Neovim to end with 0, got ${code}`)
}

/** Writes as evenly as it can, and one thing more when all is written. */
async function write(client: Client, last: string): Promise<void> {
  const began = performance.now()
  for (let turn = 0; turn < turns; turn += 1) {
    const operations = Array.from({ length: events / turns }, (_, index) => ({
      op: 'create' as const,
      type: 'OrionInsight',
      data: { summary: `Learned ${turn}.${index} while ten thousand were written`, domain: 'load' },
    }))
    await client.transact({ operations })
    await sleep(Math.max(0, began + (turn + 1) * turnMs - performance.now()))
  }
  const operation = { op: 'create' as const, type: 'OrionInsight' }
  await client.transact({ operations: [{ ...operation, data: { summary: last, domain: 'load' } }] })
  const ms = Math.round(performance.now() - began)
  console.log(JSON.stringify({ events: events + 1, writtenInMs: ms }))
}
