import { isAbsolute, join } from 'node:path'
import type { Environment } from './store-location.ts'

/**
 * The directory for what Orion remembers for this user outside of stores: `$XDG_STATE_HOME/orion`, else
 * `~/.local/state/orion` (`~/Library/Application Support/orion` on macOS, `%LOCALAPPDATA%` on Windows). Changes nothing.
 *
 * @returns Undefined for a user without a home: nothing is remembered then.
 */
export function locateState(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const given = env.XDG_STATE_HOME
  if (given && isAbsolute(given)) return join(given, 'orion')
  if (platform === 'win32') return env.LOCALAPPDATA && join(env.LOCALAPPDATA, 'orion', 'state')
  const home = env.HOME
  if (!home || !isAbsolute(home)) return undefined
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'orion')
  return join(home, '.local', 'state', 'orion')
}
