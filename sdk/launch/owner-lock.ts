import { spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { LaunchError, messageOf, systemCode } from './launch-error.ts'

/**
 * Takes the lock that makes its holder the one owner of a store, or says that somebody else has it.
 *
 * The kernel holds it on an open file of this process and releases it when the last process that shares that open file is
 * gone, however it died. The lock file is never deleted: a lock on a deleted file would exclude nobody.
 *
 * @param path - The lock file, `StoreLocation.lockPath`; its directory must exist.
 * @returns Undefined if the lock was still held elsewhere after `waitMs` (0: one try).
 * @throws LaunchError `lock_unsupported`, `lock_failed`, `store_unwritable`; the signal's reason when it is aborted.
 */
export async function acquireOwnerLock(
  path: string,
  options: AcquireOptions = {},
): Promise<OwnerLock | undefined> {
  const platform = options.platform ?? process.platform
  if (platform !== 'linux') throw unsupported(platform)
  const deadline = performance.now() + (options.waitMs ?? 0)
  for (let attempt = 0; ; attempt += 1) {
    options.signal?.throwIfAborted()
    const lock = await tryLock(path, options.searchPath)
    if (lock !== undefined) return lock
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return undefined
    await pause(Math.min(leftMs, pollDelayMs(attempt)), options.signal)
  }
}

/** How to wait for the lock. */
export interface AcquireOptions {
  /** How long to go on trying, in milliseconds. Default 0. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Default `process.platform`. */
  readonly platform?: NodeJS.Platform | undefined
  /** Directories in which the command `flock` is looked for. Default: those of PATH, then /usr/bin and /bin. */
  readonly searchPath?: string | undefined
}

/** Proof that this process owns the store. */
export interface OwnerLock {
  readonly path: string
  /** The descriptor that carries the lock; a child that inherits it shares the lock. */
  readonly fd: number
  /** Whether the lock file at the path is still the one that is locked; if not, somebody else may own the store. */
  intact(): boolean
  /** Tells those who find the store locked where to look. Advice only. */
  note(note: Omit<OwnerNote, 'pid'>): void
  /** Closes the descriptor; the lock is free once no other process shares it. Idempotent. */
  release(): void
}

/**
 * Takes over the lock that a starter handed on with an inherited descriptor.
 *
 * Makes sure of it rather than trusting: the descriptor must be the lock file's, and locking it again must succeed, which
 * it does at once when this open file has the lock, and not when another one has.
 *
 * @throws LaunchError `lock_held` if the descriptor does not carry the lock, `lock_failed` if it is not the lock file's.
 */
export async function adoptOwnerLock(path: string, fd: number): Promise<OwnerLock> {
  if (process.platform !== 'linux') throw unsupported(process.platform)
  if (!isFileAt(path, fd)) {
    throw new LaunchError(
      'lock_failed',
      `expected descriptor ${fd} to be the lock file ${path}, got another file`,
      {
        remedy: 'start the daemon with `orion serve`, not by hand with inherited descriptors',
      },
    )
  }
  if (!(await flock(path, fd))) throw heldElsewhere(path)
  return ownerLock(path, fd)
}

/** The error for a caller that needed the lock now and did not get it. */
export function heldElsewhere(path: string): LaunchError {
  const note = readOwnerNote(path)
  const holder = note === undefined ? 'another process' : `another process (last said: ${note.pid})`
  return new LaunchError(
    'lock_held',
    `expected to own the store, got that ${holder} owns it: ${path}`,
    {
      remedy:
        'use the running daemon, stop it with `orion stop`, or wait until the other command has ended',
    },
  )
}

/** What an owner writes into the lock file. Anybody may find an old one there: it proves nothing. */
export interface OwnerNote {
  readonly pid: number
  /** The owner's run-time directory, which another environment may not guess; check it before trusting it. */
  readonly runtimeDirectory?: string | undefined
}

/** What the last owner noted in the lock file, if that can be read. */
export function readOwnerNote(path: string): OwnerNote | undefined {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined // Absent, empty, half-written or of another version: there is no advice, and none is needed.
  }
}

/** How long to wait before the next try, in milliseconds: growing, and random so that racers spread out. */
export function pollDelayMs(attempt: number): number {
  const ceilingMs = Math.min(pollLongestMs, pollShortestMs * 2 ** Math.min(attempt, 10))
  return ceilingMs * (0.5 + Math.random() / 2)
}

/** Waits; ends early when the signal aborts, and leaves it to the caller to look why. */
export async function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => {})
}

const pollShortestMs = 20
const pollLongestMs = 250

const noteSchema = z.object({
  pid: z.number().int(),
  runtimeDirectory: z.string().optional(),
})

async function tryLock(path: string, searchPath?: string): Promise<OwnerLock | undefined> {
  for (;;) {
    const fd = openLockFile(path)
    let kept = false
    try {
      if (!(await flock(path, fd, searchPath))) return undefined
      // Between opening and locking the file may have been replaced; then the lock is worth nothing.
      if (!isFileAt(path, fd)) continue
      kept = true
      const lock = ownerLock(path, fd)
      lock.note({})
      return lock
    } finally {
      if (!kept) closeSync(fd)
    }
  }
}

function ownerLock(path: string, fd: number): OwnerLock {
  let released = false
  return {
    path,
    fd,
    intact: () => !released && isFileAt(path, fd),
    note: ({ runtimeDirectory }) => {
      const note: OwnerNote = { pid: process.pid, runtimeDirectory }
      try {
        ftruncateSync(fd, 0)
        writeSync(fd, `${JSON.stringify(note)}\n`, 0)
      } catch {
        // A full disk, say. The note is advice; the lock holds without it.
      }
    },
    release: () => {
      if (released) return
      released = true
      closeSync(fd)
    },
  }
}

function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (error) {
    throw new LaunchError(
      'store_unwritable',
      `expected to open the lock file ${path}, got ${messageOf(error)}`,
      {
        remedy:
          'fix the owner and mode of the store directory, or name another one with --store or ORION_STORE',
        cause: error,
      },
    )
  }
}

function isFileAt(path: string, fd: number): boolean {
  try {
    const locked = fstatSync(fd, { bigint: true })
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    return found !== undefined && found.ino === locked.ino && found.dev === locked.dev
  } catch {
    return false // A descriptor that was never handed over, or a path that can't be looked at any more.
  }
}

/**
 * Node has no flock(2), so the command of util-linux or busybox locks the descriptor it inherits and ends; the lock stays
 * with the open file that the two share. Costs one short-lived process, about 2 ms.
 */
async function flock(path: string, fd: number, searchPath?: string): Promise<boolean> {
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
  throw new LaunchError('lock_failed', `expected to lock ${path}, got: ${got}`, {
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

function unsupported(platform: NodeJS.Platform): LaunchError {
  return new LaunchError(
    'lock_unsupported',
    `expected a system with a lock that Orion knows, got ${platform}`,
    {
      remedy: 'run Orion on Linux for now, for example in WSL or a container',
    },
  )
}
