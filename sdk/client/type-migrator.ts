/** A program's record types and the store's: what differs, and running the migrations that the store lacks. */
import { isOrionError } from '../errors.ts'
import { compareLineages, lineageProblem } from '../lineage.ts'
import type { Migration } from '../migration-step.ts'
import type { ResultOf } from '../protocol/define.ts'
import { DefineType, GetType, MigrateType, recordTypeDefinition } from '../protocol/types.ts'
import type { RecordType, RecordTypeDefinition } from '../record-type.ts'
import { growType, sameType } from '../type-growth.ts'
import type { Caller, CallOptions } from './caller.ts'
import type { WorkProgress } from './session.ts'

/** How a declared type stands to the store's. */
export interface TypeCheck {
  readonly type: string
  /**
   * `same`: nothing to do. `absent`, `grows`: the next use of the type defines it, or adds to it. `older`: the store has
   * migrations that the program does not know. `migrate`: migrations have to be run. `differs`: a migration is missing.
   * `diverged`: the past of the two is another one.
   */
  readonly state: 'same' | 'absent' | 'grows' | 'older' | 'migrate' | 'differs' | 'diverged'
  /** What differs, in words; empty when nothing does. */
  readonly differences: readonly string[]
  readonly remedy?: string
}

/** How a migration is run. */
export interface MigrateOptions extends CallOptions {
  /** Only tells what would happen. */
  readonly dryRun?: boolean
  /** How many of the type's migrations it is to have behind it; fewer than now goes back. All by default. */
  readonly to?: number
  /** False leaves out the backup that is made before. */
  readonly backup?: boolean
  readonly onProgress?: (progress: WorkProgress) => void
}

/** What a migration did, or would do. */
export type MigrationResult = ResultOf<typeof MigrateType>

/** A type as its program knows it; one that was removed has nothing but its migrations. */
export interface MigratedType {
  readonly name: string
  readonly definition?: RecordTypeDefinition
  readonly migrations?: readonly Migration[]
}

/** Runs what a type's program ships. A migration may take long, so that no time is set unless the caller sets one. */
export async function migrateType(
  caller: Caller,
  { name, definition, migrations = [] }: MigratedType,
  options: MigrateOptions = {},
): Promise<MigrationResult> {
  const { to, dryRun, backup, onProgress: onReport, ...call } = options
  const params = {
    type: name,
    migrations: [...migrations],
    ...(definition === undefined ? {} : { definition }),
    ...(to === undefined ? {} : { to }),
    ...(dryRun ? { dryRun } : {}),
    ...(backup === false ? { backup } : {}),
  }
  return await caller.call(MigrateType, params, {
    timeoutMs: migrationMaxMs,
    ...call,
    onReport,
  })
}

/** Holds a declared type against the store's. */
export async function checkType(
  caller: Caller,
  { name, definition }: RecordType,
  options: CallOptions = {},
): Promise<TypeCheck> {
  let stored: RecordTypeDefinition
  try {
    stored = recordTypeDefinition.parse(await caller.call(GetType, { type: name }, options))
  } catch (error) {
    if (!isOrionError(error, 'unknown_type')) throw error
    return await absent(caller, definition, options)
  }
  const found = compareLineages(stored.migrations, definition.migrations)
  const problem = lineageProblem(name, found)
  if (problem !== undefined) {
    const state = found.relation === 'newer' ? 'migrate' : found.relation
    const { plan, remedy } = problem
    if (state !== 'same') return { type: name, state, differences: plan, remedy }
  }
  try {
    const { changes } = await caller.call(DefineType, { definition, dryRun: true }, options)
    const differences = changes.map(({ change, field }) =>
      field === undefined ? change : `${change}: ${field}`,
    )
    return { type: name, state: changes.length === 0 ? 'same' : 'grows', differences }
  } catch (error) {
    if (!isOrionError(error, 'migration_required')) throw error
    return differing(stored, definition, planOf(error.data.plan))
  }
}

/** What only narrows may be the declaration of an older program, which is served all the same. */
function differing(
  stored: RecordTypeDefinition,
  declared: RecordTypeDefinition,
  differences: readonly string[],
): TypeCheck {
  const served = sameType(stored, growType(stored, declared))
  const remedy = served
    ? 'The store takes more than this program declares: declare as much, or ship a migration that narrows it.'
    : 'Ship a migration, or declare the type as the store has it: `orion types generate`.'
  return { type: declared.name, state: 'differs', differences, remedy }
}

async function absent(
  caller: Caller,
  definition: RecordTypeDefinition,
  options: CallOptions,
): Promise<TypeCheck> {
  const type = definition.name
  try {
    await caller.call(DefineType, { definition, dryRun: true }, options)
    return { type, state: 'absent', differences: ['the store does not have it yet'] }
  } catch (error) {
    if (!isOrionError(error, 'migration_required')) throw error
    const { plan, remedy } = error.data
    const state = 'older'
    return { type, state, differences: planOf(plan), ...(remedy === undefined ? {} : { remedy }) }
  }
}

function planOf(plan: unknown): string[] {
  return Array.isArray(plan) ? plan.map(String) : []
}

const migrationMaxMs = 24 * 60 * 60 * 1000
