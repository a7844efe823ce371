import type { DaemonCommand } from './daemon-command.ts'
import { withDeadline } from './deadline.ts'
import { type DiscoveryEntry, readDiscovery } from './discovery-file.ts'
import { LaunchError } from './launch-error.ts'
import { acquireOwnerLock, pause, pollDelayMs, readOwnerNote } from './owner-lock.ts'
import {
  checkRuntime,
  locateRuntime,
  prepareRuntime,
  type RuntimeDirectory,
  runtimeAt,
} from './runtime-directory.ts'
import { spawnDaemon } from './spawn-daemon.ts'
import { recordStartFailure, watchStartFailures } from './start-failure.ts'
import { type Environment, prepareStore, type StoreLocation } from './store-location.ts'

/**
 * Connects to the daemon of a store, starting it if there is none. Of any number of callers at once, one starts it and all
 * are served.
 *
 * ```
 * probe the socket in daemon.json ── answers ──> done
 *    │ nobody
 * take the lock, without waiting ── got it ──> start a daemon, hand the lock on, wait for its word ─┐
 *    │ held: somebody starts, serves or works in process                                           │
 *    └── wait a little, with jitter, until the deadline ──> probe again <──────────────────────────┘
 * ```
 *
 * @returns The connection that `probe` made; whoever started the daemon can see it in `started`.
 * @throws LaunchError, always one for the whole attempt, with cause, remedy and, if there is one, log path; what `probe`
 *   throws; the signal's reason when the caller aborts.
 */
export async function findOrStartDaemon<T>(
  options: FindOrStartOptions<T>,
): Promise<FoundDaemon<T>> {
  const { location, env, signal, deadlineMs = startDeadlineMs } = options
  prepareStore(location)
  const runtime = locateRuntime({ storeDirectory: location.directory, env })
  prepareRuntime(runtime)
  return await withDeadline({ deadlineMs, signal }, async (deadline) => {
    const search = { ...options, deadlineMs, runtime, signal: deadline.signal }
    const others = watchStartFailures(runtime, options.daemonCommand)
    let started = false
    for (let attempt = 0; ; attempt += 1) {
      const found = await probeKnown(search)
      if (found !== undefined) return { ...found, started }
      signal?.throwIfAborted()
      if (deadline.passed()) throw unanswered(search)
      const failure = others.failure()
      if (failure !== undefined) throw failure
      if (attempt % triesForEachLockTry === 0 && (await startAsOwner(search))) started = true
      else await pause(pollDelayMs(attempt), deadline.signal)
    }
  })
}

/**
 * Connects to the daemon of a store if one answers; starts nothing and makes nothing.
 *
 * @throws LaunchError `runtime_insecure`, `socket_path_too_long`; what `probe` throws.
 */
export async function findDaemon<T>(options: FindOptions<T>): Promise<FoundDaemon<T> | undefined> {
  const { location, env, signal, deadlineMs = startDeadlineMs } = options
  const runtime = locateRuntime({ storeDirectory: location.directory, env })
  return await withDeadline({ deadlineMs, signal }, async (deadline) => {
    const found = await probeKnown({ ...options, runtime, signal: deadline.signal })
    signal?.throwIfAborted()
    return found === undefined ? undefined : { ...found, started: false }
  })
}

