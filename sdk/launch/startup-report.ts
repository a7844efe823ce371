import { closeSync, writeSync } from 'node:fs'
import { z } from 'zod'

/**
 * What a starter hands to the daemon it starts: a pipe on which the daemon says how it went, and the locked descriptors.
 * The names lie in the environment, because the command line belongs to the user.
 */
export interface HandedDescriptors {
  readonly reportFd: number
  /** As `OwnerLock.fds` has them; undefined when the daemon is to see to the lock itself. */
  readonly lockFds: readonly number[] | undefined
}

/** The descriptor of the pipe in the child; those of the lock follow it. */
const reportFd = 3

/** The variables that tell a child what it was handed: the report's pipe as descriptor 3, then so many of the lock. */
export function handedEnvironment(lockFds: number): Record<string, string> {
  const fds = Array.from({ length: 1 + lockFds }, (_, at) => reportFd + at)
  return { [handedVariable]: fds.join(',') }
}

/**
 * Whether this process was started by `findOrStartDaemon`, and with which descriptors. Forgets it at once, so that no
 * child of the daemon believes the same of itself.
 *
 * @param env - `process.env`; the variable is deleted from it.
 */
export function takeHandedDescriptors(env: NodeJS.ProcessEnv): HandedDescriptors | undefined {
  const value = env[handedVariable] ?? ''
  delete env[handedVariable]
  if (!/^\d+(,\d+)*$/.test(value)) return undefined
  const [report = -1, ...lockFds] = value.split(',').map(Number)
  return { reportFd: report, lockFds: lockFds.length === 0 ? undefined : lockFds }
}

/** The daemon's one word to its starter. The first call counts, later ones do nothing; a starter that is gone is no error. */
export interface StartupReport {
  /** The daemon is published and answers `initialize`. */
  ready(): void
  failed(failure: StartupFailure): void
}

/** Why a daemon could not start, in words for the user who waits for it. */
export interface StartupFailure {
  readonly message: string
  readonly remedy?: string | undefined
  readonly logPath?: string | undefined
}

/** The daemon's end of the pipe; without a descriptor (a daemon started by hand) it says nothing to nobody. */
export function openStartupReport(reportFd: number | undefined): StartupReport {
  let fd = reportFd
  const say = (message: StartupMessage) => {
    if (fd === undefined) return
    try {
      writeSync(fd, `${JSON.stringify(message)}\n`)
      closeSync(fd)
    } catch {
      // The starter has died or gave up waiting. The daemon serves the others all the same.
    }
    fd = undefined
  }
  return { ready: () => say({ ready: true }), failed: (error) => say({ error }) }
}

/** One line on the pipe. */
export type StartupMessage = { readonly ready: true } | { readonly error: StartupFailure }

/** @throws ZodError or SyntaxError if the line is not a start-up message. */
export function parseStartupMessage(line: string): StartupMessage {
  return messageSchema.parse(JSON.parse(line))
}

/** Longest line a starter reads. */
export const startupMessageMaxBytes = 65_536

const handedVariable = 'ORION_HANDED_FDS'

const messageSchema = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({
    error: z.object({
      message: z.string(),
      remedy: z.string().optional(),
      logPath: z.string().optional(),
    }),
  }),
])
