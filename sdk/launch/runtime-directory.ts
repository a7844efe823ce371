import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { LaunchError, messageOf } from './launch-error.ts'
import { isDirectory, lookAt, lookAtItself } from './look-at.ts'
import { makeDirectory } from './make-directory.ts'
import type { Environment } from './store-location.ts'

/**
 * Names the directory for a store's run-time files: discovery file, sockets, log. Looks at the disk, changes nothing.
 *
 * The per-user directory is `ORION_RUNTIME_DIR` if it is set; else `$XDG_RUNTIME_DIR/orion` if that exists and is ours
 * alone; else `/tmp/orion-<uid>` (`$TMPDIR` on macOS, `%LOCALAPPDATA%` on Windows). In it each store has a directory,
 * named by a hash of the store's real path.
 *
 * @throws LaunchError `socket_path_too_long`: Node 20 cuts a longer path in silence, and two stores would share a socket.
 */
export function locateRuntime(options: LocateRuntimeOptions): RuntimeDirectory {
  const platform = options.platform ?? process.platform
  const hash = createHash('sha256').update(options.storeDirectory).digest('hex').slice(0, 12)
  const root = userDirectory(options.env, platform)
  const runtime = runtimeAt(join(root, hash), platform)
  const actual = Buffer.byteLength(runtime.socketPath('0'.repeat(instanceIdLength)))
  const limit = platform === 'linux' ? linuxSocketPathMaxBytes : otherSocketPathMaxBytes
  if (platform !== 'win32' && actual > limit) {
    throw new LaunchError(
      'socket_path_too_long',
      `expected a socket path of at most ${limit} bytes, got ${actual} below ${root}`,
      { remedy: 'set ORION_RUNTIME_DIR or XDG_RUNTIME_DIR to a shorter directory of your own' },
    )
  }
  return runtime
}

/** Which store's run-time directory is wanted. */
export interface LocateRuntimeOptions {
  /** Real path of the store's directory. */
  readonly storeDirectory: string
  readonly env: Environment
  readonly platform?: NodeJS.Platform | undefined
}

/** The place of one store's run-time files. */
export interface RuntimeDirectory {
  /** The user's directory, mode 0700, with one directory for each store. */
  readonly root: string
  /** This store's directory, mode 0700. */
  readonly directory: string
  readonly discoveryPath: string
  readonly logPath: string
  /** The socket of one instance of the daemon (on Windows the name of its pipe). */
  socketPath(instanceId: string): string
}

/** Length in characters of an instance id, which is part of the socket's path. */
export const instanceIdLength = 12

/** The run-time directory with this path, such as an owner's note names it. */
export function runtimeAt(
  directory: string,
  platform: NodeJS.Platform = process.platform,
): RuntimeDirectory {
  return {
    root: dirname(directory),
    directory,
    discoveryPath: join(directory, 'daemon.json'),
    logPath: join(directory, 'daemon.log'),
    socketPath: (instanceId) =>
      platform === 'win32'
        ? `\\\\.\\pipe\\orion-${userInfo().username}-${instanceId}`
        : join(directory, `${instanceId}.sock`),
  }
}

/**
 * Makes the run-time directory if need be and checks it.
 *
 * @throws LaunchError `runtime_unwritable`, or `runtime_insecure` as `checkRuntime` says.
 */
export function prepareRuntime(runtime: RuntimeDirectory): void {
  try {
    makeDirectory(dirname(runtime.root))
    for (const directory of [runtime.root, runtime.directory]) makeDirectory(directory)
  } catch (error) {
    throw new LaunchError(
      'runtime_unwritable',
      `expected to make the run-time directory ${runtime.directory}, got ${messageOf(error)}`,
      { remedy: 'set ORION_RUNTIME_DIR to a directory of your own', cause: error },
    )
  }
  if (checkRuntime(runtime) === 'absent') {
    throw new LaunchError(
      'runtime_unwritable',
      `${runtime.directory} was removed while it was made`,
      {
        remedy: 'run the command again',
      },
    )
  }
}

/**
 * Proves that nobody but this user (and root) can have put anything into the run-time directory. Both sides call it before
 * they trust a file in there; it is what stands in for a token on the owner's socket.
 *
 * Each level must be a real directory, not a link, of this user and with mode 0700; and nobody else may be able to put
 * another one in the place of the first level.
 *
 * @throws LaunchError `runtime_insecure` with what was found.
 */
export function checkRuntime(runtime: RuntimeDirectory): 'sound' | 'absent' {
  const uid = process.getuid?.()
  if (uid === undefined) return isDirectory(runtime.directory) ? 'sound' : 'absent' // Windows: a profile is the user's own
  for (const directory of [runtime.root, runtime.directory]) {
    const found = lookAtItself(directory)
    if (found === undefined) return 'absent'
    const flaw = flawOf(found, uid)
    if (flaw !== undefined) throw insecure(directory, flaw)
  }
  const above = dirname(runtime.root)
  if (!holdsSafely(lookAt(above), uid)) {
    throw insecure(above, 'a directory in which others can swap files')
  }
  return 'sound'
}

/** Bytes of `sun_path` without its final NUL. */
const linuxSocketPathMaxBytes = 107
const otherSocketPathMaxBytes = 103

function userDirectory(env: Environment, platform: NodeJS.Platform): string {
  if (env.ORION_RUNTIME_DIR) return resolve(env.ORION_RUNTIME_DIR)
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? tmpdir(), 'orion', 'run')
  const uid = process.getuid?.() ?? 0
  if (platform === 'darwin') return join(resolve(env.TMPDIR ?? '/tmp'), `orion-${uid}`)
  const session = env.XDG_RUNTIME_DIR
  const found = session && isAbsolute(session) ? lookAt(session) : undefined
  const ours = found?.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0
  return session && ours ? join(resolve(session), 'orion') : `/tmp/orion-${uid}`
}

function flawOf(found: Stats, uid: number): string | undefined {
  if (found.isSymbolicLink()) return 'a symbolic link'
  if (!found.isDirectory()) return 'something that is no directory'
  if (found.uid !== uid) return `a directory of user ${found.uid}`
  const mode = found.mode & 0o777
  return (mode & 0o077) === 0 ? undefined : `mode 0${mode.toString(8)}`
}

/** Whether only the user and root can rename or replace what lies in this directory. */
function holdsSafely(found: Stats | undefined, uid: number): boolean {
  if (found === undefined || (found.uid !== uid && found.uid !== 0)) return false
  const sticky = (found.mode & 0o1000) !== 0
  return sticky || (found.mode & 0o022) === 0
}

function insecure(path: string, got: string): LaunchError {
  return new LaunchError(
    'runtime_insecure',
    `expected ${path} to be a directory that only user ${process.getuid?.()} can enter (mode 0700), got ${got}`,
    {
      remedy:
        'remove it if it is not yours, `chmod 700` it if it is, or set ORION_RUNTIME_DIR to a directory of your own',
    },
  )
}
