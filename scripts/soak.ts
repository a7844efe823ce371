/**
 * An hour (`--short`: ten minutes) of mixed load on the built daemon, by the programs of the torture and a probe:
 *
 *   npm run soak -- [--short] [--minutes N] [--seed N] [--out DIRECTORY]
 *
 * Its memory, descriptors, write-ahead log and answering times over time go to `soak.json` and `soak.svg`. Ends with 1
 * when one of them rises, or when the programs find anything wrong.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { Cast } from '../test/torture/cast/cast.ts'
import { bundleTorture } from '../test/torture/programs.ts'
import { TorturedDaemon, TorturePlace } from '../test/torture/tortured-daemon.ts'
import { svgOf } from './soak/plot.ts'
import { type Sample, Sampler } from './soak/sampler.ts'
import { type Margin, trendOf } from './soak/trend.ts'

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: '.cache/soak' },
  },
})
const minutes = Number(values.minutes ?? (values.short ? 10 : 60))
if (!(minutes > 0)) throw new Error(`expected --minutes to be more than 0, got ${values.minutes}`)
const patienceMs = 120_000
/** Lost races, records that were deleted, and those that are not made yet when the first writers begin. */
const expectedKinds: ReadonlySet<string> = new Set(['conflict', 'invalid_request', 'not_found'])
const sampleEveryMs = Math.max(1_000, (minutes * 60_000) / 360)

/** The log is kept short, so that compaction is part of the load and the store does not grow for ever. */
const limits = {
  ORION_LIMIT_EVENTS_KEPT: '2000',
  ORION_LIMIT_EVENTS_KEPT_MS: '30000',
  ORION_LIMIT_COMPACT_EVERY_MS: '10000',
  ORION_LIMIT_IDLE_EXIT_MS: '0',
}

/** What is plotted and judged. On a machine that others use too, times vary: only much slower is slower. */
const series: { readonly [name in keyof Sample]: Margin & { title: string; unit: string } } = {
  memoryMib: { title: 'Memory of the daemon', unit: 'MiB', share: 0.2, least: 16 },
  descriptors: { title: 'Open descriptors', unit: 'number', share: 0.1, least: 4 },
  walMib: { title: 'Write-ahead log', unit: 'MiB', share: 0.25, least: 4 },
  writeMedianMs: { title: 'A durable write, median', unit: 'ms', share: 1, least: 2 },
  writeSlowestMs: { title: 'A durable write, slowest', unit: 'ms', share: 1.5, least: 50 },
  readMedianMs: { title: 'A point read, median', unit: 'ms', share: 1, least: 2 },
}

const directory = mkdtempSync(join(tmpdir(), 'orion-s-'))
const place = new TorturePlace(join(directory, 'store'), false)
const programs = await bundleTorture(join(directory, 'programs'))
const program = fileURLToPath(new URL('../bin/orion.mjs', import.meta.url))
const how = { program, preload: programs.preload, place, isVolatile: false, takesOver: false }
const daemon = new TorturedDaemon({ ...how, limits })
const samples: Sample[] = []
const problems: string[] = []
try {
  if (!(await daemon.serves(patienceMs))) throw new Error(`no daemon: ${daemon.errors}`)
  const { pid, socket } = z
    .object({ pid: z.int(), socket: z.string() })
    .parse(JSON.parse(readFileSync(place.discoveryPath, 'utf8')))
  const cast = new Cast({ script: programs.cast, place, seed: Number(values.seed), restMs: 150 })
  try {
    problems.push(...(await cast.works(patienceMs)))
    const sampler = await Sampler.start({ pid, socket, store: place.store })
    const endMs = performance.now() + minutes * 60_000
    while (performance.now() < endMs && problems.length === 0) {
      await sleep(sampleEveryMs)
      samples.push(sampler.take())
      problems.push(...[...cast.news()].flatMap(problemOf))
      if (samples.length % 20 === 0) console.log(JSON.stringify(samples.at(-1)))
    }
    sampler.close()
  } finally {
    await cast.close()
  }
  if (daemon.errors !== '') problems.push(`the daemon said: ${daemon.errors}`)
} finally {
  await daemon.kill()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

/** Too few to see a slope in. */
const samplesMin = 20
if (samples.length < samplesMin && problems.length === 0) {
  problems.push(
    `expected at least ${samplesMin} samples, took ${samples.length}: run it for longer`,
  )
}

const trends = names().map((name) => ({
  name,
  ...trendOf(
    samples.map((sample) => sample[name]),
    series[name],
  ),
}))
mkdirSync(values.out, { recursive: true })
const told = { minutes, sampleEveryMs, trends, problems, samples }
writeFileSync(join(values.out, 'soak.json'), JSON.stringify(told, undefined, 2))
const plots = names().map((name) => ({ ...series[name], values: samples.map((one) => one[name]) }))
writeFileSync(join(values.out, 'soak.svg'), svgOf(plots, samples.length * sampleEveryMs))
for (const { name, median, rise, allowed, rises } of trends) {
  const numbers = `median ${median.toFixed(2)}, rose by ${rise.toFixed(2)}, may by ${allowed.toFixed(2)}`
  console.log(
    `${rises ? 'RISES' : 'ok   '} ${series[name].title}, ${series[name].unit}: ${numbers}`,
  )
}
for (const problem of problems.slice(0, 20)) console.log(problem)
console.log(`written to ${join(values.out, 'soak.json')} and soak.svg`)
process.exitCode = problems.length === 0 && !trends.some(({ rises }) => rises) ? 0 : 1

function names(): (keyof Sample)[] {
  return Object.keys(series).filter((name): name is keyof Sample => Object.hasOwn(series, name))
}

/** What a program says by itself, and what it was refused for nothing that happens here. */
function problemOf(
  line: ReturnType<Cast['news']> extends Generator<infer L> ? L : never,
): string[] {
  if (line.line === 'problem') return [line.what]
  if (line.line !== 'heard' || line.answer.as !== 'refused') return []
  const { kind } = line.answer
  return expectedKinds.has(kind) ? [] : [`${line.key} got ${kind}`]
}
