import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Instant, instantFromMicros, parseInstant } from '../instant.ts'
import { isFileAt, type KernelLock, kernelLock } from './kernel-lock.ts'
import { LaunchError } from './launch-error.ts'
import { readSmallFile } from './read-small-file.ts'

/**
 * Takes the lock that makes its holder the one owner of a store, or says that somebody else has it.
 *
 * The kernel holds it on open files of this process and releases it when the last process that shares them is gone,
 * however it died. Two things are locked, in this order: the store's directory, which nobody can delete from under an
 * owner and put another in its place without its being noticed, and the lock file in it, which file systems that are
 * shared by several machines lock for all of them. On Windows the file alone, which can't be deleted while it is open.
 *
 * @param path - The lock file, `StoreLocation.lockPath`; its directory must exist.
 * @returns Undefined if the lock was still held elsewhere after `waitMs` (0: one try).
 * @throws LaunchError `lock_unsupported`, `lock_failed`, `store_unwritable`; the signal's reason when it is aborted.
 */
export async function acquireOwnerLock(
  path: string,
  options: AcquireOptions = {},
): Promise<OwnerLock | undefined> {
  const kernel = kernelLock(options.platform, options.searchPath)
  return await poll(options, () => tryInTurn(path, kernel))
}

/** How to wait for the lock. */
export interface AcquireOptions {
  /** How long to go on trying, in milliseconds. Default 0. */
  readonly waitMs?: number | undefined
  /** Longest pause between two tries, in milliseconds. Default 250. */
  readonly pollMaxMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Default `process.platform`. */
  readonly platform?: NodeJS.Platform | undefined
  /** Directories in which the command `flock` is looked for. Default: those of PATH, then /usr/bin and /bin. */
  readonly searchPath?: string | undefined
}

/**
 * Takes the place of the next owner: nobody else gets the lock while it is held, so that a daemon which takes over
 * from another is not overtaken by a client that happens to look just then.
 *
 * @returns Undefined if somebody else still had the place, or tried for the lock, after `waitMs`.
 * @throws LaunchError as `acquireOwnerLock`.
 */
export async function takeTurn(
  path: string,
  options: AcquireOptions = {},
): Promise<Turn | undefined> {
  const kernel = kernelLock(options.platform, options.searchPath)
  const fd = await poll(options, () => kernel.take(turnPath(path)))
  if (fd === undefined) return undefined
  let released = false
  return {
    acquire: (options) => poll(options, () => tryTargets(path, kernel)),
    release: () => {
      if (released) return
      released = true
      closeSync(fd)
    },
  }
}

/** The right to be the next owner. Release it once the lock is taken, or given up. */
export interface Turn {
  /** As `acquireOwnerLock`. */
  acquire(options: AcquireOptions): Promise<OwnerLock | undefined>
  /** Lets others try. Idempotent. */
  release(): void
}

/** Proof that this process owns the store. */
export interface OwnerLock {
  readonly path: string
  /** The descriptors that carry the lock; a child that inherits all of them shares it. */
  readonly fds: readonly number[]
  /** Whether what is locked still lies at its path; if not, somebody else may own what lies there now. */
  intact(): boolean
  /** Tells those who find the store locked where to look. Advice only. */
  note(note: Pick<OwnerNote, 'runtimeDirectory'>): void
  /** Adds that this owner ends, and why, for who looks at a store that nobody serves. Call it before the release. */
  noteEnd(because: string): void
  /** Closes the descriptors; the lock is free once no other process shares them. Idempotent. */
  release(): void
}

/**
 * Takes over the lock that a starter handed on with inherited descriptors.
 *
 * Makes sure of it rather than trusting: each descriptor must be of what is to be locked, and must carry the lock.
 *
 * @throws LaunchError `lock_held` if a descriptor does not carry the lock, `lock_failed` if it is of something else.
 */
export async function adoptOwnerLock(path: string, fds: readonly number[]): Promise<OwnerLock> {
  const kernel = kernelLock()
  const targets = kernel.targets(path)
  for (const [at, target] of targets.entries()) {
    const fd = fds[at] ?? -1
    if (!isFileAt(target, fd)) {
      throw new LaunchError(
        'lock_failed',
        `expected descriptor ${fd} to be of ${target}, got another file`,
        {
          remedy: 'start the daemon with `orion serve`, not by hand with inherited descriptors',
        },
      )
    }
    if (!(await kernel.carries(target, fd))) throw heldElsewhere(path)
  }
  return ownerLock(path, targets, fds)
}

/** The error for a caller that needed the lock now and did not get it. */
export function heldElsewhere(path: string): LaunchError {
  const note = readOwnerNote(path)
  const holder = note === undefined ? 'another process' : `another process (last said: ${note.pid})`
  return new LaunchError(
    'lock_held',
    `expected to own the store, got that ${holder} owns it: ${dirname(path)}`,
    {
      remedy:
        'use the running daemon, stop it with `orion stop`, or wait until the other command has ended',
    },
  )
}

