/** Says which record already has the value that must be unique. */
import { OrionError } from '../../sdk/errors.ts'
import type { Record } from '../../sdk/model.ts'
import type { EngineError } from './engine/engine.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import { recordTableName } from './sql.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import { quoteName } from './tables.ts'

const uniqueForm = /UNIQUE constraint failed: .*\.(\w+)$/

/** The error for a constraint that a record's row broke; which record is in the way is told to those who may read it. */
export function uniqueViolation(
  context: StoreContext,
  entry: RecordTypeEntry,
  failed: { readonly record: Record; readonly error: EngineError; readonly caller: Caller },
): OrionError {
  const type = entry.definition.name
  const field = uniqueForm.exec(failed.error.message)?.[1]
  if (field === undefined || !Object.hasOwn(entry.definition.fields, field)) {
    // The schema was checked before; a CHECK that still fails means that table and type differ.
    return new OrionError(
      'invalid_record',
      `the table of ${type} refused the record: ${failed.error.message}`,
      {
        issues: [{ path: field ?? '', message: failed.error.message }],
      },
    )
  }
  const value = failed.record.data[field]
  if (!failed.caller.mayRead(type)) {
    return new OrionError('unique_violation', `another ${type} already has that ${field}`, {
      field,
    })
  }
  const row = context.connection
    .prepare(`SELECT id FROM ${quoteName(recordTableName(type))} WHERE ${quoteName(field)} = ?`)
    .get([
      typeof value === 'boolean'
        ? Number(value)
        : typeof value === 'number'
          ? value
          : String(value),
    ])
  const existingId = row === undefined ? undefined : String(row.id)
  return new OrionError(
    'unique_violation',
    `another ${type} already has ${field} ${JSON.stringify(value)}${existingId === undefined ? '' : `: ${existingId}`}`,
    { field, ...(existingId === undefined ? {} : { existingId }) },
  )
}
