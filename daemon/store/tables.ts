/** Record type -> table: columns with CHECKs, indexes, and the additive changes between two definitions. */

import type { FieldDefinition } from '../../sdk/field.ts'
import { type Json, jsonEqual } from '../../sdk/json.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { referencePlaces, strengthOf } from '../../sdk/references.ts'
import { recordTableName } from './sql.ts'

/** A name as SQL text. Names were checked by `definitionProblems`; quoting makes keywords harmless. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The statements that create the table of a record type and its indexes. */
export function createTableStatements(definition: RecordTypeDefinition): string[] {
  const columns = Object.entries(definition.fields).map(([name, field]) => columnSql(name, field))
  const table = quoteName(recordTableName(definition.name))
  return [
    `CREATE TABLE ${table} (
       row_id INTEGER PRIMARY KEY NOT NULL,
       id TEXT NOT NULL UNIQUE,
       version INTEGER NOT NULL CHECK (version >= 1),
       created_at TEXT NOT NULL, created_by TEXT NOT NULL,
       updated_at TEXT NOT NULL, updated_by TEXT NOT NULL,
       lifecycle TEXT NOT NULL CHECK (lifecycle IN ('active', 'archived', 'deleted')),
       seq INTEGER NOT NULL${columns.map((column) => `,\n       ${column}`).join('')}
     )`,
    // Serves the default order of lists, so that a page costs the same whatever the number of records.
    `CREATE INDEX ${quoteName(`${recordTableName(definition.name)}__created_at`)} ON ${table} (${newestFirst})`,
    ...indexStatements(definition, Object.keys(definition.fields)),
  ]
}

/** One thing that a new definition adds. */
export interface TypeChange {
  readonly change:
    | 'type added'
    | 'field added'
    | 'index added'
    | 'reference added'
    | 'reference checked'
    | 'description changed'
  readonly field?: string
}

/** What it takes to get from one definition to another. */
export type TypeDifference =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'additive'
      readonly changes: readonly TypeChange[]
      readonly statements: readonly string[]
    }
  | { readonly kind: 'migration'; readonly plan: readonly string[] }

/**
 * Compares the stored definition with a newer one. Fields that only the stored one has are kept: another
 * client may have added them. A new field must be optional or have a default, for the records that exist.
 */
export function compareDefinitions(
  stored: RecordTypeDefinition,
  wanted: RecordTypeDefinition,
): TypeDifference & { readonly merged: RecordTypeDefinition } {
  const plan: string[] = []
  const changes: TypeChange[] = []
  const added: string[] = []
  const kept: { [name: string]: FieldDefinition } = {}
  for (const [name, field] of Object.entries(wanted.fields)) {
    const before = Object.hasOwn(stored.fields, name) ? stored.fields[name] : undefined
    if (before === undefined) {
      if (!field.optional && field.default === undefined) {
        plan.push(
          `field ${name} is new and required: give it a default, make it optional, or migrate`,
        )
      }
      added.push(name)
      changes.push({ change: 'field added', field: name })
    } else if (!jsonEqual(asStored(before), asStored(field))) {
      const strength = strengthOf(before, field)
      // Of two clients that say different things of the same texts, the one that says more is heard.
      if (strength === 'weaker') kept[name] = before
      if (strength === 'stronger') changes.push(strengthened(name, field))
      if (strength === 'same') changes.push({ change: 'description changed', field: name })
      if (strength !== undefined) continue
      plan.push(
        `field ${name} changes from ${JSON.stringify(asStored(before))} to ${JSON.stringify(asStored(field))}`,
      )
    } else if (before.description !== field.description) {
      changes.push({ change: 'description changed', field: name })
    }
  }
  const merged = merge(stored, { ...wanted, fields: { ...wanted.fields, ...kept } })
  if (plan.length > 0) return { kind: 'migration', plan, merged }
  const newIndexes = (wanted.indexes ?? []).filter((index) => !hasIndex(stored, index))
  for (const index of newIndexes) changes.push({ change: 'index added', field: index.join(',') })
  if (stored.description !== merged.description) changes.push({ change: 'description changed' })
  if (changes.length === 0) return { kind: 'same', merged }
  const statements = [
    ...added.map((name) => addColumnSql(merged, name)),
    ...indexStatements({ ...merged, indexes: newIndexes }, added),
  ]
  return { kind: 'additive', changes, statements, merged }
}

