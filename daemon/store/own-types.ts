/** What Orion's own record types keep, whoever migrates them. */
import { OrionError } from '../../sdk/errors.ts'
import { markOf } from '../../sdk/migration.ts'
import type { Migration, MigrationStep } from '../../sdk/migration-step.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { MigrationPlan } from './migration-plan.ts'
import { compareDefinitions } from './tables.ts'

/**
 * Refuses a migration of one of Orion's own types that takes from its shape, or that writes a managed field: not even one
 * that gives it back afterwards, because the values would be others. Orion's own migrations may.
 *
 * @throws OrionError `invalid_request`, `forbidden`.
 */
export function assertKeepsOwnType(bundled: RecordTypeDefinition, plan: MigrationPlan): void {
  const { name, fields } = bundled
  const { definition, direction } = plan
  const fits =
    definition !== undefined &&
    compareDefinitions(definition, { ...bundled, migrations: definition.migrations ?? [] }).kind !==
      'migration'
  if (!fits) {
    throw new OrionError('invalid_request', `${name} is one of Orion's own types`, {
      remedy: 'It may get fields of yours, but has to keep those that it comes with.',
    })
  }
  const written = plan.migrations
    .filter((migration) => !isOwn(bundled, migration))
    .flatMap((migration) => (direction === 'down' ? (migration.down ?? []) : migration.up))
    .flatMap(fieldsOf)
  const managed = [...new Set(written)].filter(
    (field) => Object.hasOwn(fields, field) && fields[field]?.managed,
  )
  if (managed.length === 0) return
  throw new OrionError('forbidden', `${managed.join(', ')} of ${name} can't be migrated`, {
    needs: 'the method that owns the field',
    remedy: `Leave out ${managed.join(', ')}: only the method that owns a managed field changes it.`,
  })
}

function isOwn({ migrations = [] }: RecordTypeDefinition, migration: Migration): boolean {
  const { checksum } = markOf(migration)
  return migrations.some((mark) => mark.checksum === checksum)
}

/** The fields whose values a step changes. */
function fieldsOf(step: MigrationStep): string[] {
  switch (step.step) {
    case 'renameField':
      return [step.field, step.to]
    case 'addField':
    case 'changeField':
    case 'removeField':
      return [step.field]
    case 'removeIndex':
    case 'removeType':
      return []
    default:
      return step satisfies never
  }
}
