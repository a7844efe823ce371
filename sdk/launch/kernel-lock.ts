/** What the kernel locks for the owner of a store, and how, on each system. */
import { spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { LaunchError, messageOf, systemCode } from './launch-error.ts'

/** A lock that belongs to an open file, and so to every process that shares it, and to nobody after their deaths. */
export interface KernelLock {
  /**
   * What has to be locked, all of it, in this order, for a lock file at a path. The directory is in it only if nobody else
   * can open it: whoever can open a directory can lock it, and would keep its owner out.
   */
  targets(path: string): readonly string[]
  /**
   * Opens and locks; never waits.
   *
   * @returns The descriptor that carries the lock; undefined when another open file does.
   */
  take(target: string): Promise<number | undefined>
  /** Whether this descriptor of a target carries its lock. */
  carries(target: string, fd: number): Promise<boolean>
}

/**
 * The lock of a system.
 *
 * Linux: flock(2). macOS: the same lock, taken by open(2) itself. Windows: a file that is open for nobody else.
 *
 * @throws LaunchError `lock_unsupported` on any other.
 */
export function kernelLock(
  platform: NodeJS.Platform = process.platform,
  searchPath?: string,
): KernelLock {
  switch (platform) {
    case 'linux':
      return flockCommand(searchPath)
    case 'darwin':
      return openLocked({ openFlags: macExclusive, heldCode: 'EAGAIN', directory: true })
    case 'win32':
      return openLocked({ openFlags: windowsExclusive, heldCode: 'EBUSY', directory: false })
    default:
      throw new LaunchError(
        'lock_unsupported',
        `expected a system with a lock that Orion knows (linux, darwin, win32), got ${platform}`,
        { remedy: 'run Orion in a Linux container or virtual machine' },
      )
  }
}

/** Whether a descriptor is of what lies at a path now. */
export function isFileAt(path: string, fd: number): boolean {
  try {
    const open = fstatSync(fd, { bigint: true })
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return found !== undefined && found.ino === open.ino && found.dev === open.dev
  } catch {
    return false // A descriptor that was never handed over, or a path that can't be looked at any more.
  }
}

/** `O_EXLOCK | O_NONBLOCK` of macOS's fcntl.h; Node names neither of them on every system. */
const macExclusive = 0x20 | 0x4
/** libuv's `UV_FS_O_EXLOCK` on Windows: opened with a share mode of nothing. */
const windowsExclusive = 0x1000_0000

interface ExclusiveOpening {
  readonly openFlags: number
  /** What open(2) fails with when another open file has the lock. */
  readonly heldCode: string
  readonly directory: boolean
}

function openLocked({ openFlags, heldCode, directory }: ExclusiveOpening): KernelLock {
  const take = async (target: string): Promise<number | undefined> => {
    for (;;) {
      let fd: number
      try {
        fd = open(target, openFlags)
      } catch (error) {
        if (systemCode(error) === heldCode) return undefined
        throw unopened(target, error)
      }
      if (isFileAt(target, fd)) return fd
      closeSync(fd)
    }
  }
  return {
    targets: (path) => (directory ? withDirectory(path) : [path]),
    take,
    // It can't be asked whose the lock is; but what is held while we have it open was handed to us.
    carries: async (target) => {
      const fd = await take(target)
      if (fd === undefined) return true
      closeSync(fd)
      return false
    },
  }
}

function flockCommand(searchPath: string | undefined): KernelLock {
  return {
    targets: withDirectory,
    take: async (target) => {
      for (;;) {
        const fd = openUnlocked(target)
        let kept = false
        try {
          if (!(await flock(target, fd, searchPath))) return undefined
          // Between opening and locking it may have been replaced; then the lock is worth nothing.
          kept = isFileAt(target, fd)
          if (kept) return fd
        } finally {
          if (!kept) closeSync(fd)
        }
      }
    },
    // Locking it again succeeds at once when this open file has the lock, and not when another one has.
    carries: (target, fd) => flock(target, fd, searchPath),
  }
}

function withDirectory(path: string): readonly string[] {
  const directory = dirname(path)
  const found = lstatSync(directory, { throwIfNoEntry: false })
  const isPrivate = found?.uid === process.getuid?.() && ((found?.mode ?? 0) & 0o077) === 0
  return isPrivate ? [directory, path] : [path]
}

function openUnlocked(target: string): number {
  try {
    return open(target, 0)
  } catch (error) {
    throw unopened(target, error)
  }
}

/** The directory as it is; the lock file is made if need be. */
function open(target: string, extraFlags: number): number {
  const { O_RDONLY, O_RDWR, O_CREAT, O_NOFOLLOW = 0 } = constants
  const isDirectory = lstatSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false
  const flags = isDirectory ? O_RDONLY : O_RDWR | O_CREAT | O_NOFOLLOW
  return openSync(target, flags | extraFlags, 0o600)
}

function unopened(target: string, error: unknown): LaunchError {
  return new LaunchError(
    'store_unwritable',
    `expected to open ${target} for the owner lock, got ${messageOf(error)}`,
    {
      remedy:
        'fix the owner and mode of the store directory, or name another one with --store or ORION_STORE',
      cause: error,
    },
  )
}

/**
 * Node has no flock(2), so the command of util-linux or busybox locks the descriptor it inherits and ends; the lock stays
 * with the open file that the two share. Costs one short-lived process, about 2 ms.
 */
async function flock(target: string, fd: number, searchPath?: string): Promise<boolean> {
  const { status, complaint, error } = await run(fd, searchPath)
  if (error !== undefined && systemCode(error) === 'ENOENT') {
    throw new LaunchError(
      'lock_unsupported',
      'expected the command `flock`, got none on PATH or in /usr/bin',
      {
        remedy: 'install util-linux (or busybox)',
        cause: error,
      },
    )
  }
  if (status === 0) return true
  if (status === 1 && complaint === '') return false
  const got = complaint || (error === undefined ? `status ${status}` : messageOf(error))
  throw new LaunchError('lock_failed', `expected to lock ${target}, got: ${got}`, {
    remedy:
      'keep the store on a local file system that supports locks; name one with --store or ORION_STORE',
    cause: error,
  })
}

function run(
  fd: number,
  searchPath = `${process.env.PATH ?? ''}:/usr/bin:/bin`,
): Promise<{ status: number | null; complaint: string; error?: Error }> {
  return new Promise((settle) => {
    const child = spawn('flock', ['-xn', '3'], {
      env: { PATH: searchPath },
      stdio: ['ignore', 'ignore', 'pipe', fd],
    })
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
    })
    child.once('error', (error) => settle({ status: null, complaint, error }))
    child.once('close', (status) => settle({ status, complaint: complaint.trim() }))
  })
}
