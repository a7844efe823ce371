/** Record types: declared once, in TypeScript, with a schema that is also data. */

import type { Issue } from './errors.ts'
import {
  type ChangesOf,
  type DataOf,
  definitionsOf,
  type FieldDefinition,
  type FieldDefinitions,
  type Fields,
  type InputOf,
} from './field.ts'

/** A record type as JSON: what the daemon stores, checks drift against, and sends to clients. */
export interface RecordTypeDefinition {
  readonly name: string
  readonly description?: string
  readonly fields: FieldDefinitions
  /** Further indexes, over several fields each, in this order. */
  readonly indexes?: readonly (readonly string[])[]
}

/** A declared record type. `F` carries the static types of its data. */
export interface RecordType<F extends Fields = Fields> {
  readonly name: string
  readonly definition: RecordTypeDefinition
  /** The declared fields, for the compiler. */
  readonly fields: F
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
  readonly indexes?: readonly (readonly Extract<keyof F, string>[])[]
}

/**
 * Declares a record type.
 *
 * @throws TypeError naming every problem of the declaration.
 */
export function defineRecordType<F extends Fields>(
  name: string,
  declaration: RecordTypeDeclaration<F>,
): RecordType<F> {
  const definition: RecordTypeDefinition = {
    name,
    ...(declaration.description === undefined ? {} : { description: declaration.description }),
    fields: definitionsOf(declaration.fields),
    ...(declaration.indexes === undefined ? {} : { indexes: declaration.indexes }),
  }
  const problems = definitionProblems(definition)
  if (problems.length > 0) {
    const told = problems.map((issue) => `${issue.path}: ${issue.message}`).join('; ')
    throw new TypeError(`record type ${name}: ${told}`)
  }
  return { name, definition, fields: declaration.fields }
}

/** Most fields of a type, in all its nested objects together. */
export const fieldsMax = 200
const nestingMax = 8
const typeNameForm = /^[A-Z][A-Za-z0-9]{0,63}$/
const fieldNameForm = /^[a-z][A-Za-z0-9]{0,63}$/

/** Names that queries use for the envelope of a record, or that SQLite gives a meaning of its own. */
const reservedNames: ReadonlySet<string> = new Set(
  'id version createdAt createdBy updatedAt updatedBy lifecycle type token seq data rowid oid and or not constructor prototype'.split(
    ' ',
  ),
)

/** Everything that is wrong with a definition; empty when it can be stored. */
export function definitionProblems(definition: RecordTypeDefinition): Issue[] {
  const issues: Issue[] = []
  if (!typeNameForm.test(definition.name)) {
    issues.push({
      path: 'name',
      message: 'expected a capital letter, then at most 63 letters and digits',
    })
  }
  const count = checkFields({ fields: definition.fields, path: 'fields', depth: 1, issues })
  if (count === 0) issues.push({ path: 'fields', message: 'expected at least one field' })
  if (count > fieldsMax) {
    issues.push({ path: 'fields', message: `expected at most ${fieldsMax} fields, got ${count}` })
  }
  checkIndexes(definition, issues)
  return issues
}

interface FieldsCheck {
  readonly fields: FieldDefinitions
  readonly path: string
  readonly depth: number
  readonly issues: Issue[]
}

function checkFields(check: FieldsCheck): number {
  const seen = new Map<string, string>()
  let count = 0
  for (const [name, field] of Object.entries(check.fields)) {
    const path = `${check.path}.${name}`
    const twin = seen.get(name.toLowerCase())
    if (twin !== undefined) {
      check.issues.push({ path, message: `differs from ${twin} only in the case of its letters` })
    }
    seen.set(name.toLowerCase(), name)
    if (!fieldNameForm.test(name)) {
      check.issues.push({
        path,
        message: 'expected a small letter, then at most 63 letters and digits',
      })
    }
    if (check.depth === 1 && reservedNames.has(name)) {
      check.issues.push({ path, message: 'is a reserved name' })
    }
    count += 1 + checkField(field, { ...check, path })
  }
  return count
}

function checkField(field: FieldDefinition, check: FieldsCheck): number {
  const { path, issues, depth } = check
  if (depth > nestingMax) {
    issues.push({ path, message: `expected at most ${nestingMax} levels of nesting` })
    return 0
  }
  const nested = field.kind === 'list' || field.kind === 'object' || field.kind === 'json'
  if (nested && (field.unique || field.indexed)) {
    issues.push({ path, message: `a ${field.kind} can't be unique or indexed` })
  }
  if (depth > 1 && (field.unique || field.indexed || field.managed || field.immutable)) {
    issues.push({
      path,
      message: 'only a top-level field can be unique, indexed, immutable or managed',
    })
  }
  if (field.optional && field.default !== undefined) {
    issues.push({ path, message: 'a field with a default is never absent: leave out `optional`' })
  }
  if (field.kind === 'enumeration' && new Set(field.values).size !== field.values.length) {
    issues.push({ path, message: 'expected different values' })
  }
  if (field.kind === 'text' && field.pattern !== undefined) checkPattern(field.pattern, check)
  if (field.kind === 'list')
    return checkField(field.items, { ...check, path: `${path}.items`, depth: depth + 1 })
  if (field.kind === 'object') {
    return checkFields({ ...check, fields: field.fields, depth: depth + 1 })
  }
  return 0
}

const patternMaxLength = 256
/** A repeated group that itself repeats, or a back reference: forms that can take exponential time. */
const riskyPattern = /\([^()]*[+*}][^()]*\)[+*{]|\\[1-9]|\(\?<?[=!]/
/** `\p{L}` is one character, not a repetition, though it has braces. */
const propertyEscape = /\\[pP]\{[^}]*\}/g

function checkPattern(pattern: string, { path, issues }: FieldsCheck): void {
  if (pattern.length > patternMaxLength) {
    issues.push({ path, message: `expected a pattern of at most ${patternMaxLength} characters` })
    return
  }
  try {
    new RegExp(pattern, 'u')
  } catch (error) {
    issues.push({ path, message: `expected a regular expression: ${String(error)}` })
  }
  if (riskyPattern.test(pattern.replace(propertyEscape, 'p'))) {
    issues.push({
      path,
      message: 'expected a pattern without nested repetition, look-around or back references',
    })
  }
}

function checkIndexes(definition: RecordTypeDefinition, issues: Issue[]): void {
  for (const [position, index] of (definition.indexes ?? []).entries()) {
    const path = `indexes.${position}`
    if (index.length === 0 || new Set(index).size !== index.length) {
      issues.push({ path, message: 'expected one or more different fields' })
    }
    for (const name of index) {
      if (!Object.hasOwn(definition.fields, name)) {
        issues.push({ path, message: `there is no field ${name}` })
      }
    }
  }
}
