import type { DaemonCommand } from './daemon-command.ts'
import { withDeadline } from './deadline.ts'
import { locateRuntime, prepareRuntime } from './runtime-directory.ts'
import { spawnDaemon } from './spawn-daemon.ts'
import { type Environment, prepareStore, type StoreLocation } from './store-location.ts'

/**
 * Starts a daemon that takes the place of the one that serves a store now; if none does, it serves all the same.
 *
 * The new one loads all it needs before it asks the old one to hand over; clients of the old one come back to it by
 * themselves. When this resolves, it serves.
 *
 * @throws LaunchError `start_failed` if the old one refuses or the new one can't start; `start_timeout`.
 */
export async function replaceDaemon(options: ReplaceOptions): Promise<void> {
  const { location, env, daemonCommand, force = false, deadlineMs = replaceDeadlineMs } = options
  prepareStore(location)
  const runtime = locateRuntime({ storeDirectory: location.directory, env })
  prepareRuntime(runtime)
  const { command, args } = daemonCommand
  const flags = force ? ['--take-over', '--force'] : ['--take-over']
  await withDeadline({ deadlineMs, signal: options.signal }, ({ signal }) =>
    spawnDaemon({
      location,
      runtime,
      daemonCommand: { command, args: [...args, ...flags] },
      env,
      lock: undefined,
      signal,
    }),
  )
}

/** Whose daemon is replaced, and by what. */
export interface ReplaceOptions {
  readonly location: StoreLocation
  readonly env: Environment
  readonly daemonCommand: DaemonCommand
  /** Also by an older version. */
  readonly force?: boolean | undefined
  /** For all of it, in milliseconds. Default 60 s: the old one may have much to finish. */
  readonly deadlineMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const replaceDeadlineMs = 60_000
