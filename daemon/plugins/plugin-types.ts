/** The record types that plugins bring, as the store takes them. */
import { isOrionError, type OrionError } from '../../sdk/errors.ts'
import { messageOf } from '../../sdk/launch/launch-error.ts'
import type { PluginManifest } from '../../sdk/protocol/plugin-messages.ts'
import type { Caller, StoreApi } from '../store/store-api.ts'

/**
 * Makes or grows the record types of a plugin, and runs the migrations that the store lacks.
 *
 * @throws OrionError for one that contradicts what is stored, or has to be migrated by hand.
 */
export async function admitTypes(
  store: StoreApi,
  manifest: PluginManifest,
  caller: Caller,
): Promise<void> {
  for (const definition of manifest.recordTypes) {
    const found = manifest.migrations.find(({ type }) => type === definition.name)
    try {
      await store.defineType({ definition }, caller)
    } catch (error) {
      if (found === undefined || !isOrionError(error, 'migration_required')) throw error
      const { type, migrations } = found
      await store.migrateType({ type, migrations, definition }, caller)
    }
  }
  const declared = new Set(manifest.recordTypes.map(({ name }) => name))
  for (const { type, migrations } of manifest.migrations) {
    // What it declares no more, its last migration removes.
    if (declared.has(type) || store.typeDefinition(type) === undefined) continue
    await store.migrateType({ type, migrations }, caller)
  }
}

/** What the store would have against them; nothing is changed. */
export async function typeProblems(
  store: StoreApi,
  manifest: PluginManifest,
  caller: Caller,
): Promise<string[]> {
  const problems: string[] = []
  for (const definition of manifest.recordTypes) {
    const found = manifest.migrations.find(({ type }) => type === definition.name)
    try {
      await store.defineType({ definition, dryRun: true }, caller)
    } catch (error) {
      if (found !== undefined && isOrionError(error, 'migration_required')) continue
      problems.push(`record type ${definition.name}: ${told(error)}`)
    }
  }
  return problems
}

function told(error: unknown): string {
  const plan = isOrionError(error, 'migration_required') ? planOf(error) : ''
  return `${messageOf(error)}${plan}`
}

function planOf({ data }: OrionError<'migration_required'>): string {
  return Array.isArray(data.plan) ? ` (${data.plan.map(String).join(', ')})` : ''
}
