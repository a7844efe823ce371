/** Checkers of values, built from the definitions of fields. */
import { z } from 'zod'
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { parseInstant } from './instant.ts'
import { isJsonObject, type Json, type JsonObject } from './json.ts'
import { idProblem } from './model.ts'
import { anyType, splitTarget } from './references.ts'
import { loneSurrogate, storableProblem } from './storable-json.ts'
import { TextPattern } from './text-pattern.ts'
import { issuesOf } from './zod-issues.ts'

/** Longest text of a field with a pattern, in code points, so that matching it takes a bounded time. */
export const patternTextMaxLength = 65_536

/** Told how many states of a pattern were looked at for each character; it may throw to end the check. */
export type SpendSteps = (steps: number) => void

/**
 * The checker of an object with these members; `unknown` tells what becomes of members that it does not have.
 *
 * @param spend - Told what the patterns of its texts cost.
 */
export function objectSchema(
  fields: FieldDefinitions,
  unknown: 'dropped' | 'refused',
  spend?: SpendSteps,
): z.ZodType {
  const shape = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, withPresence(field, spend)]),
  )
  return unknown === 'refused' ? z.strictObject(shape) : z.object(shape)
}

function withPresence(field: FieldDefinition, spend: SpendSteps | undefined): z.ZodType {
  const schema = valueSchema(field, spend)
  if (field.default !== undefined) {
    const value = field.default
    // It was checked with the type, so that it is not checked again for each record; each gets a copy of its own.
    return schema.default(() => copied(value))
  }
  return field.optional ? schema.optional() : schema
}

function copied(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  // The usual ones, at a fraction of the cost of a clone.
  if (Array.isArray(value) && value.length === 0) return []
  return structuredClone(value)
}

/** The checker of one value, whether or not it may be absent. */
export function valueSchema(field: FieldDefinition, spend?: SpendSteps): z.ZodType {
  switch (field.kind) {
    case 'text':
      return textSchema(field, spend)
    case 'integer':
    case 'number':
      return numberSchema(field)
    case 'boolean':
      return z.boolean()
    case 'instant':
      return instantSchema
    case 'enumeration':
      return z.enum([...field.values])
    case 'list':
      return listSchema(valueSchema(field.items, spend), field.maxItems)
    case 'object':
      return objectSchema(field.fields, 'refused', spend)
    case 'json':
      return freeObject
    case 'reference':
      return referenceSchema(field)
  }
}

const wellFormed = z.string().refine((text) => text.isWellFormed(), loneSurrogate)

/** Items that are checked at a time. */
const itemsAtOnce = 100

/** Gives up after the first stretch with problems: a long list of wrong items would take most of its time telling them. */
function listSchema(item: z.ZodType, maxItems: number | undefined): z.ZodType {
  const stretch = z.array(item)
  const outline = z.array(z.unknown())
  return (maxItems === undefined ? outline : outline.max(maxItems)).transform((items, context) => {
    const checked: unknown[] = []
    for (let from = 0; from < items.length; from += itemsAtOnce) {
      const parsed = stretch.safeParse(items.slice(from, from + itemsAtOnce))
      if (!parsed.success) {
        for (const issue of parsed.error.issues) {
          const place = [Number(issue.path[0]) + from, ...issue.path.slice(1)]
          for (const { path, message } of issuesOf({ ...issue, path: [] })) {
            const below = path === '' ? place : [...place, path]
            context.issues.push({ code: 'custom', message, path: below, input: items })
          }
        }
        return z.NEVER
      }
      for (const value of parsed.data) checked.push(value)
    }
    return checked
  })
}

function textSchema(
  field: Extract<FieldDefinition, { kind: 'text' }>,
  spend: SpendSteps | undefined,
): z.ZodType {
  const { pattern } = field
  const longest = textMaxLength(field)
  let schema: z.ZodString = wellFormed
  if (field.minLength !== undefined) schema = schema.min(field.minLength)
  if (longest !== undefined) schema = schema.max(longest)
  if (pattern === undefined) return schema
  const compiled = new TextPattern(pattern)
  // A text this long is refused already, and would only take time. A code point is at most two units.
  const fits = (text: string) =>
    text.length > 2 * patternTextMaxLength || compiled.matches(text, spend)
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

/** A weak reference may hold any text: it was a plain one before, or came from a store that did not look. */
function referenceSchema({ to, weak }: Extract<FieldDefinition, { kind: 'reference' }>): z.ZodType {
  if (weak) return wellFormed
  return to === anyType ? typedId : recordId
}

const typedId = z.string().check((context) => {
  const target = splitTarget(context.value)
  const message =
    target === undefined
      ? 'expected the type and the id of a record, as Type/id'
      : idProblem(target.id)
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value })
})

const recordId = z.string().check((context) => {
  const message = idProblem(context.value)
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value })
})
