import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  type DiscoveryEntry,
  isPublished,
  publishDiscovery,
  withdrawDiscovery,
} from './discovery-file.ts'
import { systemCode } from './launch-error.ts'
import { lookAtItself } from './look-at.ts'
import type { OwnerLock } from './owner-lock.ts'
import {
  checkRuntime,
  instanceIdLength,
  locateRuntime,
  prepareRuntime,
  type RuntimeDirectory,
} from './runtime-directory.ts'
import type { Environment, StoreLocation } from './store-location.ts'

/**
 * The run-time files of one instance of the daemon: prepares the directory, clears away what dead instances have
 * left, and chooses a socket name that nobody has used before.
 *
 * Only the owner may do this, which is why it takes the lock; it also notes in the lock file where its files are.
 *
 * @throws LaunchError `runtime_insecure`, `runtime_unwritable`, `socket_path_too_long`.
 */
export async function openDaemonFiles(options: DaemonFilesOptions): Promise<DaemonFiles> {
  const { location, env, lock } = options
  const runtime = locateRuntime({ storeDirectory: location.directory, env })
  prepareRuntime(runtime)
  await sweepLeftovers(runtime)
  lock.note({ runtimeDirectory: runtime.directory })
  const instanceId = newInstanceId()
  const socketPath = runtime.socketPath(instanceId)
  const own = {
    pid: process.pid,
    instanceId,
    socket: socketPath,
    storeDirectory: location.directory,
  }
  return {
    instanceId,
    socketPath,
    logPath: runtime.logPath,
    publish: (entry) => publishDiscovery(runtime.discoveryPath, { ...entry, ...own }),
    published: () =>
      checkRuntime(runtime) === 'sound' && isPublished(runtime.discoveryPath, instanceId),
    withdraw: () => {
      withdrawDiscovery(runtime.discoveryPath, instanceId)
      if (process.platform !== 'win32') rmSync(socketPath, { force: true })
    },
  }
}

/** Whose files, and the proof that they may be made. */
export interface DaemonFilesOptions {
  readonly location: StoreLocation
  readonly env: Environment
  readonly lock: OwnerLock
}

/** What a daemon knows of its run-time files. */
export interface DaemonFiles {
  readonly instanceId: string
  /** Listen here before publishing. */
  readonly socketPath: string
  readonly logPath: string
  /** Makes the daemon findable. Call it once it answers `initialize`. */
  publish(entry: PublishedFacts): void
  /** Whether clients still find this instance. */
  published(): boolean
  /** Takes back the discovery file, if it is still this instance's, and its own socket. Idempotent. */
  withdraw(): void
}

/** What the daemon adds to what is known here. */
export type PublishedFacts = Pick<
  DiscoveryEntry,
  'storeId' | 'version' | 'protocol' | 'startedAt' | 'websocket'
>

/** A fresh name for one life of a daemon: 60 random bits, short enough for a socket's path. */
export function newInstanceId(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(32)
    .padStart(13, '0')
    .slice(-instanceIdLength)
}

async function sweepLeftovers(runtime: RuntimeDirectory): Promise<void> {
  for (const name of readdirSync(runtime.directory)) {
    const path = join(runtime.directory, name)
    if (halfWritten.test(name)) rmSync(path, { force: true })
    if (!name.endsWith('.sock')) continue
    const isSocket = lookAtItself(path)?.isSocket() ?? false
    if (isSocket && (await isDead(path))) rmSync(path, { force: true })
  }
}

/** Temporary names of `publishDiscovery` and `recordStartFailure` whose process died before the rename. */
const halfWritten = /^(daemon|failed)\.json\.[0-9a-f]{12}$/

/** A socket without a listener refuses. Anything else may be alive, and is left alone. */
function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error) => resolve(systemCode(error) === 'ECONNREFUSED'))
  })
}
