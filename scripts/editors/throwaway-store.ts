import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectDirectory } from './cache-folder.ts'

/** A store that lasts as long as a script, in a home of its own. */
export interface ThrowawayStore {
  /** The home. */
  readonly directory: string
  /** The folder to work in, whose store it is. */
  readonly work: string
  readonly store: string
  /** The script of the command line. */
  readonly program: string
  /** The command line that leads to it, to be followed by an action. */
  readonly orion: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Ends its daemon and removes it all. */
  remove(): void
}

/** Makes a place for a store; the first who asks for it starts its daemon. */
export function throwawayStore(name: string): ThrowawayStore {
  const directory = mkdtempSync(join(tmpdir(), `orion-${name}-`))
  const work = join(directory, 'work')
  const store = join(work, '.orion')
  mkdirSync(store, { recursive: true })
  const program = join(projectDirectory, 'bin', 'orion.mjs')
  const env = {
    ...process.env,
    HOME: directory,
    XDG_STATE_HOME: directory,
    ORION_RUNTIME_DIR: join(directory, 'run'),
    ORION_LIMIT_IDLE_EXIT_MS: '60000',
  }
  const remove = (): void => {
    spawnSync(process.execPath, [program, '--store', store, 'stop'], {
      cwd: work,
      env,
      stdio: 'ignore',
    })
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  const orion = [process.execPath, program, '--store', store]
  return { directory, work, store, program, orion, env, remove }
}
