/**
 * Runs the tests on every Node that Orion works with, and on both engines: `npm run compatibility [-- --quick] [-- --only 22,26]`.
 * Each Node comes from the npm registry into `.cache/nodes`, without scripts. `--quick` runs the fast tests and those of the
 * store alone. Ends with 1 if one of them fails.
 *
 * The tests of a Node start programs by `process.execPath`, so that nothing in them is run by another one.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { engineNames } from '../daemon/store/engine/load-engine.ts'

/** The oldest that is promised, and of each later line the newest there was. */
const nodes = ['20.19.0', '22.23.3', '24.21.0', '26.10.0']
/** What depends on the engine most, in little time. */
const quickTests = ['durability', 'writes', 'transactions', 'references', 'quarantine', 'restore']

interface Outcome {
  readonly node: string
  readonly engine: string
  readonly passed: boolean
  readonly seconds: number
}

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})

/** The path of a Node, which is installed unless it is there. */
function nodeOf(version: string): string {
  const directory = join(root, '.cache', 'nodes', version)
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const program = join(directory, 'node_modules', name, 'bin', 'node')
  if (existsSync(program)) return program
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{"private":true}\n')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`]
  const { status } = spawnSync('npm', args, { cwd: directory, stdio: 'inherit' })
  if (status !== 0 || !existsSync(program)) throw new Error(`expected ${name}@${version} from npm`)
  return program
}

/** Runs test files, or with none all that there is. */
function passes(program: string, engine: string, args: readonly string[]): boolean {
  const env = { ...process.env, ORION_ENGINE: engine, NODE_OPTIONS: '' }
  const command = ['--import', 'tsx', 'scripts/check.ts', ...args]
  return spawnSync(program, command, { cwd: root, env, stdio: 'inherit' }).status === 0
}

function runOn(version: string, engine: string): Outcome {
  const program = nodeOf(version)
  console.log(`\n== Node ${version}, ${engine}`)
  const startedMs = performance.now()
  const store = quickTests.map((name) => join('test', 'store', `${name}.test.ts`))
  const passed = values.quick
    ? passes(program, engine, ['--quick']) && passes(program, engine, store)
    : passes(program, engine, [])
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  return { node: version, engine, passed, seconds }
}

const only = values.only.split(',').filter((line) => line !== '')
const chosen = nodes.filter(
  (version) => only.length === 0 || only.some((line) => version.startsWith(`${line}.`)),
)
if (chosen.length === 0) throw new Error(`expected some of ${nodes.join(', ')}, got ${only}`)
const outcomes = chosen.flatMap((version) => engineNames.map((engine) => runOn(version, engine)))
console.log('\n| Node | engine | result | seconds |\n|---|---|---|---:|')
for (const { node, engine, passed, seconds } of outcomes) {
  console.log(`| ${node} | ${engine} | ${passed ? 'passed' : '**failed**'} | ${seconds} |`)
}
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1