/** Which daemon is wanted, and how to know it. */
export interface FindOptions<T> {
  readonly location: StoreLocation
  readonly env: Environment
  readonly probe: Probe<T>
  /** For all of it, in milliseconds. Default 10 s. */
  readonly deadlineMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** As `FindOptions`, and what to run when nobody answers. */
export interface FindOrStartOptions<T> extends FindOptions<T> {
  readonly daemonCommand: DaemonCommand
}

/**
 * Connects to a socket and shakes hands; the live connection is kept and becomes the result.
 *
 * Undefined means that nobody serves there (refused, absent, closed before the answer, draining), and the search goes on.
 * A throw is an answer that the user must see, such as a protocol that is not spoken or a token that is not accepted, and
 * ends the search. When the signal aborts, close what is open: the result is not waited for any more.
 */
export type Probe<T> = (socketPath: string, signal: AbortSignal) => Promise<T | undefined>

/** A daemon that has answered. */
export interface FoundDaemon<T> {
  /** What `probe` returned. */
  readonly connection: T
  /** What the daemon had published; compare its `instanceId` with the handshake's. */
  readonly entry: DiscoveryEntry
  /** Whether this call started it. */
  readonly started: boolean
}

/** Default deadline: a start takes well under a second on a machine that is not overloaded. */
const startDeadlineMs = 10_000

/** Trying the lock costs a process, probing costs a system call or two. */
const triesForEachLockTry = 3

type Search<T> = FindOptions<T> & {
  readonly runtime: RuntimeDirectory
  readonly signal: AbortSignal
}

type StartSearch<T> = FindOrStartOptions<T> & Search<T> & { readonly deadlineMs: number }

/** @returns Whether the store had no owner, so that a daemon was started, and is ready. */
async function startAsOwner<T>(search: StartSearch<T>): Promise<boolean> {
  const lock = await acquireOwnerLock(search.location.lockPath)
  if (lock === undefined) return false
  try {
    await spawnDaemon({ ...search, lock })
  } catch (error) {
    if (error instanceof LaunchError && error.kind === 'start_failed') {
      recordStartFailure(search.runtime, search.daemonCommand, error)
    }
    throw error
  }
  return true
}

async function probeKnown<T>(
  search: Search<T>,
): Promise<Omit<FoundDaemon<T>, 'started'> | undefined> {
  for (const runtime of [search.runtime, notedRuntime(search)]) {
    if (runtime === undefined || checkRuntime(runtime) === 'absent') continue
    const entry = readDiscovery(runtime.discoveryPath)
    if (entry === undefined) continue
    const connection = await untilAborted(search.probe(entry.socket, search.signal), search.signal)
    if (connection !== undefined) return { connection, entry }
  }
  return undefined
}

/** The owner may have been started in an environment that puts its files elsewhere; it noted that in the lock file. */
function notedRuntime<T>({ location, runtime }: Search<T>): RuntimeDirectory | undefined {
  const noted = readOwnerNote(location.lockPath)?.runtimeDirectory
  if (noted === undefined || noted === runtime.directory) return undefined
  const elsewhere = runtimeAt(noted)
  try {
    return checkRuntime(elsewhere) === 'sound' ? elsewhere : undefined
  } catch {
    return undefined // Whoever can write the store's directory may have written this; what is not ours is not followed.
  }
}

/** The promise's value, or undefined once the signal aborts: a daemon that was stopped accepts and never answers. */
function untilAborted<T>(
  promise: Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined)
    signal.addEventListener('abort', onAbort, { once: true })
    promise
      .then(resolve, (error: unknown) => (signal.aborted ? resolve(undefined) : reject(error)))
      .finally(() => signal.removeEventListener('abort', onAbort))
    if (signal.aborted) onAbort()
  })
}

function unanswered<T>({ location, runtime, deadlineMs }: StartSearch<T>): LaunchError {
  const holder = readOwnerNote(location.lockPath)
  const who = holder === undefined ? 'a process' : `process ${holder.pid}`
  const place = holder?.runtimeDirectory ?? runtime.directory
  const stuck = `if ${who} is stuck or stopped, end it with SIGKILL: nothing that was answered is lost`
  const elsewhere = `it serves in ${place}, and you look in ${runtime.directory}: another user, or another container, has one of its own. Give both the same directory by ORION_RUNTIME_DIR, of one user and seen by both`
  return new LaunchError(
    'start_timeout',
    `expected the daemon of ${location.directory} to answer within ${deadlineMs} ms, got silence while ${who} owned the store`,
    {
      remedy:
        place === runtime.directory ? `wait and try again; ${stuck}` : `${elsewhere}. Or ${stuck}`,
      logPath: runtimeAt(place).logPath,
    },
  )
}
