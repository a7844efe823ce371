/** What can be said of a store that nobody serves, from its directory alone. Opens no database, makes and changes nothing. */
import { readdirSync, readFileSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BackupReason, backupDirectoryName, parseBackupName } from '../backup-name.ts'
import { isDatabaseHead, readHead } from '../database-head.ts'
import { type Instant, instantFromMicros, instantMicros } from '../instant.ts'
import { messageOf } from './launch-error.ts'
import { lookAt } from './look-at.ts'
import { type OwnerNote, readOwnerNote } from './owner-lock.ts'
import { runtimeAt } from './runtime-directory.ts'
import type { StoreLocation } from './store-location.ts'

/** A store as it lies on disk. */
export interface StoreOnDisk {
  readonly directory: string
  /** The SQLite file, whether it is there or not. */
  readonly path: string
  /**
   * `sqlite`: the file begins as one of SQLite's does, which says nothing of the rest. `absent`, `empty`: the next daemon
   * begins a new store.
   */
  readonly state: 'absent' | 'empty' | 'sqlite' | 'not-sqlite' | 'not-a-file' | 'unreadable'
  /** Why it can't be read. */
  readonly problem?: string
  readonly sizeBytes?: number
  readonly changedAt?: Instant
  /** The write-ahead log that a daemon left which did not end cleanly; the next one takes in what it holds. */
  readonly wal?: { readonly sizeBytes: number; readonly changedAt: Instant }
  /** A restore was decided; the next daemon finishes it. */
  readonly restoreDecided?: true
  /** The newest of the backups beside the store; those that lie elsewhere only the store itself knows. */
  readonly lastBackup?: {
    readonly path: string
    readonly at: Instant
    readonly reason: BackupReason
    readonly sizeBytes: number
  }
  readonly backups: number
  /** Who owned it last, as far as that was noted. Advice only. */
  readonly lastOwner?: LastOwner
}

/** What the last owner has left of itself. */
export interface LastOwner extends Omit<OwnerNote, 'runtimeDirectory'> {
  /** Whether there is a process with this id, which may be another one by now. */
  readonly alive: boolean
  readonly logPath?: string
}

/** Looks at a store's directory. Never throws: what can't be read is left out, or said. */
export function lookAtStore({ directory, databasePath, lockPath }: StoreLocation): StoreOnDisk {
  const wal = lookAt(`${databasePath}-wal`)
  const note = readOwnerNote(lockPath)
  return {
    directory,
    path: databasePath,
    ...fileFacts(databasePath),
    ...(wal?.isFile() && wal.size > 0 ? { wal: sizeOf(wal) } : {}),
    ...(lookAt(`${databasePath}-restored`)?.isFile() ? { restoreDecided: true } : {}),
    ...backupFacts(join(dirname(databasePath), backupDirectoryName)),
    ...(note === undefined ? {} : { lastOwner: ownerOf(note) }),
  }
}

type FileFacts = Pick<StoreOnDisk, 'state' | 'problem' | 'sizeBytes' | 'changedAt'>

function fileFacts(path: string): FileFacts {
  const found = lookAt(path)
  if (found === undefined) return { state: 'absent' }
  if (!found.isFile()) return { state: 'not-a-file' }
  if (found.size === 0) return { state: 'empty', ...sizeOf(found) }
  try {
    const state = isDatabaseHead(readHead(path)) ? 'sqlite' : 'not-sqlite'
    return { state, ...sizeOf(found) }
  } catch (error) {
    return { state: 'unreadable', problem: messageOf(error), ...sizeOf(found) }
  }
}

function sizeOf({ size, mtimeMs }: Stats): { sizeBytes: number; changedAt: Instant } {
  return { sizeBytes: size, changedAt: instantFromMicros(Math.floor(mtimeMs * 1000)) }
}

function backupFacts(directory: string): Pick<StoreOnDisk, 'backups' | 'lastBackup'> {
  const found = namesIn(directory).flatMap((name) => {
    const said = parseBackupName(name)
    const path = join(directory, name)
    const file = said === undefined ? undefined : lookAt(path)
    if (said === undefined || !file?.isFile()) return []
    return [{ path, ...said, sizeBytes: file.size }]
  })
  const [lastBackup] = found.sort((left, right) => instantMicros(right.at) - instantMicros(left.at))
  return { backups: found.length, ...(lastBackup === undefined ? {} : { lastBackup }) }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return [] // There are none, or none that this user may see.
  }
}

function ownerOf({ runtimeDirectory, ...note }: OwnerNote): LastOwner {
  return {
    ...note,
    alive: isThere(note.pid),
    ...(runtimeDirectory === undefined ? {} : { logPath: runtimeAt(runtimeDirectory).logPath }),
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    // Another user's process may not be signalled, and is there all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A process that has ended keeps its id until its parent asks; in a container without an init that may be never. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false // It has gone meanwhile, or /proc is not there: what the signal said counts.
  }
}
