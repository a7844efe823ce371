/** A consistent copy of the store's file, made while others write. */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { BackupReason } from '../../sdk/backup-name.ts'
import { isDatabaseHead, readHead } from '../../sdk/database-head.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import { backupPath } from './backup-files.ts'
import { type Connection, EngineError } from './engine/engine.ts'
import { backupMark, removeMeta, writeMeta } from './store-meta.ts'
import type { WriteQueue } from './write-queue.ts'

const pagesPerStep = 128

/** Looks at a finished copy before it gets its name; what it throws makes the backup fail. */
export type VerifyCopy = (path: string, signal?: AbortSignal) => Promise<void>

/**
 * Copies the store to `path`, or into `backups/` beside its file under a name that says when and why.
 *
 * @throws OrionError `invalid_request` for a path that can't be; `cancelled`; `storage_full`, `storage_failed`: there is no
 * such backup then, and the store is as it was.
 */
export async function backupStore(request: {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly path: string | undefined
  readonly reason: BackupReason
  readonly at: Instant
  readonly verify: VerifyCopy | undefined
  readonly signal?: AbortSignal
}): Promise<{ path: string; sizeBytes: number }> {
  const { connection, queue, at, signal, verify } = request
  const path = request.path ?? backupPath(connection.path, at, request.reason)
  if (!isAbsolute(path)) {
    throw new OrionError(
      'invalid_request',
      `expected an absolute path for the backup, got ${path}`,
      {
        remedy: 'The daemon has a working directory of its own: send the whole path.',
      },
    )
  }
  if (path === connection.path || path.startsWith(`${connection.path}-`)) {
    throw new OrionError('invalid_request', `${path} belongs to the live store`, {
      remedy: 'Choose another file for the backup.',
    })
  }
  try {
    if (isOtherFile(path)) {
      throw new OrionError('invalid_request', `${path} is there and is no backup`, {
        remedy: 'Choose another file, or remove that one: a backup replaces only an earlier one.',
      })
    }
    // Only our own directory is made, one level deep: Node's recursive mkdir never returns in /proc.
    if (request.path === undefined) makeBackupDirectory(path)
    const mark = backupMark()
    await queue.submit({ undo: 'nothing', run: () => writeMeta(connection, mark, at) }, {})
    // What readers see must be on disk before it is copied; otherwise a backup could know more than the log.
    await connection.sync()
    try {
      await connection.backup(path, {
        pagesPerStep,
        ...(signal === undefined ? {} : { signal }),
        ...(verify === undefined ? {} : { verify: (copy) => verify(copy, signal) }),
      })
    } finally {
      // If it can't be removed, the next start takes this store for a restored one, which is safe.
      const run = (): void => removeMeta(connection, mark)
      await queue.submit({ undo: 'nothing', run }, {}).catch(() => {})
    }
    return { path, sizeBytes: statSync(path).size }
  } catch (error) {
    if (signal?.aborted) throw new OrionError('cancelled', 'the backup was cancelled', {})
    throw backupFailed(path, error)
  }
}

/**
 * Copies an open store that nobody writes to yet, because its format is about to be changed.
 *
 * @throws OrionError as `backupStore`.
 */
export async function backupBeforeMigration(
  connection: Connection,
  at: Instant,
  verify?: VerifyCopy,
): Promise<void> {
  const path = backupPath(connection.path, at, 'before-migration')
  try {
    makeBackupDirectory(path)
    await connection.backup(path, { pagesPerStep, ...(verify === undefined ? {} : { verify }) })
  } catch (error) {
    throw backupFailed(path, error)
  }
}

/** Whether something is there that is no SQLite database, such as a settings file of the store. */
function isOtherFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  // A directory or a device is refused below, with the system's own reason.
  if (found === undefined || !found.isFile() || found.size === 0) return false
  return !isDatabaseHead(readHead(path))
}

/** The directory for backups that nobody named a place for; one level, for Node's recursive mkdir never returns in /proc. */
export function makeBackupDirectory(path: string): void {
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { mode: 0o700 })
}

function backupFailed(path: string, error: unknown): OrionError {
  if (error instanceof OrionError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const full = error instanceof EngineError && error.kind === 'full'
  return new OrionError(
    full ? 'storage_full' : 'storage_failed',
    `the backup to ${path} failed: ${reason}`,
    {
      remedy:
        'Check the path, the permissions and the free space there. The store itself is untouched.',
    },
    { cause: error },
  )
}
