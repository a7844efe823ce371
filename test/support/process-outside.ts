/** Programs from outside that some tests need: a test is skipped without them, but never where everything has to run. */
import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

/** A program and its first arguments. */
export type Command = readonly [program: string, ...args: string[]]

/**
 * The first of some commands that runs to a good end; undefined after the test was marked as skipped.
 *
 * Nothing is skipped in continuous integration: there the test fails.
 *
 * @param trial - Arguments with which each is tried.
 */
export function findProgram(
  t: TestContext,
  { what, commands, trial }: ProgramSearch,
): Command | undefined {
  const found = commands.find(([program, ...args]) => {
    const { status, stdout } = spawnSync(program, [...args, ...trial.args], { encoding: 'utf8' })
    return status === 0 && (trial.prints?.test(stdout) ?? true)
  })
  if (found !== undefined) return found
  const reason = `${what} is not installed`
  if (isContinuousIntegration()) throw new Error(`${reason}, and nothing is skipped when CI is set`)
  t.skip(reason)
  return undefined
}

/** What is looked for, and how it is known. */
export interface ProgramSearch {
  /** Named to people. */
  readonly what: string
  readonly commands: readonly Command[]
  readonly trial: { readonly args: readonly string[]; readonly prints?: RegExp }
}

function isContinuousIntegration(): boolean {
  return !['', '0', 'false', undefined].includes(process.env.CI)
}
