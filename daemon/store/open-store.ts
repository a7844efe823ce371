/** Opens a store: makes sure of its file, its format and its identity before anybody is served. */
import { closeSync, constants, openSync, readSync } from 'node:fs'
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
  const begin = beginOf(options.path)
  if (begin === undefined || begin.readUInt32BE(applicationIdAt) === applicationId) return
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

const headerBytes = 100
/** Where SQLite keeps the mark of the program that a file belongs to (file format, section 1.3). */
const applicationIdAt = 68

/** The header of a database; undefined if there is no such file, or it is too short to have one. */
function beginOf(path: string): Buffer | undefined {
  let fd: number | undefined
  try {
    // Without waiting: a pipe may lie there.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const header = Buffer.alloc(headerBytes)
    return readSync(fd, header, 0, headerBytes, 0) === headerBytes ? header : undefined
  } catch {
    return undefined // Opening it as a store says what is wrong.
  } finally {
    if (fd !== undefined) closeSync(fd)
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
