/** Checks the data of records against their type, and tells the type as JSON Schema. */
import type { z } from 'zod'
import { didYouMean } from './did-you-mean.ts'
import type { Issue } from './errors.ts'
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { objectSchema, type SpendSteps, textMaxLength } from './field-schema.ts'
import { isJsonObject, type JsonObject, jsonKind } from './json.ts'
import type { RecordTypeDefinition } from './record-type.ts'
import { issuesOf } from './zod-issues.ts'

/** The data in its stored form (defaults filled in, instants canonical), or everything that is wrong with it. */
export type CheckedData =
  | { readonly outcome: 'valid'; readonly data: JsonObject }
  | { readonly outcome: 'invalid'; readonly issues: readonly Issue[] }

/** The checker of one record type; build it once and keep it. */
export class RecordSchema {
  readonly definition: RecordTypeDefinition
  readonly #schema: z.ZodType
  /** Of the check under way. */
  #spend: SpendSteps | undefined

  constructor(definition: RecordTypeDefinition) {
    this.definition = definition
    this.#schema = objectSchema(definition.fields, 'dropped', (steps) => this.#spend?.(steps))
  }

  /**
   * Checks a whole record's data. Unknown fields are problems, never ignored. Of many problems the first are told.
   *
   * @param spend - Told what the patterns of its texts cost; what it throws ends the check.
   */
  check(data: unknown, spend?: SpendSteps): CheckedData {
    if (!isJsonObject(data)) {
      return invalid([{ path: '', message: `expected an object, got ${jsonKind(data)}` }])
    }
    const unknown = unknownFields(data, this.definition.fields)
    this.#spend = spend
    const parsed = this.#schema.safeParse(data)
    if (parsed.success && isJsonObject(parsed.data)) {
      return unknown.length > 0 ? invalid(unknown) : { outcome: 'valid', data: parsed.data }
    }
    return invalid([...unknown, ...(parsed.error?.issues ?? []).flatMap(issuesOf)])
  }
}

/** Problems of members that the type does not have, with the name that was probably meant. */
export function unknownFields(data: JsonObject, fields: FieldDefinitions): Issue[] {
  const issues: Issue[] = []
  for (const name of Object.keys(data)) {
    if (Object.hasOwn(fields, name)) continue
    if (issues.length >= issuesMax) break
    const meant = issues.length < hintsMax ? didYouMean(name, Object.keys(fields)) : undefined
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    const shown = name.slice(0, nameMaxLength)
    issues.push({ path: shown, message: `there is no field ${JSON.stringify(shown)}${hint}` })
  }
  return issues
}

/** Most problems that are told at once, and most of them with what was probably meant. */
const issuesMax = 20
const hintsMax = 3
/** Longest part of a field's unknown name that is told, in characters. */
const nameMaxLength = 255

function invalid(issues: readonly Issue[]): CheckedData {
  return { outcome: 'invalid', issues: issues.slice(0, issuesMax) }
}

/** A record type's data as JSON Schema (2020-12). */
export function jsonSchemaOf(definition: RecordTypeDefinition): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: definition.name,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    ...objectJsonSchema(definition.fields),
  }
}

function objectJsonSchema(fields: FieldDefinitions): JsonObject {
  const required = Object.entries(fields)
    .filter(([, field]) => !field.optional && field.default === undefined)
    .map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, fieldJsonSchema(field)]),
    ),
    required,
    additionalProperties: false,
  }
}

function fieldJsonSchema(field: FieldDefinition): JsonObject {
  return {
    ...valueJsonSchema(field),
    ...(field.description === undefined ? {} : { description: field.description }),
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.managed ? { readOnly: true } : {}),
  }
}

function valueJsonSchema(field: FieldDefinition): JsonObject {
  switch (field.kind) {
    case 'text': {
      const maxLength = textMaxLength(field)
      const length = maxLength === undefined ? {} : { maxLength }
      return {
        type: 'string',
        ...pick(field, ['minLength']),
        ...length,
        ...pick(field, ['pattern']),
      }
    }
    case 'integer':
    case 'number':
      return { type: field.kind, ...pick(field, ['minimum', 'maximum']) }
    case 'boolean':
      return { type: 'boolean' }
    case 'instant':
      return { type: 'string', format: 'date-time' }
    case 'enumeration':
      return { type: 'string', enum: [...field.values] }
    case 'list':
      return { type: 'array', items: fieldJsonSchema(field.items), ...pick(field, ['maxItems']) }
    case 'object':
      return objectJsonSchema(field.fields)
    case 'json':
      return { type: 'object' }
    case 'reference':
      return {
        type: 'string',
        'x-orion-reference': field.to,
        ...(field.weak ? { 'x-orion-weak': true } : {}),
      }
  }
}

function pick<D extends FieldDefinition, K extends keyof D>(
  field: D,
  names: readonly K[],
): JsonObject {
  const picked: { [name: string]: string | number } = {}
  for (const name of names) {
    const value = field[name]
    if (typeof value === 'string' || typeof value === 'number') picked[String(name)] = value
  }
  return picked
}
