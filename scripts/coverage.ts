/**
 * Which lines and branches of what every promise rests on (the store with its engine, the events, the filters, the
 * transports) are run by the tests that are about it, in this process and in those they start: `npm run coverage`. Files that
 * no test loads count as not run. Ends with 1 below the floor; a report for people is in `coverage/`.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Tests of whole programs run the same lines again, and would hide what nobody tests by itself. */
const folders = ['events', 'filter', 'store', 'transport']
const sources = ['daemon/store', 'daemon/events', 'sdk/filter', 'sdk/transport']
/**
 * In percent; a little below what is reached, so that chance does not fail it. What is missing are above all answers to
 * failures of the system that no test brings about, and other systems than the one it runs on.
 */
const floor = { lines: 90, branches: 90 }

const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => folders.some((folder) => file.startsWith(folder + sep)))
  .map((file) => join('test', file))
  .sort()
if (files.length === 0) throw new Error(`expected tests in ${folders.join(', ')}, found none`)
const check = Object.entries(floor).flatMap(([what, percent]) => [`--${what}`, `${percent}`])
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/c8/bin/c8.js',
    ...sources.flatMap((folder) => ['--include', `${folder}/**/*.ts`]),
    '--all',
    ...['--reporter', 'text-summary', '--reporter', 'json-summary', '--reporter', 'html'],
    ...['--reports-dir', 'coverage'],
    ...['--check-coverage', ...check],
    ...[process.execPath, '--import', 'tsx', '--test', '--test-concurrency=2', ...files],
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = status ?? 1
