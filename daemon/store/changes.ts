/** What an update makes of a record's data: `set`, `unset` and operators, checked against the type. */
import { type Issue, OrionError } from '../../sdk/errors.ts'
import type { FieldDefinition, FieldDefinitions } from '../../sdk/field.ts'
import type { SpendSteps } from '../../sdk/field-schema.ts'
import { type Json, type JsonObject, jsonEqual } from '../../sdk/json.ts'
import type { ApplyOperator } from '../../sdk/protocol/records.ts'
import { type RecordSchema, unknownFields } from '../../sdk/record-schema.ts'

/** The changes that a caller asks for. */
export interface RequestedChanges {
  readonly set?: JsonObject | undefined
  readonly unset?: readonly string[] | undefined
  readonly apply?: readonly ApplyOperator[] | undefined
}

/** The data after the changes, in its stored form, and the fields that really differ. */
export interface AppliedChanges {
  readonly data: JsonObject
  readonly changedFields: readonly string[]
}

/**
 * Applies changes to the present data of a record.
 *
 * @throws OrionError `invalid_record` with every problem; `forbidden` for managed fields.
 */
export function applyChanges(
  schema: RecordSchema,
  present: JsonObject,
  changes: RequestedChanges,
  options: {
    readonly spend?: SpendSteps
    readonly mayManage?: boolean
    /** What was stored for these fields is unknown: whatever they get is a change. */
    readonly mended?: ReadonlySet<string>
  } = {},
): AppliedChanges {
  const fields = schema.definition.fields
  const touched = touchedFields(changes)
  if (!touched.every((name) => Object.hasOwn(fields, name))) {
    const named = Object.fromEntries(touched.map((name) => [name, null]))
    throw invalidRecord(schema.definition.name, unknownFields(named, fields))
  }
  if (!options.mayManage) refuseManaged(schema, touched)
  const data = checkData(schema, draftOf(fields, present, changes), options.spend)
  const isMended = (name: string): boolean => options.mended?.has(name) ?? false
  const changedFields = touched.filter(
    (name) => isMended(name) || !jsonEqual(data[name], present[name]),
  )
  const fixed = changedFields.filter((name) => fields[name]?.immutable && !isMended(name))
  if (fixed.length > 0) {
    throw invalidRecord(
      schema.definition.name,
      fixed.map((path) => ({
        path,
        message: 'is immutable: it is set at creation and never changes',
      })),
    )
  }
  return { data, changedFields: [...new Set(changedFields)] }
}

/**
 * The data after the changes, not yet held against its type.
 *
 * @throws OrionError `invalid_record` for an operator that its field does not have.
 */
export function draftOf(
  fields: FieldDefinitions,
  present: JsonObject,
  { set, unset = [], apply = [] }: RequestedChanges,
): JsonObject {
  const draft: { [field: string]: Json } = { ...present, ...set }
  for (const name of unset) delete draft[name]
  for (const operator of apply) {
    draft[operator.field] = applyOperator(draft[operator.field], operator, fields[operator.field])
  }
  return draft
}

function touchedFields(changes: RequestedChanges): string[] {
  return [
    ...Object.keys(changes.set ?? {}),
    ...(changes.unset ?? []),
    ...(changes.apply ?? []).map((operator) => operator.field),
  ]
}

/**
 * Checks data that creates a record, managed fields included: they start at their defaults.
 *
 * @throws OrionError `invalid_record`, `forbidden`.
 */
export function checkNewData(
  schema: RecordSchema,
  data: JsonObject,
  spend?: SpendSteps,
): JsonObject {
  refuseManaged(schema, Object.keys(data))
  return checkData(schema, data, spend)
}

/**
 * Checks data as a whole, without regard to who may set what.
 *
 * @throws OrionError `invalid_record`.
 */
export function checkData(schema: RecordSchema, data: JsonObject, spend?: SpendSteps): JsonObject {
  const checked = schema.check(data, spend)
  if (checked.outcome === 'invalid') throw invalidRecord(schema.definition.name, checked.issues)
  return checked.data
}

function refuseManaged(schema: RecordSchema, names: readonly string[]): void {
  const { name: type, fields } = schema.definition
  const managed = names.filter((name) => Object.hasOwn(fields, name) && fields[name]?.managed)
  if (managed.length === 0) return
  throw new OrionError('forbidden', `${managed.join(', ')} of ${type} can't be written directly`, {
    needs: 'the method that owns the field',
    remedy: `Leave out ${managed.join(', ')}: only the method that owns a managed field changes it.`,
  })
}

function invalidRecord(type: string, issues: readonly Issue[]): OrionError {
  const told = issues
    .slice(0, 5)
    .map((issue) => (issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`))
    .join('; ')
  return new OrionError('invalid_record', `the data does not fit ${type}: ${told}`, { issues })
}

function applyOperator(
  present: Json | undefined,
  operator: ApplyOperator,
  field: FieldDefinition | undefined,
): Json {
  const { op, value } = operator
  if (op === 'increment') {
    if (field?.kind !== 'integer' && field?.kind !== 'number') {
      throw operatorProblem(operator, 'increment needs a number field')
    }
    if (typeof value !== 'number') throw operatorProblem(operator, 'increment needs a number')
    return (typeof present === 'number' ? present : 0) + value
  }
  if (field?.kind !== 'list') throw operatorProblem(operator, `${op} needs a list field`)
  const items = Array.isArray(present) ? present : []
  switch (op) {
    case 'append':
      return [...items, value]
    case 'addToSet':
      return items.some((item) => jsonEqual(item, value)) ? items : [...items, value]
    case 'remove':
      return items.filter((item) => !jsonEqual(item, value))
  }
}

function operatorProblem(operator: ApplyOperator, message: string): OrionError {
  return new OrionError('invalid_record', `can't ${operator.op} ${operator.field}: ${message}`, {
    issues: [{ path: operator.field, message }],
  })
}
