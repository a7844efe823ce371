import type { Cli } from './context.ts'
import { type ExitCode, exitCodeOf } from './exit-code.ts'
import { describeError } from './told-error.ts'

/**
 * Tells a failure on stderr and gives its exit code: with `json` as one object `{code, kind, message, data}`, else in words,
 * with what to do about it.
 */
export async function reportError(
  cli: Cli,
  error: unknown,
  { json }: { readonly json: boolean },
): Promise<ExitCode> {
  const told = describeError(error)
  if (json) {
    await cli.err.write(`${JSON.stringify(told)}\n`)
  } else {
    const { explain } = await import('./present/explain.ts')
    await cli.err.write(explain(error, told, { colours: cli.err.colours, now: Date.now() }))
  }
  return exitCodeOf(error)
}
