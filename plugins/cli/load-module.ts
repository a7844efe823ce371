/** Loads the record types that a module exports. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MigratedType } from '../../sdk/client/type-migrator.ts'
import { migrationProblems } from '../../sdk/migration.ts'
import type { Migration } from '../../sdk/migration-step.ts'
import { definitionProblems, type RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { Cli } from './context.ts'
import { UsageError } from './usage-error.ts'

/**
 * The record types of a module: everything it exports that `defineRecordType` or `removedRecordType` made, alone or in a
 * list, in the order of their names. The module runs in this process, with the rights of whoever called the program.
 *
 * @throws UsageError when it can't be loaded, or exports none.
 */
export async function loadTypes(cli: Cli, file: string): Promise<readonly MigratedType[]> {
  const path = resolve(cli.cwd, file)
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}`)
  let loaded: object
  try {
    loaded = await cli.plugins.importModule(pathToFileURL(path).href)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const remedy = 'see that it runs by itself: `node FILE`, or `npx tsx FILE` if it is TypeScript'
    throw new UsageError(`can't load ${path}: ${reason}`, { cause, remedy })
  }
  const types = new Map<string, MigratedType>()
  for (const value of Object.values(loaded).flat()) {
    const type = typeOf(value, path)
    if (type !== undefined) types.set(type.name, type)
  }
  if (types.size > 0) {
    return [...types.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
  }
  throw new UsageError(`${path} exports no record types`, {
    remedy: 'export what `defineRecordType` returns',
  })
}

/** @throws UsageError naming what is wrong with a type. */
function typeOf(value: unknown, path: string): MigratedType | undefined {
  if (typeof value !== 'object' || value === null || !('name' in value)) return undefined
  if (!('definition' in value) && !('migrations' in value)) return undefined
  const { name } = value
  const definition = 'definition' in value ? value.definition : undefined
  const migrations = 'migrations' in value ? value.migrations : undefined
  const problems = [
    ...(definition === undefined ? [] : definitionProblems(definition)),
    ...(Array.isArray(migrations) ? migrations.flatMap(migrationProblems) : []),
  ]
  if (problems.length > 0 || typeof name !== 'string') {
    const told = problems.map(({ path: at, message }) => `${at}: ${message}`).join('; ')
    throw new UsageError(`${String(name)} of ${path} is no record type: ${told}`)
  }
  return {
    name,
    ...(isDefinition(definition) ? { definition } : {}),
    ...(isMigrations(migrations) ? { migrations } : {}),
  }
}

function isDefinition(value: unknown): value is RecordTypeDefinition {
  return value !== undefined && definitionProblems(value).length === 0
}

function isMigrations(value: unknown): value is readonly Migration[] {
  return Array.isArray(value) && value.every((one) => migrationProblems(one).length === 0)
}
