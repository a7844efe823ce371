/**
 * Breaks the sources on purpose, one place at a time and in a copy, and runs the test that has to notice:
 *
 *   npm run mutants -- [--only TEXT] [--table]
 *
 * Ends with 1 if a test fails on unbroken sources, or passes on broken ones. `--table` prints the table of docs/testing.md.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Mutant, mutants } from './planting/mutants.ts'
import { patched } from './planting/source-patch.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const notCopied: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', 'coverage'])
/** A break may make a test wait for ever; that is noticed too. */
const testMaxMs = 300_000

const { values } = parseArgs({
  options: { only: { type: 'string' }, table: { type: 'boolean', default: false } },
})
const chosen = mutants.filter(({ what, file }) => `${what} ${file}`.includes(values.only ?? ''))
const directory = mkdtempSync(join(tmpdir(), 'orion-m-'))
try {
  copyProject()
  const unbroken = new Map<string, boolean>()
  const results = chosen.map((mutant) => {
    const passes = unbroken.get(mutant.test) ?? runTest(mutant.test).passed
    unbroken.set(mutant.test, passes)
    const result = passes ? tryOut(mutant) : 'the test fails unbroken'
    console.log(`${result === 'caught' ? 'ok  ' : 'FAIL'} ${mutant.what}: ${result}`)
    return { mutant, result }
  })
  const caught = results.filter(({ result }) => result === 'caught').length
  console.log(`${caught} of ${results.length} breaks were caught`)
  if (values.table) for (const { mutant } of results) console.log(tableRow(mutant))
  process.exitCode = caught === results.length && caught > 0 ? 0 : 1
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

function copyProject(): void {
  for (const name of readdirSync(root).filter((one) => !notCopied.has(one))) {
    cpSync(join(root, name), join(directory, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
}

function tryOut(mutant: Mutant): 'caught' | 'NOT NOTICED' {
  const path = join(directory, mutant.file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(path, patched(mutant.file, source, [mutant]))
  try {
    return runTest(mutant.test).passed ? 'NOT NOTICED' : 'caught'
  } finally {
    writeFileSync(path, source)
  }
}

function runTest(file: string): { readonly passed: boolean } {
  // The file itself rather than a runner that starts it: what hangs is ended with it.
  const args = ['--import', 'tsx', file]
  const { NODE_TEST_CONTEXT: _, ORION_TESTED_PROGRAM: __, ...env } = process.env
  const { status } = spawnSync(process.execPath, args, {
    cwd: directory,
    env,
    stdio: 'ignore',
    timeout: testMaxMs,
    killSignal: 'SIGKILL',
  })
  return { passed: status === 0 }
}

function tableRow({ what, area, file, test }: Mutant): string {
  return `| ${area} | ${what} | \`${file}\` | \`${test}\` |`
}
