/** What a migration writes in its decisive transaction beside the table. */

import { OrionError } from '../../sdk/errors.ts'
import { markOf } from '../../sdk/migration.ts'
import type { Token } from '../../sdk/model.ts'
import { anyType } from '../../sdk/references.ts'
import { actorOf } from './actor-of.ts'
import { DataMigration } from './migrate-data.ts'
import type { MigrationJob, MigrationParts } from './migration-job.ts'
import { rebuildReferences } from './reference-table.ts'
import type { StoreContext } from './store-context.ts'
import { keepTypeChange, type RetiredName, retireNames, reviveNames } from './type-history.ts'

/**
 * Makes the type what the migration leads to: its definition, the names that go out of use, its history and the event
 * that tells everybody. Reads and writes use it at once, because the table is another one.
 */
export function commitMigration(
  { context, registry, interruptReads }: MigrationParts,
  job: MigrationJob,
): Token {
  const { connection, log } = context
  const { entry, next, plan, total, startedMs, backup, caller } = job
  const { name: type } = entry.definition
  const schemaVersion = entry.schemaVersion + 1
  const migrations = plan.migrations.map(markOf)
  const author = { actor: actorOf(caller), at: context.nextInstant() }
  if (next === undefined) {
    assertNobodyNames(context, type)
    connection.prepare('DELETE FROM record_types WHERE name = ?').run([type])
    connection.prepare('DELETE FROM record_references WHERE type = ?').run([type])
  } else {
    registry.store(next.definition, schemaVersion)
    if (touchesReferences(job)) rebuildReferences(connection, next)
    registry.checkReferences(entry, next)
    reviveNames(connection, type, Object.keys(next.definition.fields))
  }
  retireNames(connection, retiredBy(job, schemaVersion))
  const payload = {
    type,
    direction: plan.direction,
    migrations: migrations.map(({ name }) => name),
    schemaVersion,
    records: total,
    ...(next === undefined ? { removed: true } : {}),
  }
  const entryOfLog = { topic: `${type}.migrated`, payload, encodedData: JSON.stringify(payload) }
  const { seq } = log.append(entryOfLog, author)
  keepTypeChange(connection, {
    type,
    schemaVersion,
    seq,
    ...author,
    kind: next === undefined ? 'removed' : plan.direction === 'down' ? 'reverted' : 'migrated',
    detail: {
      changes: plan.told,
      migrations,
      steps: plan.steps,
      records: total,
      tookMs: Math.round(performance.now() - startedMs),
      ...(backup === undefined ? {} : { backup }),
    },
  })
  context.shapes.add(type, { seq, migration: new DataMigration(plan.steps) })
  if (next === undefined) {
    context.types.delete(type)
    context.retiredTypes.add(type)
    context.cache.clear()
  } else {
    context.search.prepare(next.definition, false)
    registry.use(next)
  }
  interruptReads()
  return context.tokenAt(seq)
}

/** Whether values may have changed that name other records. What is called otherwise is seen by its place. */
function touchesReferences({ entry, next, plan }: MigrationJob): boolean {
  const fields = new Set(
    [...entry.references, ...(next?.references ?? [])].map(({ field }) => field),
  )
  return plan.steps.some((step) => 'field' in step && fields.has(step.field))
}

/** @throws OrionError `migration_required` as long as checked references of other types name its records. */
function assertNobodyNames({ types, connection }: StoreContext, type: string): void {
  const plan = [...types.values()].flatMap(({ definition, references }) =>
    references
      .filter(
        ({ to, weak }) => !weak && definition.name !== type && (to === type || to === anyType),
      )
      .filter(
        ({ path }) =>
          connection
            .prepare(
              'SELECT 1 FROM record_references WHERE target_type = ? AND type = ? AND field = ? LIMIT 1',
            )
            .get([type, definition.name, path]) !== undefined,
      )
      .map(({ path }) => `${definition.name}.${path} names records of ${type}`),
  )
  if (plan.length === 0) return
  throw new OrionError('migration_required', `${type} can't be removed: ${plan.join('; ')}`, {
    plan,
    remedy: 'Remove these references first, or declare them `weak`.',
  })
}

function retiredBy({ entry, next, plan }: MigrationJob, schemaVersion: number): RetiredName[] {
  const { name: type } = entry.definition
  if (next === undefined) {
    const migration = plan.migrations.at(-1)?.name ?? ''
    return [{ type, field: '', now: undefined, migration, schemaVersion }]
  }
  return [...plan.retired]
    .filter(([field]) => !Object.hasOwn(next.definition.fields, field))
    .map(([field, { now, by }]) => ({ type, field, now, migration: by, schemaVersion }))
}
