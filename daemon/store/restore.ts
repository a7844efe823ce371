/**
 * Goes back to a backup so that a crash at any moment leaves the old store or the new one, whole.
 *
 * ```
 * copy beside the store ─> inspect ─> new epoch in the copy ─> on disk ─> name it `store.sqlite-restored`   decided
 * when the store is opened next:  old file and its log ─> backups/…-before-restore.sqlite
 *                                 `store.sqlite-restored` ─> `store.sqlite`                                 done
 * ```
 *
 * Up to the decision nothing of the store has been touched. After it, whoever opens the store next finishes, and repeats
 * what a crash has interrupted: each step is a rename, and knows from the files alone whether it was taken.
 */
import { randomUUID } from 'node:crypto'
import { constants, existsSync, lstatSync, renameSync, rmSync, statSync } from 'node:fs'
import { chmod, copyFile, open } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import { makeBackupDirectory } from './backup.ts'
import { backupPath, leftoverCopies } from './backup-files.ts'
import type { Engine } from './engine/engine.ts'
import { hostErrorCode, isNoSpace, nodeHostIo, syncDirectoryOf } from './engine/host-io.ts'
import { formatMigrations, prepareFormat } from './format.ts'
import type { FileReport } from './inspect-file.ts'
import { newEpoch, removeMeta, writeMeta } from './store-meta.ts'
import { notePlace } from './store-place.ts'

/** The calls to the file system that decide; a test counts them, and ends them early. */
export interface RestoreIo {
  copy(from: string, to: string): Promise<void>
  /** Puts a file on disk. */
  sync(path: string): Promise<void>
  rename(from: string, to: string): void
  /** Puts the names in the directory of a file on disk. */
  syncDirectory(path: string): void
}

