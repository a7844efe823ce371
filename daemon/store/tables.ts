/** Record type -> table: columns with CHECKs, indexes, and the additive changes between two definitions. */

import type { FieldDefinition } from '../../sdk/field.ts'
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../sdk/json.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { referencePlaces, strengthOf } from '../../sdk/references.ts'
import { growType, joinFields } from '../../sdk/type-growth.ts'
import { recordTableName } from './sql.ts'

/** A name as SQL text. Names were checked by `definitionProblems`; quoting makes keywords harmless. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Where a table is made that is not the type's own yet, and what tells its indexes from those of another one. */
export interface TablePlace {
  readonly table: string
  readonly indexSuffix: string
}

/** The statements that create the table of a record type and its indexes. */
export function createTableStatements(
  definition: RecordTypeDefinition,
  place: TablePlace = { table: recordTableName(definition.name), indexSuffix: '' },
): string[] {
  const columns = Object.entries(definition.fields).map(([name, field]) => columnSql(name, field))
  const table = quoteName(place.table)
  const inOrder = quoteName(`${recordTableName(definition.name)}__created_at${place.indexSuffix}`)
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
    `CREATE INDEX ${inOrder} ON ${table} (${newestFirst})`,
    ...indexesOf(definition).map((index) => indexSql(definition, index, place)),
  ]
}

/** An index that a type needs beside those that every type has. */
export interface TypeIndex {
  readonly fields: readonly string[]
  readonly unique: boolean
}

/** The indexes of a type: those of single fields, then those over several. One that is declared twice is one. */
export function indexesOf({ fields, indexes = [] }: RecordTypeDefinition): TypeIndex[] {
  const single = Object.entries(fields).flatMap(([name, { unique, indexed }]) =>
    unique || indexed ? [{ fields: [name], unique: unique === true }] : [],
  )
  const named = new Map<string, TypeIndex>()
  for (const index of [...single, ...indexes.map((fields) => ({ fields, unique: false }))]) {
    const name = index.fields.join(',')
    if (!named.has(name)) named.set(name, index)
  }
  return [...named.values()]
}

/** One thing that a new definition adds. */
export interface TypeChange {
  readonly change:
    | 'type added'
    | 'field added'
    | 'index added'
    | 'reference added'
    | 'reference checked'
    | 'field widened'
    | 'description changed'
  readonly field?: string
}

/** A part of the text that made a table, and what it becomes: a CHECK that takes more, or none. */
export interface TextChange {
  readonly field: string
  readonly from: string
  readonly to: string
}

/** What it takes to get from one definition to another. */
export type TypeDifference =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'additive'
      readonly changes: readonly TypeChange[]
      readonly statements: readonly string[]
      readonly texts: readonly TextChange[]
    }
  | { readonly kind: 'migration'; readonly plan: readonly string[] }

/**
 * Compares the stored definition with a newer one. Fields that only the stored one has are kept: another
 * client may have added them. A new field must be optional or have a default, for the records that exist; one that is
 * there may only take more than before.
 */
export function compareDefinitions(
  stored: RecordTypeDefinition,
  wanted: RecordTypeDefinition,
): TypeDifference & { readonly merged: RecordTypeDefinition } {
  const plan: string[] = []
  const changes: TypeChange[] = []
  const added: string[] = []
  const texts: TextChange[] = []
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
      continue
    }
    const strength = isSame(before, field) ? undefined : strengthOf(before, field)
    if (strength !== undefined) {
      // Of two clients that say different things of the same texts, the one that says more is heard.
      if (strength === 'stronger') changes.push(strengthened(name, field))
      if (strength === 'same') changes.push({ change: 'description changed', field: name })
      continue
    }
    const grown = joinFields(before, field)
    if (grown === undefined || !covers(field, grown)) {
      plan.push(
        `field ${name} changes from ${JSON.stringify(asStored(before))} to ${JSON.stringify(asStored(field))}`,
      )
    } else if (!isSame(before, grown)) {
      if (!covers(before, grown)) changes.push({ change: 'field widened', field: name })
      const [from, to] = [columnSql(name, before), columnSql(name, grown)]
      if (from !== to) texts.push({ field: name, from, to })
    } else if (field.description !== undefined && before.description !== field.description) {
      changes.push({ change: 'description changed', field: name })
    }
  }
  const merged = growType(stored, wanted)
  if (plan.length > 0) return { kind: 'migration', plan, merged }
  const known = new Set(indexesOf(stored).map(indexKey))
  const newIndexes = indexesOf(merged).filter((index) => !known.has(indexKey(index)))
  for (const { fields } of newIndexes) {
    const [field = ''] = fields
    if (fields.length > 1 || !added.includes(field))
      changes.push({ change: 'index added', field: fields.join(',') })
  }
  if (stored.description !== merged.description) changes.push({ change: 'description changed' })
  if (changes.length === 0) return { kind: 'same', merged }
  const place = { table: recordTableName(stored.name), indexSuffix: '' }
  const statements = [
    ...added.map((name) => addColumnSql(merged, name)),
    ...newIndexes.map((index) => indexSql(merged, index, place)),
  ]
  return { kind: 'additive', changes, statements, texts, merged }
}

function strengthened(name: string, field: FieldDefinition): TypeChange {
  const isChecked = referencePlaces({ [name]: field }).some(({ weak }) => !weak)
  return { change: isChecked ? 'reference checked' : 'reference added', field: name }
}

/** Whether two definitions of one field mean the same. */
function isSame(left: FieldDefinition, right: FieldDefinition): boolean {
  return jsonEqual(asStored(left), asStored(right))
}

function indexKey({ fields, unique }: TypeIndex): string {
  return `${fields.join(',')} ${unique}`
}

/** Whether one field takes what the other takes; an index that one of them lacks is no matter. */
function covers(field: FieldDefinition, grown: FieldDefinition): boolean {
  const withIndex: FieldDefinition = grown.indexed ? { ...field, indexed: true } : field
  return jsonEqual(asStored(withIndex), asStored(grown))
}

/** A field without what does not concern the stored form. Members of nested fields are told without it too. */
function asStored(field: FieldDefinition): Json {
  return withoutDescriptions(JSON.parse(JSON.stringify(field)))
}

function withoutDescriptions(field: JsonObject): JsonObject {
  const { description: _, items, fields, values, ...rest } = field
  const inner = isJsonObject(fields)
    ? Object.entries(fields).map(([name, member]): [string, Json] => [
        name,
        isJsonObject(member) ? withoutDescriptions(member) : member,
      ])
    : undefined
  return {
    ...rest,
    // The order of values is no matter: whoever joins two lists of them puts the one before the other.
    ...(Array.isArray(values) ? { values: values.toSorted() } : {}),
    ...(isJsonObject(items) ? { items: withoutDescriptions(items) } : {}),
    ...(inner === undefined ? {} : { fields: Object.fromEntries(inner) }),
  }
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

/** The name of an index over these fields. */
export function indexName(table: string, fields: readonly string[]): string {
  return `${table}__${fields.join('_')}`
}

function indexSql(
  { name: type }: RecordTypeDefinition,
  { fields, unique }: TypeIndex,
  { table, indexSuffix }: TablePlace,
): string {
  const name = quoteName(`${indexName(recordTableName(type), fields)}${indexSuffix}`)
  const columns = fields.map((field) => (field === 'createdAt' ? newestFirst : quoteName(field)))
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${name} ON ${quoteName(table)} (${columns.join(', ')})`
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
