/** What is wrong with the definitions of fields, beyond the kinds of their members. */
import { isDeepStrictEqual } from 'node:util'
import type { Issue } from './errors.ts'
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { valueSchema } from './field-schema.ts'
import { anyType } from './references.ts'
import { storableProblem } from './storable-json.ts'
import { TextPattern } from './text-pattern.ts'
import { issuesOf } from './zod-issues.ts'

/** How many fields there are, those of nested objects included, and what is wrong with them. */
export interface CheckedFields {
  readonly count: number
  readonly issues: readonly Issue[]
}

/** Checks all fields of a type. */
export function fieldsProblems(fields: FieldDefinitions): CheckedFields {
  const issues: Issue[] = []
  const count = checkFields(fields, { path: 'fields', depth: 1, issues })
  return { count, issues }
}

/** Whether a field's value is kept as JSON, and so has no order and no place in an index. */
export function isNested(field: FieldDefinition): boolean {
  return field.kind === 'list' || field.kind === 'object' || field.kind === 'json'
}

const nestingMax = 8
const fieldNameForm = /^[a-z][A-Za-z0-9]{0,63}$/
const typeNameForm = /^[A-Z][A-Za-z0-9]{0,63}$/

/** Names that queries use for the envelope of a record, or that SQLite gives a meaning of its own. */
const reservedNames: ReadonlySet<string> = new Set(
  'id version createdat createdby updatedat updatedby lifecycle type token seq data rowid oid and or not'.split(
    ' ',
  ),
)

interface Place {
  readonly path: string
  readonly depth: number
  readonly issues: Issue[]
}

function checkFields(fields: FieldDefinitions, place: Place): number {
  const seen = new Map<string, string>()
  let count = 0
  for (const [name, field] of Object.entries(fields)) {
    const below = { ...place, path: `${place.path}.${name}` }
    const problem = nameProblem(name, place.depth, seen)
    seen.set(name.toLowerCase(), name)
    count++
    if (problem !== undefined) place.issues.push({ path: below.path, message: problem })
    else count += checkField(field, below)
  }
  return count
}

function nameProblem(
  name: string,
  depth: number,
  seen: ReadonlyMap<string, string>,
): string | undefined {
  if (!fieldNameForm.test(name)) {
    return 'expected a small letter, then at most 63 letters and digits'
  }
  const twin = seen.get(name.toLowerCase())
  if (twin !== undefined) return `differs from ${twin} only in the case of its letters`
  const reserved = depth === 1 && reservedNames.has(name.toLowerCase())
  // Every object has these already, so that an absent field would seem to be there.
  return reserved || name === 'prototype' || name in {} ? 'is a reserved name' : undefined
}

/** Checks one field; tells how many further fields are in it. */
function checkField(field: FieldDefinition, place: Place): number {
  const { path, issues, depth } = place
  if (depth > nestingMax) {
    issues.push({ path, message: `expected at most ${nestingMax} levels of nesting` })
    return 0
  }
  const before = issues.length
  for (const message of [...traitProblems(field, depth), ...kindProblems(field)]) {
    issues.push({ path, message })
  }
  let inside = 0
  if (field.kind === 'object') inside = checkFields(field.fields, { ...place, depth: depth + 1 })
  if (field.kind === 'list') {
    inside = checkField(field.items, { ...place, path: `${path}.items`, depth: depth + 1 })
  }
  // A default can be held against a sound definition only.
  if (issues.length === before) issues.push(...defaultProblems(field, path))
  return inside
}

function traitProblems(field: FieldDefinition, depth: number): string[] {
  const problems: string[] = []
  if (isNested(field) && (field.unique || field.indexed)) {
    problems.push(`a ${field.kind} can't be unique or indexed`)
  }
  if (depth > 1 && (field.unique || field.indexed || field.managed || field.immutable)) {
    problems.push('only a top-level field can be unique, indexed, immutable or managed')
  }
  if (field.searchable !== undefined && (depth > 1 || !isSearchable(field))) {
    problems.push('only a top-level text, enumeration, reference or list of them can be searchable')
  }
  if (field.optional && field.default !== undefined) {
    problems.push('a field with a default is never absent: leave out `optional`')
  }
  return problems
}

function isSearchable(field: FieldDefinition): boolean {
  const held = field.kind === 'list' ? field.items : field
  return held.kind === 'text' || held.kind === 'enumeration' || held.kind === 'reference'
}

function kindProblems(field: FieldDefinition): string[] {
  switch (field.kind) {
    case 'text':
      return [
        ...rangeProblems('minLength', field.minLength, field.maxLength),
        ...patternProblems(field.pattern),
      ]
    case 'integer':
    case 'number':
      return rangeProblems('minimum', field.minimum, field.maximum)
    case 'enumeration':
      return enumerationProblems(field.values)
    case 'reference':
      return field.to === anyType || typeNameForm.test(field.to)
        ? []
        : ['`to` is no name of a record type, nor `*` for any']
    default:
      return []
  }
}

function rangeProblems(name: string, least = -Infinity, most = Infinity): string[] {
  return least > most ? [`its ${name} of ${least} is more than the most of ${most}`] : []
}

function enumerationProblems(values: readonly string[]): string[] {
  const problems: string[] = []
  if (new Set(values).size !== values.length) problems.push('expected different values')
  if (!values.every((value) => value.isWellFormed() && !value.includes('\0'))) {
    problems.push('expected values of well-formed Unicode, without NUL')
  }
  return problems
}

const patternMaxLength = 256

function patternProblems(pattern: string | undefined): string[] {
  if (pattern === undefined) return []
  if (pattern.length > patternMaxLength) {
    return [`expected a pattern of at most ${patternMaxLength} characters`]
  }
  try {
    new TextPattern(pattern)
    return []
  } catch (error) {
    return [`its pattern can't be used: ${error instanceof Error ? error.message : error}`]
  }
}

function defaultProblems(field: FieldDefinition, path: string): Issue[] {
  if (field.default === undefined) return []
  const at = (issue: Issue): Issue => ({
    path: issue.path === '' ? `${path}.default` : `${path}.default.${issue.path}`,
    message: issue.message,
  })
  const unstorable = storableProblem(field.default)
  if (unstorable !== undefined) return [at(unstorable)]
  const parsed = valueSchema(field).safeParse(field.default)
  if (!parsed.success) return parsed.error.issues.flatMap(issuesOf).map(at)
  if (typeof field.default === 'string' && field.default.includes('\0')) {
    return [at({ path: '', message: 'expected a text without NUL' })]
  }
  if (isDeepStrictEqual(parsed.data, field.default)) return []
  const message = `expected it as it is stored: ${JSON.stringify(parsed.data)}`
  return [at({ path: '', message })]
}
