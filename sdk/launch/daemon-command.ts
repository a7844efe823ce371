import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { ancestors } from './git-directory.ts'
import { LaunchError } from './launch-error.ts'
import type { Environment } from './store-location.ts'

/** A program and its first arguments; `--store DIR` is put after them. */
export interface DaemonCommand {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * The command that serves a store with the caller's own installation, so that client and daemon are of one version: the
 * `bin/orion.mjs` of the package that this file belongs to. Nothing is ever fetched.
 *
 * @throws LaunchError `start_failed` if this file was bundled into another program, which has to name the command itself.
 */
export function defaultDaemonCommand(): DaemonCommand {
  const here = dirname(fileURLToPath(import.meta.url))
  for (const directory of ancestors(here)) {
    const program = join(directory, 'bin', 'orion.mjs')
    if (isOurPackage(join(directory, 'package.json')) && existsSync(program)) {
      // Inside Electron the running program is an editor, not Node.
      const node = process.versions.electron === undefined ? process.execPath : 'node'
      return { command: node, args: [program, 'serve'] }
    }
  }
  throw new LaunchError('start_failed', `expected bin/orion.mjs above ${here}, got none`, {
    remedy: 'start the daemon with `orion serve`, or pass `daemonCommand`',
  })
}

/**
 * The environment for a daemon that outlives its starter: the caller's, without what was meant for the caller's own
 * process. A debugger's `NODE_OPTIONS` would stop the daemon; a parent's IPC descriptor would be taken for its lock.
 */
export function daemonEnvironment(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !ownProcessOnly.test(name)) kept[name] = value
  }
  return kept
}

const ownProcessOnly =
  /^(NODE_OPTIONS|NODE_CHANNEL_.*|NODE_UNIQUE_ID|NODE_TEST_CONTEXT|NODE_V8_COVERAGE|VSCODE_INSPECTOR_OPTIONS|GIT_.*)$/

const packageSchema = z.object({ name: z.literal('orion') })

function isOurPackage(path: string): boolean {
  try {
    return packageSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).success
  } catch {
    return false // No package here, or not a readable one: look further up.
  }
}
