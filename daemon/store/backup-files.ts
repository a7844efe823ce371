/** The backups that lie beside a store's file: their names say when and why they were made. */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type BackupReason,
  backupDirectoryName,
  backupName,
  parseBackupName,
} from '../../sdk/backup-name.ts'
import { type Instant, instantMicros } from '../../sdk/instant.ts'

/** A backup beside the store. */
export interface BackupFile {
  readonly path: string
  readonly at: Instant
  readonly reason: BackupReason
  readonly sizeBytes: number
}

/** Where backups go that nobody named a place for. */
export function backupDirectory(databasePath: string): string {
  return join(dirname(databasePath), backupDirectoryName)
}

/** The path of a backup of this moment. */
export function backupPath(databasePath: string, at: Instant, reason: BackupReason): string {
  return join(backupDirectory(databasePath), backupName(at, reason))
}

/** The backups beside a store, newest first. Files with other names are somebody else's. */
export function listBackups(databasePath: string): BackupFile[] {
  const directory = backupDirectory(databasePath)
  return namesIn(directory)
    .flatMap((name) => {
      const said = parseBackupName(name)
      const path = join(directory, name)
      const found = said && statSync(path, { throwIfNoEntry: false })
      if (said === undefined || !found?.isFile()) return []
      return [{ path, ...said, sizeBytes: found.size }]
    })
    .sort((left, right) => instantMicros(right.at) - instantMicros(left.at))
}

/**
 * Deletes what is more than so many newest of each reason; what lies elsewhere is never touched.
 *
 * @param justMade - Stays, even if others have later names: they were made when the clock was ahead.
 */
export function pruneBackups(
  databasePath: string,
  kept: number,
  justMade?: string,
): readonly string[] {
  const counts = new Map<BackupReason, number>()
  const files = listBackups(databasePath)
  const newestFirst = [
    ...files.filter(({ path }) => path === justMade),
    ...files.filter(({ path }) => path !== justMade),
  ]
  const old = newestFirst.filter(({ reason }) => {
    const count = (counts.get(reason) ?? 0) + 1
    counts.set(reason, count)
    return count > kept
  })
  // What was there before a restore may have been kept with its log.
  for (const { path } of old) {
    for (const suffix of ['', '-wal', '-journal']) rmSync(path + suffix, { force: true })
  }
  return old.map(({ path }) => path)
}

/** What copies that were never finished have left in the store's directory and among its backups. */
export function leftoverCopies(databasePath: string): readonly string[] {
  return [dirname(databasePath), backupDirectory(databasePath)].flatMap((directory) =>
    namesIn(directory)
      .filter((name) => unfinished.test(name))
      .map((name) => join(directory, name)),
  )
}

/** The copies of `Connection.backup` and of a restore, under their temporary names, and logs beside them. */
const unfinished = /^\..+\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp(?:-wal|-journal)?$/

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return [] // There are none yet.
  }
}