/** What an owner writes beside the lock. Anybody may find an old one there: it proves nothing. */
export interface OwnerNote {
  readonly pid: number
  /** The owner's run-time directory, which another environment may not guess; check it before trusting it. */
  readonly runtimeDirectory?: string | undefined
  /** When it noted this, its start. */
  readonly since?: string | undefined
  /** When and why it ended; an owner that was killed could not say. */
  readonly ended?: { readonly at: string; readonly because: string } | undefined
}

/** What the last owner noted, if that can be read. @param path - The lock file. */
export function readOwnerNote(path: string): OwnerNote | undefined {
  try {
    return noteSchema.parse(JSON.parse(readSmallFile(notePath(path), noteMaxBytes)))
  } catch {
    return undefined // Absent, empty, half-written or of another version: there is no advice, and none is needed.
  }
}

/** How long to wait before the next try, in milliseconds: growing, and random so that racers spread out. */
export function pollDelayMs(attempt: number): number {
  const ceilingMs = Math.min(pollLongestMs, pollShortestMs * 1.5 ** Math.min(attempt, 20))
  return ceilingMs * (0.5 + Math.random() / 2)
}

/** Waits; ends early when the signal aborts, and leaves it to the caller to look why. */
export async function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => {})
}

const pollShortestMs = 20
const pollLongestMs = 250

const instant = z.string().refine((text) => parseInstant(text) === text)

const noteSchema = z.object({
  pid: z.number().int().positive(),
  runtimeDirectory: z.string().optional(),
  since: instant.optional().catch(undefined),
  ended: z.object({ at: instant, because: z.string() }).optional().catch(undefined),
})

/** Far more than a note needs; a longer file is not ours. */
const noteMaxBytes = 65_536
const becauseMaxLength = 500

/** A file of its own: the one that is locked can't be read by others on every system. */
function notePath(path: string): string {
  return join(dirname(path), 'owner.json')
}

/** Whoever has this lock tries next; the others leave the owner's alone meanwhile. */
function turnPath(path: string): string {
  return join(dirname(path), 'next-owner.lock')
}

/** Tries until something was got or the time is over. */
async function poll<T>(
  { waitMs = 0, pollMaxMs = pollLongestMs, signal }: AcquireOptions,
  tryOnce: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = performance.now() + waitMs
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted()
    const got = await tryOnce()
    if (got !== undefined) return got
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return undefined
    await pause(Math.min(leftMs, pollMaxMs, pollDelayMs(attempt)), signal)
  }
}

async function tryInTurn(path: string, kernel: KernelLock): Promise<OwnerLock | undefined> {
  const turn = await kernel.take(turnPath(path))
  if (turn === undefined) return undefined
  try {
    return await tryTargets(path, kernel)
  } finally {
    closeSync(turn)
  }
}

async function tryTargets(path: string, kernel: KernelLock): Promise<OwnerLock | undefined> {
  const targets = kernel.targets(path)
  const fds: number[] = []
  try {
    for (const target of targets) {
      const fd = await kernel.take(target)
      if (fd === undefined) break
      fds.push(fd)
    }
  } catch (error) {
    for (const fd of fds) closeSync(fd)
    throw error
  }
  const lock = ownerLock(path, targets, fds)
  if (fds.length < targets.length) {
    lock.release()
    return undefined
  }
  lock.note({})
  return lock
}

function ownerLock(path: string, targets: readonly string[], fds: readonly number[]): OwnerLock {
  let released = false
  let noted: OwnerNote = { pid: process.pid }
  return {
    path,
    fds,
    intact: () => !released && targets.every((target, at) => isFileAt(target, fds[at] ?? -1)),
    note: ({ runtimeDirectory }) => {
      noted = { pid: process.pid, runtimeDirectory, since: now() }
      writeNote(path, noted)
    },
    noteEnd: (because) => {
      if (released) return
      writeNote(path, {
        ...noted,
        ended: { at: now(), because: because.slice(0, becauseMaxLength) },
      })
    },
    release: () => {
      if (released) return
      released = true
      for (const fd of fds) closeSync(fd)
    },
  }
}

function now(): Instant {
  return instantFromMicros(Date.now() * 1000)
}

function writeNote(path: string, note: OwnerNote): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  try {
    const flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK
    const fd = openSync(notePath(path), flags, 0o600)
    try {
      writeSync(fd, `${JSON.stringify(note)}\n`, 0)
    } finally {
      closeSync(fd)
    }
  } catch {
    // A full disk, say. The note is advice; the lock holds without it.
  }
}
