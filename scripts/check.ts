/**
 * Everything that must hold before a change is kept: types, lint and format, and all tests.
 *
 *   tsx scripts/check.ts                 all of it
 *   tsx scripts/check.ts --quick         the fast unit tests alone
 *   tsx scripts/check.ts test/store/...  these files alone
 *
 * The files are found here, because a folder or a glob given to Node 20's own runner finds no TypeScript and
 * passes with zero tests.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleTests } from './check/test-bundles.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const quickFolders = ['sdk', 'filter'].map((name) => join('test', name) + sep)
/** Longest time of one test file, in milliseconds: generous, because two slow machines share one disk. */
const fileTimeoutMs = 600_000
/** One more than the cores of a small machine: two fifths of the time of the files is waiting for processes. */
const filesAtOnce = 3

function run(title: string, args: readonly string[]): void {
  console.log(`\n> ${title}`)
  const { status, signal, error } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
  })
  if (status === 0) return
  console.error(`\n${title}: failed (${error?.message ?? signal ?? `exit ${status}`})`)
  process.exit(1)
}

function testFiles(): string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .sort()
}

const args = process.argv.slice(2)
const quick = args.includes('--quick')
const named = args.filter((argument) => !argument.startsWith('--'))
const all = named.length > 0 ? named : testFiles()
const files = quick
  ? all.filter((file) => quickFolders.some((folder) => file.startsWith(folder)))
  : all
if (files.length === 0) {
  console.error('expected some test files, found none')
  process.exit(1)
}
if (!quick && named.length === 0) {
  run('types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'])
  run('lint and format', ['node_modules/@biomejs/biome/bin/biome', 'check', '.'])
  // The command line is tested as it is installed; from sources each command would take a second more.
  run('the program', ['--import', 'tsx', 'scripts/bundle-program.ts'])
  process.env.ORION_TESTED_PROGRAM = 'built'
  process.env.ORION_FROM_SOURCE = '0'
}
const runner = [
  '--import',
  'tsx',
  '--enable-source-maps',
  '--test',
  '--test-reporter=spec',
  `--test-timeout=${fileTimeoutMs}`,
]
// Of quick runs there may be several at a time, also within a whole one.
const bundles = join(root, '.cache', 'test-bundles', quick ? `quick-${process.pid}` : 'whole')
if (quick) process.once('exit', () => rmSync(bundles, { recursive: true, force: true }))
const started = named.length === 0 ? await bundleTests(root, files, bundles) : files
run(`${files.length} test files`, [...runner, `--test-concurrency=${filesAtOnce}`, ...started])
