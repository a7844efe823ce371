/** Record types: declared once, in TypeScript, with a schema that is also data. */

import { z } from 'zod'
import type { Issue } from './errors.ts'
import {
  type ChangesOf,
  type DataOf,
  definitionsOf,
  type FieldDefinitions,
  type Fields,
  type InputOf,
  withSelf,
} from './field.ts'
import { fieldsProblems, isNested } from './field-problems.ts'
import { fieldsShape } from './field-shape.ts'
import { isJsonObject } from './json.ts'
import { markOf, markShape, migrationsMax } from './migration.ts'
import type { Migration, MigrationMark } from './migration-step.ts'
import { issuesOf } from './zod-issues.ts'

/** A record type as JSON: what the daemon stores, checks drift against, and sends to clients. */
export interface RecordTypeDefinition {
  readonly name: string
  readonly description?: string
  readonly fields: FieldDefinitions
  /**
   * Further indexes, over several fields each, in this order. `createdAt` may come last: then what has certain values is
   * found newest first.
   */
  readonly indexes?: readonly (readonly string[])[]
  /** The migrations that its shape has behind it, oldest first; what says nothing of them goes with any. */
  readonly migrations?: readonly MigrationMark[]
}

/** A declared record type. `F` carries the static types of its data, `N` its name, which tells types apart. */
export interface RecordType<F extends Fields = Fields, N extends string = string> {
  readonly name: N
  readonly definition: RecordTypeDefinition
  /** The declared fields, for the compiler. */
  readonly fields: F
  /** All migrations of the type that ever were, oldest first. */
  readonly migrations?: readonly Migration[]
}

/** The data of a record of this type as it is read. */
export type RecordData<T extends RecordType> = DataOf<T['fields']>
/** The data that creates a record of this type. */
export type RecordInput<T extends RecordType> = InputOf<T['fields']>
/** The fields of this type that an update may set. */
export type RecordChanges<T extends RecordType> = ChangesOf<T['fields']>

/** What a declaration holds beside the name. */
export interface RecordTypeDeclaration<F extends Fields> {
  readonly description?: string
  readonly fields: F
  readonly indexes?: readonly (readonly (Extract<keyof F, string> | 'createdAt')[])[]
  /** All migrations of the type that ever were, oldest first; only ever add to the end. */
  readonly migrations?: readonly Migration[]
}

/**
 * Declares a record type.
 *
 * @throws TypeError naming every problem of the declaration.
 */
export function defineRecordType<F extends Fields, const N extends string = string>(
  name: N,
  declaration: RecordTypeDeclaration<F>,
): RecordType<F, N> {
  const definition: RecordTypeDefinition = {
    name,
    ...(declaration.description === undefined ? {} : { description: declaration.description }),
    fields: withSelf(definitionsOf(declaration.fields), name),
    ...(declaration.indexes === undefined ? {} : { indexes: declaration.indexes }),
    ...(declaration.migrations === undefined
      ? {}
      : { migrations: declaration.migrations.map(markOf) }),
  }
  const problems = definitionProblems(definition)
  if (problems.length > 0) {
    const told = problems.map((issue) => `${issue.path}: ${issue.message}`).join('; ')
    throw new TypeError(`record type ${name}: ${told}`)
  }
  const { fields, migrations } = declaration
  return { name, definition, fields, ...(migrations === undefined ? {} : { migrations }) }
}

/** Declares that a record type is no more: the last of its migrations removes it. */
export function removedRecordType(
  name: string,
  migrations: readonly Migration[],
): { readonly name: string; readonly migrations: readonly Migration[] } {
  const isRemoved = migrations.at(-1)?.up.some(({ step }) => step === 'removeType')
  if (isRemoved) return { name, migrations }
  throw new TypeError(`record type ${name}: expected its last migration to remove it`)
}

/** Most fields of a type, in all its nested objects together. */
export const fieldsMax = 200
const typeNameForm = /^[A-Z][A-Za-z0-9]{0,63}$/

/** Everything that is wrong with a definition, whatever it is; empty when it can be stored. */
export function definitionProblems(definition: unknown): Issue[] {
  // Before they are looked at, which takes time for each.
  if (isJsonObject(definition) && countFields(definition.fields) > fieldsMax)
    return [{ path: 'fields', message: tooManyFields }]
  const parsed = definitionShape.safeParse(definition)
  if (!parsed.success) return parsed.error.issues.flatMap(issuesOf)
  const { name, fields, indexes = [], migrations = [] } = parsed.data
  const issues: Issue[] = []
  if (!typeNameForm.test(name)) {
    issues.push({
      path: 'name',
      message: 'expected a capital letter, then at most 63 letters and digits',
    })
  }
  const checked = fieldsProblems(fields)
  issues.push(...checked.issues)
  if (checked.count === 0) issues.push({ path: 'fields', message: 'expected at least one field' })
  for (const [position, index] of indexes.entries()) {
    issues.push(...indexProblems(index, { fields, path: `indexes.${position}` }))
  }
  if (new Set(migrations.map((mark) => mark.name)).size !== migrations.length) {
    issues.push({ path: 'migrations', message: 'expected different names' })
  }
  return issues
}

const tooManyFields = `expected at most ${fieldsMax} fields, got more`

/** How many fields there are, those of nested objects included, in whatever came; it gives up beyond the bound. */
export function countFields(fields: unknown, before = 0): number {
  if (!isJsonObject(fields)) return before
  let count = before
  for (const name of Object.keys(fields)) {
    count++
    if (count > fieldsMax) break
    let field: unknown = fields[name]
    while (isJsonObject(field) && field.kind === 'list') field = field.items
    if (isJsonObject(field) && field.kind === 'object') count = countFields(field.fields, count)
  }
  return count
}

const definitionShape = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  fields: fieldsShape,
  indexes: z.array(z.array(z.string())).optional(),
  migrations: z.array(markShape).max(migrationsMax).optional(),
})

interface IndexPlace {
  readonly fields: FieldDefinitions
  readonly path: string
}

function indexProblems(index: readonly string[], { fields, path }: IndexPlace): Issue[] {
  const issues: Issue[] = []
  if (index.length === 0 || new Set(index).size !== index.length) {
    issues.push({ path, message: 'expected one or more different fields' })
  }
  for (const [position, name] of index.entries()) {
    if (name === 'createdAt' && position > 0 && position === index.length - 1) continue
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (name === 'createdAt') issues.push({ path, message: 'createdAt comes last, after a field' })
    else if (field === undefined) issues.push({ path, message: `there is no field ${name}` })
    else if (isNested(field)) issues.push({ path, message: `a ${field.kind} can't be indexed` })
  }
  return issues
}
