/** Checkers of values, built from the definitions of fields. */
import { z } from 'zod'
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { parseInstant } from './instant.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { idProblem } from './model.ts'
import { loneSurrogate, storableProblem } from './storable-json.ts'
import { TextPattern } from './text-pattern.ts'

/** Longest text of a field with a pattern, in code points, so that matching it takes a bounded time. */
export const patternTextMaxLength = 65_536

/** The checker of an object with these members; `unknown` tells what becomes of members that it does not have. */
export function objectSchema(fields: FieldDefinitions, unknown: 'dropped' | 'refused'): z.ZodType {
  const shape = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, withPresence(field)]),
  )
  return unknown === 'refused' ? z.strictObject(shape) : z.object(shape)
}

function withPresence(field: FieldDefinition): z.ZodType {
  const schema = valueSchema(field)
  if (field.default !== undefined) {
    const value = field.default
    return schema.prefault(() => structuredClone(value))
  }
  return field.optional ? schema.optional() : schema
}

/** The checker of one value, whether or not it may be absent. */
export function valueSchema(field: FieldDefinition): z.ZodType {
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
      const items = z.array(valueSchema(field.items))
      return field.maxItems === undefined ? items : items.max(field.maxItems)
    }
    case 'object':
      return objectSchema(field.fields, 'refused')
    case 'json':
      return freeObject
    case 'reference':
      return recordId
  }
}

const wellFormed = z.string().refine((text) => text.isWellFormed(), loneSurrogate)

function textSchema(field: Extract<FieldDefinition, { kind: 'text' }>): z.ZodType {
  const { pattern } = field
  const longest = textMaxLength(field)
  let schema: z.ZodString = wellFormed
  if (field.minLength !== undefined) schema = schema.min(field.minLength)
  if (longest !== undefined) schema = schema.max(longest)
  if (pattern === undefined) return schema
  const compiled = new TextPattern(pattern)
  // A text this long is refused already, and would only take time. A code point is at most two units.
  const fits = (text: string) => text.length > 2 * patternTextMaxLength || compiled.matches(text)
  return schema.refine(fits, `expected a text that matches ${pattern}`)
}

/** The longest text of a field, in code points; undefined when it is bounded by the record alone. */
export function textMaxLength({
  maxLength,
  pattern,
}: Extract<FieldDefinition, { kind: 'text' }>): number | undefined {
  if (pattern === undefined) return maxLength
  return Math.min(maxLength ?? patternTextMaxLength, patternTextMaxLength)
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

const freeObject = z
  .custom<JsonObject>(isJsonObject, { error: 'expected an object', abort: true })
  .check((context) => {
    const problem = storableProblem(context.value)
    if (problem === undefined) return
    const path = problem.path === '' ? [] : problem.path.split('.')
    context.issues.push({ code: 'custom', message: problem.message, path, input: context.value })
  })

const recordId = z.string().check((context) => {
  const message = idProblem(context.value)
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value })
})
