import { randomBytes } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { DaemonCommand } from './daemon-command.ts'
import { LaunchError } from './launch-error.ts'
import { readSmallFile } from './read-small-file.ts'
import type { RuntimeDirectory } from './runtime-directory.ts'

/**
 * Lets those who wait for a daemon hear at once that its start has failed, instead of each starting it again in turn until
 * their deadlines are over.
 *
 * A failure counts only for who was waiting when it happened (a mark that has changed since then, so that no clock is
 * compared) and would have run the same command. Best effort: without the file everybody finds out alone.
 */
export interface FailureWatch {
  /** The error of a start that has failed since the watch began, made new for each caller. */
  failure(): LaunchError | undefined
}

/** Begins to watch; what failed before is forgotten. */
export function watchStartFailures(
  runtime: RuntimeDirectory,
  command: DaemonCommand,
): FailureWatch {
  const path = failurePath(runtime)
  const before = readFailure(path)?.mark
  return {
    failure: () => {
      const failed = readFailure(path)
      if (failed === undefined || failed.mark === before || failed.command !== lineOf(command))
        return undefined
      return new LaunchError('start_failed', failed.message, failed)
    },
  }
}

/** Tells the others that a start has failed. */
export function recordStartFailure(
  runtime: RuntimeDirectory,
  command: DaemonCommand,
  error: LaunchError,
): void {
  const mark = randomBytes(6).toString('hex')
  const { message, remedy, logPath } = error
  const temporary = `${failurePath(runtime)}.${mark}`
  try {
    const text = JSON.stringify({ mark, command: lineOf(command), message, remedy, logPath })
    writeFileSync(temporary, `${text}\n`, { flag: 'wx', mode: 0o600 })
    renameSync(temporary, failurePath(runtime))
  } catch {
    rmSync(temporary, { force: true }) // A full disk, say. The caller gets the error itself.
  }
}

/** Far more than a failure needs; a longer file is not ours. */
const failureMaxBytes = 262_144

const failureSchema = z.object({
  mark: z.string(),
  command: z.string(),
  message: z.string(),
  remedy: z.string(),
  logPath: z.string().optional(),
})

function failurePath(runtime: RuntimeDirectory): string {
  return `${runtime.directory}/failed.json`
}

function lineOf({ command, args }: DaemonCommand): string {
  return [command, ...args].join('\0')
}

function readFailure(path: string): z.infer<typeof failureSchema> | undefined {
  try {
    return failureSchema.parse(JSON.parse(readSmallFile(path, failureMaxBytes)))
  } catch {
    return undefined // Absent or not readable: there is nothing to tell.
  }
}
