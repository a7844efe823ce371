import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { type DaemonCommand, daemonEnvironment } from './daemon-command.ts'
import { LaunchError, messageOf } from './launch-error.ts'
import { lookAtItself } from './look-at.ts'
import type { OwnerLock } from './owner-lock.ts'
import type { RuntimeDirectory } from './runtime-directory.ts'
import { handedEnvironment, parseStartupMessage, startupMessageMaxBytes } from './startup-report.ts'
import type { Environment, StoreLocation } from './store-location.ts'

/**
 * Starts a daemon in a session of its own, hands it the lock if there is one, and waits for its word that it serves.
 *
 * The lock is the daemon's from the moment it exists: this process closes its own descriptor right after the spawn, so the
 * death of either of the two leaves the lock where it belongs.
 *
 * @throws LaunchError `start_failed` with what the daemon said, or the end of its log if it died without a word;
 *   `start_timeout` if it has said nothing when the signal aborts (it is left to go on).
 */
export async function spawnDaemon(options: SpawnDaemonOptions): Promise<void> {
  const { runtime, signal } = options
  const log = openLogFor(options)
  let child: ChildProcess
  try {
    child = start(options, log.fd)
  } catch (error) {
    throw new LaunchError('start_failed', `the daemon could not be run: ${messageOf(error)}`, {
      remedy: 'check the command that starts it and the limits of this system',
      cause: error,
    })
  } finally {
    options.lock?.release()
    closeSync(log.fd)
  }
  const outcome = await outcomeOf(child, signal)
  child.unref()
  switch (outcome.kind) {
    case 'ready':
      return
    case 'failed':
      throw new LaunchError('start_failed', `the daemon can't start: ${outcome.message}`, {
        remedy: outcome.remedy ?? 'read its log',
        logPath: outcome.logPath ?? runtime.logPath,
      })
    case 'died':
      throw new LaunchError(
        'start_failed',
        died(outcome.how, tailOf(runtime.logPath, log.startedAtByte)),
        {
          remedy: 'read its log, or run `orion serve` in this directory to see it fail',
          logPath: runtime.logPath,
        },
      )
    case 'silent':
      throw new LaunchError(
        'start_timeout',
        `expected the daemon to be ready by now, got no word from process ${child.pid}`,
        {
          remedy: 'try again in a moment: it may still be at work on recovery or a migration',
          logPath: runtime.logPath,
        },
      )
  }
}

/** What is started, and what it is given. */
export interface SpawnDaemonOptions {
  readonly location: StoreLocation
  readonly runtime: RuntimeDirectory
  readonly daemonCommand: DaemonCommand
  readonly env: Environment
  /** Handed on to the child, and released here in any case; without it the child sees to the lock itself. */
  readonly lock: OwnerLock | undefined
  readonly signal: AbortSignal
}

type Outcome =
  | { readonly kind: 'ready' | 'silent' }
  | {
      readonly kind: 'failed'
      message: string
      remedy?: string | undefined
      logPath?: string | undefined
    }
  | { readonly kind: 'died'; readonly how: string }

/** The log is put aside at a start when it has grown beyond this; one older log is kept. */
const logMaxBytes = 4 * 1024 * 1024
const logTailMaxBytes = 2048

function start(
  { location, daemonCommand, env, lock }: SpawnDaemonOptions,
  logFd: number,
): ChildProcess {
  const args = [...daemonCommand.args, '--store', location.directory]
  const lockFds = lock?.fds ?? []
  return spawn(daemonCommand.command, args, {
    cwd: location.directory,
    detached: true,
    env: { ...daemonEnvironment(env), ...handedEnvironment(lockFds.length) },
    stdio: ['ignore', logFd, logFd, 'pipe', ...lockFds], // In the order of `handedEnvironment`.
    windowsHide: true,
  })
}

function outcomeOf(child: ChildProcess, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = child.stdio?.[3] // Node leaves `stdio` out when it has no descriptors left for a child.
    const pipe = end instanceof Readable ? end : new Readable()
    let text = ''
    const settle = (outcome: Outcome) => {
      signal.removeEventListener('abort', onAbort)
      pipe.destroy()
      resolve(outcome)
    }
    const onAbort = () => settle({ kind: 'silent' })
    signal.addEventListener('abort', onAbort, { once: true })
    pipe.on('error', () => {}) // The pipe of a child that died; 'close' below tells.
    pipe.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (text.includes('\n') || text.length > startupMessageMaxBytes) settle(parseOutcome(text))
    })
    child.once('error', (error) =>
      settle({ kind: 'died', how: `could not be run: ${messageOf(error)}` }),
    )
    child.once('close', (code, killedBy) =>
      settle({
        kind: 'died',
        how: killedBy ? `was ended by ${killedBy}` : `ended with status ${code}`,
      }),
    )
    if (signal.aborted) onAbort()
  })
}

function parseOutcome(text: string): Outcome {
  try {
    const message = parseStartupMessage(text.split('\n', 1)[0] ?? '')
    return 'ready' in message ? { kind: 'ready' } : { kind: 'failed', ...message.error }
  } catch {
    return { kind: 'died', how: 'said something else than a start-up message on its pipe' }
  }
}

/** The lock is free again when there is no log to write to. */
function openLogFor({ runtime, lock }: SpawnDaemonOptions): ReturnType<typeof openLog> {
  try {
    return openLog(runtime.logPath)
  } catch (error) {
    lock?.release()
    throw new LaunchError(
      'runtime_unwritable',
      `expected to write the log ${runtime.logPath}, got ${messageOf(error)}`,
      {
        remedy: 'remove what lies there, or set ORION_RUNTIME_DIR to another directory',
        cause: error,
      },
    )
  }
}

function openLog(path: string): { fd: number; startedAtByte: number } {
  const there = lookAtItself(path)
  // The directory is ours alone, so a link in it leads nowhere that we meant; it is never followed.
  if (there?.isSymbolicLink()) rmSync(path)
  const size = there?.isFile() ? there.size : 0
  const tooLong = size > logMaxBytes
  if (tooLong) renameSync(path, `${path}.1`)
  const flags =
    constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)
  return { fd: openSync(path, flags, 0o600), startedAtByte: tooLong ? 0 : size }
}

function died(how: string, tail: string): string {
  const said = tail === '' ? 'Its log says nothing.' : `The end of its log:\n${tail}`
  return `the daemon ${how} before it was ready. ${said}`
}

/** What this start has added to the log, at most its last two kilobytes. */
function tailOf(path: string, startedAtByte: number): string {
  try {
    const fd = openSync(path, 'r')
    try {
      const end = fstatSync(fd).size
      const from = Math.max(startedAtByte, end - logTailMaxBytes)
      const bytes = Buffer.alloc(Math.max(0, end - from))
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, from)).trim()
    } finally {
      closeSync(fd)
    }
  } catch {
    return '' // A log that is gone has nothing to tell; the error about the start counts.
  }
}
