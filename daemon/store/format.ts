/** Recognises a store's file, creates a fresh one, and brings an older one to the present format. */
import { OrionError } from '../../sdk/errors.ts'
import type { Connection } from './engine/engine.ts'
import { first } from './migrations/0001-first.ts'
import type { FormatMigration } from './migrations/migration.ts'

/** `Orio` in ASCII: what `file` and other tools may know a store by. */
const applicationId = 0x4f72696f
const migrations: readonly FormatMigration[] = [first]

/** The format this program writes. */
export const currentFormat = migrations.length

/**
 * Makes sure the open file is a store of the present format.
 *
 * @throws OrionError `storage_failed` when it belongs to another program or was written by a newer Orion.
 */
export function prepareFormat(connection: Connection): void {
  const format = pragma(connection, 'user_version')
  const owner = pragma(connection, 'application_id')
  if (owner !== applicationId && !isEmpty(connection)) {
    throw new OrionError('storage_failed', `${connection.path} is a database of another program`, {
      remedy: 'Choose another store directory with --store, or move that file away.',
    })
  }
  if (format > currentFormat) {
    throw new OrionError(
      'storage_failed',
      `${connection.path} has format ${format}; this Orion knows formats up to ${currentFormat}`,
      { remedy: 'Upgrade Orion to the version that wrote this store, or newer.' },
    )
  }
  for (const migration of migrations.slice(format)) applyMigration(connection, migration)
}

function applyMigration(connection: Connection, migration: FormatMigration): void {
  connection.exec('BEGIN IMMEDIATE')
  for (const statement of migration.statements) connection.exec(statement)
  connection.exec(`PRAGMA application_id = ${applicationId}`)
  connection.exec(`PRAGMA user_version = ${migration.format}`)
  connection.exec('COMMIT')
}

function pragma(connection: Connection, name: 'user_version' | 'application_id'): number {
  return Number(connection.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}

function isEmpty(connection: Connection): boolean {
  return connection.prepare('SELECT name FROM sqlite_schema LIMIT 1').get() === undefined
}
