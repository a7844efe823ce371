/** What is to be done about a type: which of the migrations that a program ships it lacks, and what they make of it. */
import { OrionError } from '../../sdk/errors.ts'
import { compareLineages, lineageProblem } from '../../sdk/lineage.ts'
import { migrateDefinition } from '../../sdk/migrate-definition.ts'
import { markOf, migrationChecksum } from '../../sdk/migration.ts'
import type { Migration, MigrationMark, MigrationStep } from '../../sdk/migration-step.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { compareDefinitions } from './tables.ts'
import { migrationRequired } from './type-registry.ts'

/** What a migration request asks for. */
export interface MigrationRequest {
  readonly migrations: readonly Migration[]
  readonly definition?: RecordTypeDefinition | undefined
  readonly to?: number | undefined
}

/** What is to be done, before any record is looked at. */
export interface MigrationPlan {
  readonly direction: 'up' | 'down' | 'none'
  /** Those that are applied or undone, in that order. */
  readonly migrations: readonly Migration[]
  readonly steps: readonly MigrationStep[]
  /** The type afterwards; undefined when it is removed. */
  readonly definition: RecordTypeDefinition | undefined
  /** Names that go out of use, with what they are called now and the migration. */
  readonly retired: ReadonlyMap<string, { readonly now: string | undefined; readonly by: string }>
  readonly destroys: boolean
  /** In words, for people. */
  readonly told: readonly string[]
}

/**
 * Plans the migrations of a type.
 *
 * @throws OrionError `migration_required` when the store has another past than the program, or the migrations do not lead to
 * what it declares; `invalid_request` for a migration that can't be applied or undone.
 */
export function planMigration(
  stored: RecordTypeDefinition,
  request: MigrationRequest,
  check: CheckDefinition,
): MigrationPlan {
  const { migrations } = request
  const applied = stored.migrations ?? []
  checkMigrations(stored.name, applied, migrations)
  const to = request.to ?? migrations.length
  if (to > migrations.length) {
    throw invalid(`expected \`to\` to be at most ${migrations.length}, got ${to}`)
  }
  const isDown = to < applied.length
  const chosen = isDown
    ? migrations.slice(to, applied.length).toReversed()
    : migrations.slice(applied.length, to)
  const parts = chosen.map((migration) => ({ migration, steps: stepsOf(migration, isDown) }))
  const steps = parts.flatMap((part) => part.steps)
  const migrated = migrateDefinition(stored, steps)
  const marks = migrations.slice(0, to).map(markOf)
  const definition =
    migrated.definition === undefined
      ? undefined
      : withMarks(settled(migrated.definition, isDown ? undefined : request, check), marks)
  const retired = new Map(
    [...migrated.retired].map(([field, now]) => [field, { now, by: nameOf(parts, field) }]),
  )
  return {
    direction: chosen.length === 0 ? 'none' : isDown ? 'down' : 'up',
    migrations: chosen,
    steps,
    definition,
    retired,
    destroys: migrated.destroys,
    told: steps.map(tellStep),
  }
}

function checkMigrations(
  type: string,
  applied: readonly MigrationMark[],
  migrations: readonly Migration[],
): void {
  if (new Set(migrations.map(({ name }) => name)).size !== migrations.length) {
    throw invalid(`expected the migrations of ${type} to have different names`)
  }
  for (const migration of migrations) {
    const checksum = migrationChecksum(migration)
    if (checksum === migration.checksum) continue
    throw invalid(
      `the checksum of migration ${migration.name} is ${checksum}, not ${migration.checksum}: make migrations with defineMigration`,
    )
  }
  const found = compareLineages(applied, migrations.map(markOf))
  if (found.relation === 'same' || found.relation === 'newer') return
  const problem = lineageProblem(type, found)
  if (problem !== undefined) throw migrationRequired(problem)
}

function stepsOf(migration: Migration, isDown: boolean): readonly MigrationStep[] {
  if (!isDown) return migration.up
  if (migration.down !== undefined) return migration.down
  throw new OrionError('invalid_request', `migration ${migration.name} has no way back`, {
    remedy:
      'Declare `down` before it is applied. What is applied already is undone by going back to the backup that was made before it: `orion backup list`.',
  })
}

/** Throws for a definition that is wrong: what a peer sends is looked at before it is compared. */
type CheckDefinition = (definition: RecordTypeDefinition) => void

/** The type with what its declaration adds beyond the migrations. */
function settled(
  migrated: RecordTypeDefinition,
  request: MigrationRequest | undefined,
  check: CheckDefinition,
): RecordTypeDefinition {
  const { definition, migrations, to = migrations.length } = request ?? { migrations: [] }
  if (definition === undefined || to < migrations.length) return migrated
  check(migrated)
  check(definition)
  const { migrations: _, ...declared } = definition
  const difference = compareDefinitions(migrated, { ...declared, name: migrated.name })
  if (difference.kind !== 'migration') return difference.merged
  const plan = difference.plan
  throw migrationRequired({
    message: `the migrations of ${migrated.name} do not lead to what the program declares: ${plan.join('; ')}`,
    plan,
    remedy: 'Add the steps that are missing to the last migration, or declare what it leads to.',
  })
}

function withMarks(
  { migrations: _, ...definition }: RecordTypeDefinition,
  marks: readonly MigrationMark[],
): RecordTypeDefinition {
  return { ...definition, ...(marks.length === 0 ? {} : { migrations: marks }) }
}

/** The last migration that touched a name; a step may have renamed it on the way. */
function nameOf(
  parts: readonly { readonly migration: Migration; readonly steps: readonly MigrationStep[] }[],
  field: string,
): string {
  const found = parts.find(({ steps }) =>
    steps.some((step) => 'field' in step && step.field === field),
  )
  return (found ?? parts.at(-1))?.migration.name ?? ''
}

function tellStep(step: MigrationStep): string {
  switch (step.step) {
    case 'renameField':
      return `field ${step.field} becomes ${step.to}`
    case 'removeField':
      return `field ${step.field} is removed with its values`
    case 'addField':
      return `field ${step.field} is added${step.from === undefined ? '' : ', with a value from each record'}`
    case 'changeField':
      return `field ${step.field} changes to ${step.definition.kind}${ruleText(step.unfit)}`
    case 'removeIndex':
      return `the index over ${step.index.join(', ')} is removed`
    case 'removeType':
      return 'the record type is removed with all of its records'
  }
}

function ruleText(unfit: Extract<MigrationStep, { definition: unknown }>['unfit']): string {
  if (unfit === undefined || unfit === 'refuse') return ''
  if (unfit === 'unset') return '; what does not fit is left out'
  if (unfit === 'fit') return '; what does not fit is cut to fit'
  return `; what does not fit becomes ${JSON.stringify(unfit.value)}`
}

function invalid(message: string): OrionError {
  return new OrionError('invalid_request', message, {})
}
