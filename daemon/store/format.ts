/** Recognises a store's file, creates a fresh one, and brings an older one to the present format. */
import { OrionError } from '../../sdk/errors.ts'
import { VERSION } from '../../sdk/version.ts'
import type { Connection } from './engine/engine.ts'
import { first } from './migrations/0001-first.ts'
import { references } from './migrations/0002-references.ts'
import { search } from './migrations/0003-search.ts'
import { typeChanges } from './migrations/0004-type-changes.ts'
import type { FormatMigration } from './migrations/migration.ts'
import { readMeta, writeMeta } from './store-meta.ts'

/** `Orio` in ASCII: what `file` and other tools may know a store by. */
export const applicationId = 0x4f72696f
/** What brings a store to the present format, oldest first. */
export const formatMigrations: readonly FormatMigration[] = [first, references, search, typeChanges]

/** What a store's format is prepared with. */
export interface FormatOptions {
  /** Those of this program; a test may give others. */
  readonly migrations: readonly FormatMigration[]
  /** Makes a backup of a store that is about to be changed. What it throws leaves the store as it is. */
  readonly backUp: (format: number) => Promise<void>
}

/**
 * Makes sure the open file is a store of the present format, and notes which version of Orion wrote it last.
 *
 * @throws OrionError `storage_failed` when it belongs to another program or was written by a newer Orion.
 */
export async function prepareFormat(connection: Connection, options: FormatOptions): Promise<void> {
  const { migrations, backUp } = options
  const format = formatOf(connection, migrations.length)
  if (format > 0 && format < migrations.length) await backUp(format)
  for (const migration of migrations.slice(format)) applyMigration(connection, migration)
  if (readMeta(connection, 'writtenBy') !== VERSION) writeMeta(connection, 'writtenBy', VERSION)
}

/**
 * The format of an open file; 0 for an empty one.
 *
 * @param newest - The newest format that this program knows.
 * @throws OrionError as `prepareFormat`.
 */
export function formatOf(connection: Connection, newest = formatMigrations.length): number {
  const format = pragma(connection, 'user_version')
  const owner = pragma(connection, 'application_id')
  if (owner !== applicationId && !isEmpty(connection)) {
    throw new OrionError('storage_failed', `${connection.path} is a database of another program`, {
      remedy: 'Choose another store directory with --store, or move that file away.',
    })
  }
  if (format <= newest) return format
  const writer = writerOf(connection)
  const who = writer === undefined ? 'a newer Orion' : `Orion ${writer}`
  const needed = writer === undefined ? 'the version that wrote it' : writer
  throw new OrionError(
    'storage_failed',
    `${connection.path} has format ${format}, written by ${who}; this is Orion ${VERSION}, which knows formats up to ${newest}`,
    { remedy: `Use Orion ${needed} or newer. Nothing in the store was touched.` },
  )
}

/** The version of Orion that wrote the file last, if it can be read: a newer format may keep it elsewhere. */
function writerOf(connection: Connection): string | undefined {
  try {
    return readMeta(connection, 'writtenBy')
  } catch {
    return undefined
  }
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