/** The real file system. A copy shares its blocks with the backup where the file system can do that. */
export const nodeRestoreIo: RestoreIo = {
  copy: async (from, to) => {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await chmod(to, 0o600) // A backup may be read-only, or readable by others.
  },
  sync: async (path) => {
    const file = await open(path, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  },
  rename: renameSync,
  syncDirectory: (path) => syncDirectoryOf(nodeHostIo, path),
}

/** What is restored, and over what. */
export interface RestoreRequest {
  /** Absolute path of the store's file; the caller holds the owner lock. */
  readonly databasePath: string
  readonly backupPath: string
  /** Also a backup of another store. */
  readonly force: boolean
  /** The store that is there now; undefined when it can't be read. */
  readonly current: { readonly storeId: string; readonly seq: number } | undefined
  readonly engine: Engine
  readonly inspect: (path: string) => Promise<FileReport>
  readonly io?: RestoreIo
}

/** What was decided. */
export interface DecidedRestore {
  readonly storeId: string
  /** The newest event of the backup. */
  readonly seq: number
  /** Where the old file is going to be. */
  readonly kept: string
}

/**
 * Decides that the store goes back to a backup. The store must be opened anew then, which does the rest.
 *
 * @throws OrionError `invalid_request` for a path that can't be, or a backup of another store; `storage_failed` for one that
 * is damaged, newer, or no store; `storage_full`. Nothing is changed then.
 */
export async function decideRestore(request: RestoreRequest): Promise<DecidedRestore> {
  const { databasePath, backupPath: from, io = nodeRestoreIo } = request
  assertPaths(databasePath, from)
  const name = `.${basename(databasePath)}.${randomUUID()}.tmp`
  const copy = join(dirname(databasePath), name)
  try {
    await io.copy(from, copy)
    if (existsSync(`${from}-wal`)) await io.copy(`${from}-wal`, `${copy}-wal`)
    const report = await request.inspect(copy)
    assertFits(report, request)
    const storeId = request.current?.storeId ?? report.storeId ?? ''
    await prepareCopy(request.engine, { copy, databasePath, storeId })
    await io.sync(copy)
    io.rename(copy, restoredPath(databasePath))
    io.syncDirectory(databasePath)
    return { storeId, seq: report.seq ?? 0, kept: keptPath(databasePath) }
  } catch (error) {
    for (const path of [copy, `${copy}-wal`]) rmSync(path, { force: true })
    throw restoreFailed(error, from)
  }
}

/**
 * Finishes a restore that was decided; call it before the store is opened, with its lock.
 *
 * @returns Where the file is kept that was there before; undefined when no restore was decided.
 */
export function finishRestore(
  databasePath: string,
  io: Pick<RestoreIo, 'rename' | 'syncDirectory'> = nodeRestoreIo,
): string | undefined {
  const restored = restoredPath(databasePath)
  if (!existsSync(restored)) return undefined
  const kept = keptPath(databasePath)
  makeBackupDirectory(kept)
  // A log that stayed would be taken for the new file's.
  for (const suffix of ['-wal', '-journal', '']) {
    if (existsSync(databasePath + suffix)) io.rename(databasePath + suffix, kept + suffix)
  }
  io.syncDirectory(kept)
  io.syncDirectory(databasePath)
  io.rename(restored, databasePath)
  io.syncDirectory(databasePath)
  return kept
}

/** Removes what copies that were never finished have left; call it with the lock, before anything is copied. */
export function removeLeftovers(databasePath: string): readonly string[] {
  const paths = leftoverCopies(databasePath)
  for (const path of paths) rmSync(path, { force: true })
  return paths
}

function restoredPath(databasePath: string): string {
  return `${databasePath}-restored`
}

/** The same at each attempt, because it is told by the file that was decided on. */
function keptPath(databasePath: string): string {
  const { mtimeMs } = statSync(restoredPath(databasePath))
  const at = instantFromMicros(Math.floor(mtimeMs) * 1000)
  return backupPath(databasePath, at, 'before-restore')
}

function assertPaths(databasePath: string, from: string): void {
  const refuse = (message: string, remedy: string): never => {
    throw new OrionError('invalid_request', message, { remedy })
  }
  if (!isAbsolute(from)) {
    refuse(
      `expected an absolute path of a backup, got ${from}`,
      'The daemon has a working directory of its own: send the whole path.',
    )
  }
  const found = statSync(from, { throwIfNoEntry: false })
  if (found === undefined)
    refuse(`there is no file ${from}`, '`orion backup list` names those there are.')
  if (found?.isFile() !== true) {
    refuse(`expected a file, got something else: ${from}`, '`orion backup list` names the backups.')
  }
  const live = lstatSync(databasePath, { throwIfNoEntry: false })
  if (live?.isSymbolicLink()) {
    refuse(
      `${databasePath} is a symbolic link, which a restore would replace`,
      'Move the file itself there, or name its directory with --store.',
    )
  }
  if (live !== undefined && live.ino === found?.ino && live.dev === found.dev) {
    refuse(`${from} is the live store itself`, 'Name a backup: `orion backup list`.')
  }
}

function assertFits(
  report: FileReport,
  { backupPath: from, force, current }: RestoreRequest,
): void {
  const fault = report.problem ?? report.findings.find(({ level }) => level === 'fail')
  if (fault !== undefined) {
    throw new OrionError('storage_failed', `${from} can't be restored: ${fault.message}`, {
      remedy: 'Choose another backup: `orion backup list`. The store is as it was.',
    })
  }
  if (report.storeId === undefined) {
    throw new OrionError('storage_failed', `${from} is no store: it is empty`, {
      remedy: 'Choose another backup: `orion backup list`. The store is as it was.',
    })
  }
  // A store that holds nothing yet has nothing to be mistaken for.
  const another = current !== undefined && current.seq > 0 && current.storeId !== report.storeId
  if (!another || force) return
  throw new OrionError(
    'invalid_request',
    `${from} is a backup of another store, ${report.storeId}; this one is ${current.storeId}`,
    { remedy: 'If that is what you want, say so: --force.' },
  )
}

/** Makes the copy the store's next file: of the present format, at its place, in an epoch of its own. */
async function prepareCopy(
  engine: Engine,
  { copy, databasePath, storeId }: { copy: string; databasePath: string; storeId: string },
): Promise<void> {
  const connection = engine.open(copy, { syncMode: 'full', cacheKib: 4096, statementsMax: 32 })
  try {
    await prepareFormat(connection, { migrations: formatMigrations, backUp: async () => {} })
    writeMeta(connection, 'storeId', storeId)
    removeMeta(connection, 'copiedFrom')
    notePlace(connection, databasePath)
    newEpoch(connection)
    await connection.checkpoint()
  } finally {
    connection.close()
  }
  if (existsSync(`${copy}-wal`)) throw new Error('the log of the copy could not be closed')
}

function restoreFailed(error: unknown, from: string): unknown {
  if (error instanceof OrionError) return error
  const full = isNoSpace(error)
  const reason = error instanceof Error ? error.message : String(error)
  if (!full && hostErrorCode(error) === undefined && !(error instanceof Error)) return error
  return new OrionError(
    full ? 'storage_full' : 'storage_failed',
    `${from} could not be restored: ${reason}`,
    {
      remedy: full
        ? 'Free some space: a restore needs room for one more copy. The store is as it was.'
        : 'Check the file, the permissions and the disk. The store is as it was.',
    },
    { cause: error },
  )
}
