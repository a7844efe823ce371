/** The definitions of fields as they come from a peer: which members they have, and of which kinds. */
import { z } from 'zod'
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { isJsonObject } from './json.ts'
import { issuesOf } from './zod-issues.ts'

/** Most values of an enumeration. */
export const enumerationValuesMax = 1000

const yes = z.literal(true, 'expected true, or nothing at all').optional()
const traits = {
  description: z.string().optional(),
  optional: yes,
  default: z.unknown().optional(),
  unique: yes,
  indexed: yes,
  searchable: z
    .union([z.literal(true), z.number().positive()], 'expected true, or a weight above 0')
    .optional(),
  immutable: yes,
  managed: yes,
}
const size = z.int().min(0).optional()
const bound = z.number().optional()

/** What a field may be. */
export const kinds = [
  'text',
  'integer',
  'number',
  'boolean',
  'instant',
  'enumeration',
  'list',
  'object',
  'json',
  'reference',
] as const satisfies readonly FieldDefinition['kind'][]

const fieldShape = z.lazy(() =>
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({
        ...traits,
        kind: z.literal('text'),
        minLength: size,
        maxLength: size,
        pattern: z.string().optional(),
      }),
      z.strictObject({
        ...traits,
        kind: z.enum(['integer', 'number']),
        minimum: bound,
        maximum: bound,
      }),
      z.strictObject({ ...traits, kind: z.enum(['boolean', 'instant', 'json']) }),
      z.strictObject({
        ...traits,
        kind: z.literal('enumeration'),
        values: z.array(z.string()).min(1).max(enumerationValuesMax),
      }),
      z.strictObject({
        ...traits,
        kind: z.literal('list'),
        items: fieldDefinition,
        maxItems: size,
      }),
      z.strictObject({ ...traits, kind: z.literal('object'), fields: fieldsShape }),
      z.strictObject({ ...traits, kind: z.literal('reference'), to: z.string(), weak: yes }),
    ],
    { error: `expected a field with one of the kinds ${kinds.join(', ')}` },
  ),
)

/** Says what the shape is of; the union above has every kind, with the members that its type has. */
const fieldDefinition = fieldShape as unknown as z.ZodType<FieldDefinition>

/**
 * Fields by name. What the members mean together is checked by `fieldsProblems`. Every own member is looked
 * at, one named `__proto__` too, which a record of zod's would leave out.
 */
export const fieldsShape: z.ZodType<FieldDefinitions> = z
  .custom<FieldDefinitions>(isJsonObject, { error: 'expected fields by name', abort: true })
  .check(({ value, issues }) => {
    for (const [name, field] of Object.entries(value)) {
      const problems = fieldDefinition.safeParse(field).error?.issues ?? []
      for (const { path, message } of problems.flatMap(issuesOf)) {
        const place = path === '' ? [name] : [name, path]
        issues.push({ code: 'custom', message, path: place, input: field })
      }
    }
  })
