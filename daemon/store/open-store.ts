/** Opens a store: makes sure of its file, its format and its identity before anybody is served. */
import { applicationIdOf, readHead } from '../../sdk/database-head.ts'
import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import { backupBeforeMigration } from './backup.ts'
import { type Connection, EngineError } from './engine/engine.ts'
import { applicationId, formatMigrations, formatOf, prepareFormat } from './format.ts'
import { finishRestore, removeLeftovers } from './restore.ts'
import { storageError } from './storage-error.ts'
import { Store } from './store.ts'
import type { StoreApi } from './store-api.ts'
import { newEpoch } from './store-meta.ts'
import type { StoreOptions } from './store-options.ts'
import { settleInPlace } from './store-place.ts'

/**
 * Opens a store, creating it if need be, and recovers what a crash left.
 *
 * @throws OrionError `storage_failed`, `storage_full`: what is wrong with the file and what to do.
 */
export async function openStore(options: StoreOptions): Promise<StoreApi> {
  putInOrder(options)
  assertNotForeign(options)
  const connection = openConnection(options)
  try {
    await prepareFormat(connection, {
      migrations: options.migrations ?? formatMigrations,
      backUp: async (format) => {
        const at = instantFromMicros(options.clock.nowMicros())
        options.log.info('a backup is made before the format changes', { format })
        await backupBeforeMigration(connection, at, options.verifyCopy)
      },
    })
    const placement = settleInPlace(connection, options.memory?.recall)
    if (placement !== 'same') options.log.warn('the store is not as it was left', { placement })
    if (options.beginEpoch) newEpoch(connection)
    const store = new Store(options, connection)
    await store.begin()
    // What a crashed daemon left in the log may be in the kernel's memory alone: it is served only from disk.
    await connection.sync()
    store.identity.remember()
    return store
  } catch (error) {
    connection.close()
    throw storageError(error, options.path)
  }
}

/** Finishes what an earlier owner had decided, and clears away what it could not finish. */
function putInOrder({ path, log }: StoreOptions): void {
  try {
    const kept = finishRestore(path)
    if (kept !== undefined) log.warn('the store was put back to a backup', { kept })
    const removed = removeLeftovers(path)
    if (removed.length > 0) log.info('unfinished copies were removed', { removed })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new OrionError('storage_failed', `the store can't be put in order: ${reason}`, {
      remedy: 'Check the permissions and the free space of the store directory.',
    })
  }
}

/**
 * A file that does not begin as a store is looked at without writing first: to open it as one would make it a file with a
 * log, even if it is another program's and is refused then.
 *
 * @throws OrionError `storage_failed` when it belongs to another program.
 */
function assertNotForeign(options: StoreOptions): void {
  const mark = ownerMarkOf(options.path)
  if (mark === undefined || mark === applicationId) return
  let connection: Connection
  try {
    connection = openConnection(options, true)
  } catch {
    return // It is no database, or a crash left it half made: opening it as a store says so, or mends it.
  }
  try {
    formatOf(connection, Number.POSITIVE_INFINITY)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    // What can't be read is told when it is opened as a store.
  } finally {
    connection.close()
  }
}

/** The mark of a file's program; undefined if there is no such file, or it has none. */
function ownerMarkOf(path: string): number | undefined {
  try {
    return applicationIdOf(readHead(path))
  } catch {
    return undefined // Opening it as a store says what is wrong.
  }
}

function openConnection({ engine, path, limits }: StoreOptions, readOnly = false): Connection {
  try {
    return engine.open(path, {
      syncMode: 'grouped',
      cacheKib: limits.pageCacheKib,
      statementsMax: limits.statementsMax,
      readOnly,
    })
  } catch (error) {
    throw storageError(error, path)
  }
}
