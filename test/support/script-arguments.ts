/** How tests start programs of their own. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bundles = fileURLToPath(new URL('../../.cache/test-bundles/whole', import.meta.url))

/** Node's arguments for a program of the tests: its bundle in a whole run, which starts in a third of the time, else its source. */
export function scriptArguments(path: string): string[] {
  const bundle = join(bundles, `${basename(path, '.ts')}.mjs`)
  const isWholeRun = process.env.ORION_TESTED_PROGRAM === 'built'
  if (isWholeRun && existsSync(bundle)) return [bundle]
  return ['--import', import.meta.resolve('tsx'), path]
}
