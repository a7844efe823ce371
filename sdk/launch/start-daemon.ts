import { setTimeout as sleep } from 'node:timers/promises'
import type { DaemonCommand } from './daemon-command.ts'
import { type DiscoveryEntry, readDiscovery } from './discovery-file.ts'
import { LaunchError } from './launch-error.ts'
import { acquireOwnerLock, pollDelayMs, readOwnerNote } from './owner-lock.ts'
import {
  checkRuntime,
  locateRuntime,
  prepareRuntime,
  type RuntimeDirectory,
  runtimeAt,
} from './runtime-directory.ts'
import { spawnDaemon } from './spawn-daemon.ts'
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
  const deadline = AbortSignal.timeout(deadlineMs)
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  let started = false
  for (let attempt = 0; ; attempt += 1) {
    const found = await probeKnown({ ...options, runtime, signal: either })
    if (found !== undefined) return { ...found, started }
    signal?.throwIfAborted()
    if (deadline.aborted) throw unanswered(location, runtime, deadlineMs)
    if (attempt % triesForEachLockTry === 0) {
      const lock = await acquireOwnerLock(location.lockPath)
      if (lock !== undefined) {
        await spawnDaemon({ ...options, runtime, lock, signal: either }).catch((error: unknown) => {
          signal?.throwIfAborted()
          throw error
        })
        started = true
        attempt = -1
        continue
      }
    }
    await sleep(pollDelayMs(attempt), undefined, { signal: either }).catch(() => {
      // Aborted: the next turn of the loop probes a last time and then says by whom.
    })
  }
}

/**
 * Connects to the daemon of a store if one answers; starts nothing and makes nothing.
 *
 * @throws LaunchError `runtime_insecure`, `socket_path_too_long`; what `probe` throws.
 */
export async function findDaemon<T>(options: FindOptions<T>): Promise<FoundDaemon<T> | undefined> {
  const runtime = locateRuntime({ storeDirectory: options.location.directory, env: options.env })
  const deadline = AbortSignal.timeout(options.deadlineMs ?? startDeadlineMs)
  const either =
    options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline])
  const found = await probeKnown({ ...options, runtime, signal: either })
  options.signal?.throwIfAborted()
  return found === undefined ? undefined : { ...found, started: false }
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

async function probeKnown<T>(
  search: Search<T>,
): Promise<Omit<FoundDaemon<T>, 'started'> | undefined> {
  if (checkRuntime(search.runtime) === 'sound') {
    const found = await probeOne(search, search.runtime)
    if (found !== undefined) return found
  }
  const elsewhere = notedRuntime(search)
  return elsewhere === undefined ? undefined : await probeOne(search, elsewhere)
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

async function probeOne<T>(
  { probe, signal, location }: Search<T>,
  runtime: RuntimeDirectory,
): Promise<Omit<FoundDaemon<T>, 'started'> | undefined> {
  const entry = readDiscovery(runtime.discoveryPath)
  if (entry === undefined || entry.storeDirectory !== location.directory) return undefined
  const connection = await untilAborted(probe(entry.socket, signal), signal)
  return connection === undefined ? undefined : { connection, entry }
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

function unanswered(
  location: StoreLocation,
  runtime: RuntimeDirectory,
  deadlineMs: number,
): LaunchError {
  const holder = readOwnerNote(location.lockPath)
  const who = holder === undefined ? 'a process' : `process ${holder.pid}`
  return new LaunchError(
    'start_timeout',
    `expected the daemon of ${location.directory} to answer within ${deadlineMs} ms, got silence while ${who} owns the store`,
    {
      remedy: `wait and try again; if ${who} is stuck or stopped, end it with SIGKILL: nothing that was answered is lost`,
      logPath:
        holder?.runtimeDirectory === undefined
          ? runtime.logPath
          : runtimeAt(holder.runtimeDirectory).logPath,
    },
  )
}
