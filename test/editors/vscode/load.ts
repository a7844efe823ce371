/** Ten thousand events in ten seconds: the editor stays quick, and its memory small. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as vscode from 'vscode'
import { z } from 'zod'
import { OrionActionLog } from '../../../plugins/orion/index.ts'
import { asAnother } from './programs.ts'
import { pause, type Scenario } from './scenario.ts'
import { clearToasts, openView, rowsIn, seeRows } from './sight.ts'

const run = promisify(execFile)
const events = 10_000
const seconds = 10
/** Longest task of the extension host that counts as no freeze, and how much its memory may have grown. */
const taskMaxMs = 250
const growthMaxMiB = 40

export const load: Scenario = [
  [
    'ten thousand events in ten seconds, with every view open, are no freeze and leave no memory behind',
    async ({ hands, folder }) => {
      for (const view of ['patterns', 'log', 'insights', 'jobs'] as const) {
        await openView(view)
        await seeRows(hands, view, (rows) => rows.length > 0)
      }
      const quiet = await measured(async () => await pause(seconds * 1000))
      await hands.longestTask()
      const before = memory()
      let peak = before
      const sampler = setInterval(() => {
        const { rss } = process.memoryUsage()
        if (rss > peak.rss) peak = { ...peak, rss }
      }, 50)
      const busy = await measured(async () => await writeEvents(folder))
      clearInterval(sampler)
      await clearToasts()
      const at = Date.now()
      await asAnother(folder, async (client) => {
        const data = { actionType: 'the.last_word', status: 'SUCCESS', agentId: 'agent:load' }
        await client.repository(OrionActionLog).create(data)
      })
      const drawn = (await hands.see(rowsIn('log'), 'the.last_word')) - at
      const windowTask = await hands.longestTask()
      await pause(2000)
      const after = memory()
      const figures: readonly (readonly [string, string])[] = [
        ['events, and the time they took', `${busy.result.events} in ${ms(busy.result.ms)}`],
        ['longest task of the extension host meanwhile', ms(busy.longest)],
        ['99th percentile of its delay meanwhile', ms(busy.p99)],
        ['longest task of the extension host in ten quiet seconds', ms(quiet.longest)],
        ['share of the time that it was busy', `${(busy.busy * 100).toFixed(1)} %`],
        ['longest task of the window meanwhile', ms(windowTask)],
        ['from the next event to its row', ms(drawn)],
        ['heap of the extension host before, after', `${mib(before.heap)}, ${mib(after.heap)}`],
        [
          'memory of the extension host before, most, after',
          [before, peak, after].map(({ rss }) => mib(rss)).join(', '),
        ],
      ]
      for (const [name, value] of figures) await hands.figure(`load: ${name}`, value)
      await hands.picture('load')
      assert.equal(busy.result.events, events)
      assert.ok(busy.result.ms < seconds * 1100, `the writer took ${ms(busy.result.ms)}`)
      assert.ok(busy.longest < taskMaxMs, `the longest task took ${ms(busy.longest)}`)
      const growth = (after.heap - before.heap) / (1 << 20)
      assert.ok(growth < growthMaxMiB, `the heap grew by ${growth.toFixed(1)} MiB`)
    },
  ],
]

interface Measured<T> {
  readonly result: T
  /** Longest delay of the event loop, and the one that 99 of 100 are below, in milliseconds. */
  readonly longest: number
  readonly p99: number
  /** Share of the time in which it did something, from 0 to 1. */
  readonly busy: number
}

async function measured<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const began = performance.eventLoopUtilization()
  delay.enable()
  const result = await work()
  delay.disable()
  const { utilization } = performance.eventLoopUtilization(began)
  const [longest = 0, p99 = 0] = [delay.max, delay.percentile(99)].map((nanos) => nanos / 1e6)
  return { result, longest, p99, busy: utilization }
}

async function writeEvents(
  folder: string,
): Promise<{ readonly events: number; readonly ms: number }> {
  const own = vscode.extensions.getExtension('proof.editor-proof')?.extensionPath ?? ''
  const args = [join(own, 'load-writer.cjs'), folder, String(events), String(seconds)]
  const { stdout } = await run('node', args, { cwd: folder, env: process.env })
  return z.object({ events: z.int(), ms: z.number() }).parse(JSON.parse(stdout))
}

/** What is left after everything was collected that can be. */
function memory(): { readonly heap: number; readonly rss: number } {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') {
    collect()
    collect()
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, rss }
}

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value).toLocaleString('en')} ms`
}

function mib(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(0)} MiB`
}
