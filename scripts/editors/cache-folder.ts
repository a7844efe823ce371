import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The directory of this project. */
export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url))

/**
 * A folder for what is installed once and used by many runs, outside the project's sources: `node_modules/.cache/editors`,
 * or what `EDITOR_PROOF_CACHE` names.
 */
export function cacheFolder(name: string): string {
  const named = process.env.EDITOR_PROOF_CACHE
  const root =
    named === undefined || named === ''
      ? join(projectDirectory, 'node_modules', '.cache', 'editors')
      : resolve(named)
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
