/**
 * All that is measured, in one run: `npm run bench -- [--quick] [--only a,b] [--fault NAME] [--keep] [--strict]`. Each section
 * is a script of its own, which runs alone too. Ends with 1 when a promise is not kept or a section fails; with `--strict`
 * also when a target is missed. Writes `bench/result`, with `--keep` also what `docs/performance.md` shows.
 */
import { execFileSync, fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadNative } from './bench/native.ts'
import { judge, toldShape } from './bench/report.ts'
import { plotOf, type SectionResult, tableOf } from './bench/result-page.ts'

interface Section {
  readonly name: string
  readonly title: string
  readonly quick: readonly string[] | undefined
  readonly whole: readonly string[]
  /** It says nothing without better-sqlite3. */
  readonly needsNative?: boolean
}

/** In the order in which they run. Without `quick`, a section takes too long for that. */
const sections: readonly Section[] = [
  {
    name: 'promises',
    title: 'Promises',
    quick: ['--updates', '300'],
    whole: ['--updates', '3000'],
  },
  { name: 'daemon', title: 'Writes and reads', quick: ['--quick'], whole: [] },
  { name: 'subscriptions', title: 'Subscriptions', quick: ['--rounds', '2'], whole: [] },
  { name: 'start', title: 'Starts', quick: ['--rounds', '3'], whole: [] },
  {
    name: 'growth',
    title: 'Growth',
    quick: ['--records', '1000,10000', '--rounds', '3'],
    whole: ['--records', '1000,100000,1000000'],
  },
  {
    name: 'records',
    title: 'Many records',
    quick: ['--records', '10000', '--rounds', '3'],
    whole: [],
    needsNative: true,
  },
  {
    name: 'search',
    title: 'Ranked search',
    quick: ['--records', '10000', '--rounds', '5'],
    whole: [],
    needsNative: true,
  },
  { name: 'plugins', title: 'Plugins', quick: undefined, whole: [] },
  { name: 'agents', title: 'Agents', quick: undefined, whole: [] },
]

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    fault: { type: 'string' },
    keep: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
})

/** Runs a section; undefined when it ended without telling what it found. */
async function run({ name, title, quick, whole }: Section): Promise<SectionResult | undefined> {
  const planted = name === 'promises' && values.fault ? ['--fault', values.fault] : []
  const args = [...(values.quick ? (quick ?? []) : whole), ...planted]
  process.stdout.write(`\n=== ${title} (bench:${name})\n`)
  const script = fileURLToPath(new URL(`bench-${name}.ts`, import.meta.url))
  const child = fork(script, args, { execArgv: ['--import', 'tsx'] })
  return await new Promise((resolve) => {
    let result: SectionResult | undefined
    child.on('message', (told) => {
      result = { name, title, ...toldShape.parse(told) }
    })
    child.on('exit', () => resolve(result))
  })
}

function chosen(): Section[] {
  const names = values.only?.split(',') ?? sections.map(({ name }) => name)
  const unknown = names.find((name) => !sections.some((section) => section.name === name))
  if (unknown !== undefined) {
    const known = sections.map(({ name }) => name).join(', ')
    throw new Error(`--only: expected some of ${known}, got ${unknown}`)
  }
  const hasNative = loadNative() !== undefined
  return sections.filter(({ name, quick, needsNative }) => {
    if (!names.includes(name) || (values.quick && quick === undefined)) return false
    if (!needsNative || hasNative) return true
    process.stdout.write(
      `\n=== ${name} is left out: better-sqlite3 is not installed (npm run bench:peers)\n`,
    )
    return false
  })
}

function placeOf() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  return {
    commit,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    quick: values.quick,
  }
}

function write(directory: string, results: readonly SectionResult[]): void {
  const place = placeOf()
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, 'result.json'),
    `${JSON.stringify({ ...place, results }, undefined, 1)}\n`,
  )
  writeFileSync(join(directory, 'ratios.svg'), plotOf(results))
  writeFileSync(join(directory, 'result.md'), tableOf(place, results))
}

const results: SectionResult[] = []
const failed: string[] = []
for (const section of chosen()) {
  const result = await run(section)
  if (result === undefined) failed.push(section.name)
  else results.push(result)
}
const root = fileURLToPath(new URL('..', import.meta.url))
write(join(root, 'bench/result'), results)
if (values.keep) write(join(root, 'docs/performance'), results)

const missedIn = (name?: string): number =>
  results
    .filter((result) => name === undefined || result.name === name)
    .flatMap(({ rows }) => rows)
    .filter((row) => judge(row).isMet === false).length
const broken = missedIn('promises')
process.stdout.write(
  `\n${results.length} sections; ${missedIn() - broken} targets missed (docs/performance.md says why); ${broken} promises broken; failed: ${failed.join(', ') || 'none'}\n` +
    'bench/result has the numbers, a table and a plot\n',
)
process.exitCode = broken > 0 || failed.length > 0 || (values.strict && missedIn() > 0) ? 1 : 0
