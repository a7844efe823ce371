/** A consistent copy of the store's file, made while others write. */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import type { Connection } from './engine/engine.ts'
import { backupMark, removeMeta, writeMeta } from './store-meta.ts'
import type { WriteQueue } from './write-queue.ts'

const pagesPerStep = 128

/** Copies the store to `path`, or into `backups/` beside its file under a name made of the instant. */
export async function backupStore(request: {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly path: string | undefined
  readonly at: Instant
  readonly signal?: AbortSignal
}): Promise<{ path: string; sizeBytes: number }> {
  const { connection, queue, at, signal } = request
  const path = request.path ?? join(dirname(connection.path), 'backups', `${fileStamp(at)}.db`)
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
    // Only our own directory is made, one level deep: Node's recursive mkdir never returns in /proc.
    if (request.path === undefined && !existsSync(dirname(path))) {
      mkdirSync(dirname(path), { mode: 0o700 })
    }
    const mark = backupMark()
    await queue.submit({ undo: 'nothing', run: () => writeMeta(connection, mark, at) }, {})
    // What readers see must be on disk before it is copied; otherwise a backup could know more than the log.
    await connection.sync()
    try {
      await connection.backup(path, { pagesPerStep, ...(signal === undefined ? {} : { signal }) })
    } finally {
      // If it can't be removed, the next start takes this store for a restored one, which is safe.
      const run = (): void => removeMeta(connection, mark)
      await queue.submit({ undo: 'nothing', run }, {}).catch(() => {})
    }
    return { path, sizeBytes: statSync(path).size }
  } catch (error) {
    if (signal?.aborted) throw new OrionError('cancelled', 'the backup was cancelled', {})
    const reason = error instanceof Error ? error.message : String(error)
    throw new OrionError('storage_failed', `the backup to ${path} failed: ${reason}`, {
      remedy:
        'Check the path, the permissions and the free space there. The store itself is untouched.',
    })
  }
}

function fileStamp(at: Instant): string {
  return at.replaceAll(':', '').replaceAll('-', '')
}