function strengthened(name: string, field: FieldDefinition): TypeChange {
  const isChecked = referencePlaces({ [name]: field }).some(({ weak }) => !weak)
  return { change: isChecked ? 'reference checked' : 'reference added', field: name }
}

function merge(stored: RecordTypeDefinition, wanted: RecordTypeDefinition): RecordTypeDefinition {
  const description = wanted.description ?? stored.description
  const indexes = [
    ...(stored.indexes ?? []),
    ...(wanted.indexes ?? []).filter((index) => !hasIndex(stored, index)),
  ]
  return {
    name: stored.name,
    ...(description === undefined ? {} : { description }),
    fields: { ...stored.fields, ...wanted.fields },
    ...(indexes.length === 0 ? {} : { indexes }),
  }
}

function hasIndex(definition: RecordTypeDefinition, index: readonly string[]): boolean {
  return (definition.indexes ?? []).some((known) => known.join(',') === index.join(','))
}

/** A field without what does not concern the stored form. */
function asStored(field: FieldDefinition): Json {
  const { description: _, ...rest } = JSON.parse(JSON.stringify(field))
  return rest
}

function addColumnSql(definition: RecordTypeDefinition, name: string): string {
  const field = definition.fields[name]
  if (field === undefined) throw new Error(`there is no field ${name}`)
  const table = quoteName(recordTableName(definition.name))
  const fallback = field.default === undefined ? '' : ` DEFAULT ${literal(field.default)}`
  return `ALTER TABLE ${table} ADD COLUMN ${columnSql(name, field)}${fallback}`
}

function literal(value: Json): string {
  if (typeof value === 'string') return quoteText(value)
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  return quoteText(JSON.stringify(value))
}

function indexStatements(definition: RecordTypeDefinition, fields: readonly string[]): string[] {
  const table = recordTableName(definition.name)
  const single = fields.flatMap((name) => {
    const field = definition.fields[name]
    if (!field?.unique && !field?.indexed) return []
    return [indexSql(table, [name], field.unique === true)]
  })
  return [...single, ...(definition.indexes ?? []).map((index) => indexSql(table, index, false))]
}

/** The name of an index over these fields. */
export function indexName(table: string, fields: readonly string[]): string {
  return `${table}__${fields.join('_')}`
}

function indexSql(table: string, fields: readonly string[], unique: boolean): string {
  const name = quoteName(indexName(table, fields))
  const columns = fields.map((field) => (field === 'createdAt' ? newestFirst : quoteName(field)))
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${name} ON ${quoteName(table)} (${columns.join(', ')})`
}

/** The default order of lists, so that an index which ends with it serves them without sorting. */
const newestFirst = 'created_at DESC, id'

function columnSql(name: string, field: FieldDefinition): string {
  const required = !field.optional
  const column = quoteName(name)
  const checks = checksOf(column, field)
  const check = checks.length === 0 ? '' : ` CHECK (${checks.join(' AND ')})`
  return `${column} ${affinityOf(field)}${required ? ' NOT NULL' : ''}${check}`
}

function affinityOf(field: FieldDefinition): string {
  switch (field.kind) {
    case 'integer':
    case 'boolean':
      return 'INTEGER'
    case 'number':
      return 'REAL'
    default:
      return 'TEXT'
  }
}

function checksOf(column: string, field: FieldDefinition): string[] {
  switch (field.kind) {
    case 'boolean':
      return [`${column} IN (0, 1)`]
    case 'integer':
      return [`typeof(${column}) IN ('integer', 'null')`, ...boundsOf(column, field)]
    case 'number':
      return boundsOf(column, field)
    case 'enumeration':
      return [`${column} IN (${field.values.map(quoteText).join(', ')})`]
    case 'instant':
      return [`length(${column}) = 27`]
    case 'list':
      return [`json_type(${column}) = 'array'`]
    case 'object':
    case 'json':
      return [`json_type(${column}) = 'object'`]
    case 'text':
    case 'reference':
      return []
  }
}

function boundsOf(
  column: string,
  field: { readonly minimum?: number; readonly maximum?: number },
): string[] {
  return [
    ...(field.minimum === undefined ? [] : [`${column} >= ${field.minimum}`]),
    ...(field.maximum === undefined ? [] : [`${column} <= ${field.maximum}`]),
  ]
}
