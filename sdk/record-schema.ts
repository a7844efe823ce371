/** Checks the data of records against their type, and tells the type as JSON Schema. */
import { z } from 'zod'
import { didYouMean } from './did-you-mean.ts'
import type { Issue } from './errors.ts'
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { parseInstant } from './instant.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import type { RecordTypeDefinition } from './record-type.ts'

/** The data in its stored form (defaults filled in, instants canonical), or everything that is wrong with it. */
export type CheckedData =
  | { readonly outcome: 'valid'; readonly data: JsonObject }
  | { readonly outcome: 'invalid'; readonly issues: readonly Issue[] }

/** The checker of one record type; build it once and keep it. */
export class RecordSchema {
  readonly definition: RecordTypeDefinition
  readonly #schema: z.ZodType

  constructor(definition: RecordTypeDefinition) {
    this.definition = definition
    this.#schema = objectSchema(definition.fields)
  }

  /** Checks a whole record's data. Unknown fields are problems, never ignored. */
  check(data: unknown): CheckedData {
    if (!isJsonObject(data)) {
      return invalid([{ path: '', message: `expected an object, got ${kindOf(data)}` }])
    }
    const unknown = unknownFields(data, this.definition.fields)
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
    const meant = didYouMean(name, Object.keys(fields))
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    issues.push({ path: name, message: `there is no field ${JSON.stringify(name)}${hint}` })
  }
  return issues
}

function invalid(issues: readonly Issue[]): CheckedData {
  return { outcome: 'invalid', issues }
}

function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: `there is no field ${JSON.stringify(key)}`,
    }))
  }
  return [{ path, message: issue.message }]
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

function objectSchema(fields: FieldDefinitions, strict = false): z.ZodType {
  const shape = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, withPresence(field)]),
  )
  return strict ? z.strictObject(shape) : z.object(shape)
}

function withPresence(field: FieldDefinition): z.ZodType {
  const schema = fieldSchema(field)
  if (field.default !== undefined) {
    const value = field.default
    return schema.prefault(() => structuredClone(value))
  }
  return field.optional ? schema.optional() : schema
}

function fieldSchema(field: FieldDefinition): z.ZodType {
  switch (field.kind) {
    case 'text':
      return textSchema(field)
    case 'integer':
    case 'number':
      return numberSchema(field)
    case 'boolean':
      return z.boolean()
    case 'instant':
      return instantSchema
    case 'enumeration':
      return z.enum([...field.values])
    case 'list': {
      const items = z.array(fieldSchema(field.items))
      return field.maxItems === undefined ? items : items.max(field.maxItems)
    }
    case 'object':
      return objectSchema(field.fields, true)
    case 'json':
      return z.custom<JsonObject>(isJsonObject, 'expected an object')
    case 'reference':
      return wellFormed.min(1).max(255)
  }
}

const wellFormed = z
  .string()
  .refine((text) => text.isWellFormed(), 'expected well-formed Unicode, got a lone surrogate')

function textSchema(field: Extract<FieldDefinition, { kind: 'text' }>): z.ZodType {
  let schema: z.ZodString = wellFormed
  if (field.minLength !== undefined) schema = schema.min(field.minLength)
  if (field.maxLength !== undefined) schema = schema.max(field.maxLength)
  if (field.pattern !== undefined) schema = schema.regex(new RegExp(field.pattern, 'u'))
  return schema
}

function numberSchema(field: Extract<FieldDefinition, { kind: 'integer' | 'number' }>): z.ZodType {
  let schema: z.ZodNumber = field.kind === 'integer' ? z.int() : z.number()
  if (field.minimum !== undefined) schema = schema.min(field.minimum)
  if (field.maximum !== undefined) schema = schema.max(field.maximum)
  return schema
}

const instantSchema = z.string().transform((text, context) => {
  const instant = parseInstant(text)
  if (instant !== undefined) return instant
  context.addIssue('expected an instant with a zone, such as 2026-11-22T09:30:12.482913Z')
  return z.NEVER
})

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
    case 'text':
      return { type: 'string', ...pick(field, ['minLength', 'maxLength', 'pattern']) }
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
      return { type: 'string', 'x-orion-reference': field.to }
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
