/** Migrations: how a program declares one, what a peer may send as one, and what tells two apart. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Issue } from './errors.ts'
import type { Field, FieldDefinition } from './field.ts'
import { canonicalJson, type Json } from './json.ts'
import type {
  Conversion,
  Migration,
  MigrationMark,
  MigrationStep,
  UnfitRule,
  ValueSource,
} from './migration-step.ts'
import { issuesOf } from './zod-issues.ts'

/** Most steps of one migration, in one direction. */
export const stepsMax = 200
/** Most migrations that a record type has behind it. */
export const migrationsMax = 500

/** What a migration is declared with beside its name. */
export interface MigrationDeclaration {
  readonly description?: string
  readonly up: readonly MigrationStep[]
  readonly down?: readonly MigrationStep[]
}

/**
 * Declares a migration. Its record type lists it, behind those that came before.
 *
 * @param name - Small letters, digits and dashes: `summary-becomes-title`.
 * @throws TypeError naming every problem.
 */
export function defineMigration(name: string, declaration: MigrationDeclaration): Migration {
  const { description, up, down } = declaration
  const said = {
    name,
    ...(description === undefined ? {} : { description }),
    up,
    ...(down === undefined ? {} : { down }),
  }
  const problems = migrationProblems({ ...said, checksum: '' })
  if (problems.length > 0) {
    const told = problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
    throw new TypeError(`migration ${name}: ${told}`)
  }
  return { ...said, checksum: migrationChecksum(said) }
}

/** A step that gives a field another name. */
export function renameField(field: string, to: string): MigrationStep {
  return { step: 'renameField', field, to }
}

/** A step that removes a field with its values. */
export function removeField(field: string): MigrationStep {
  return { step: 'removeField', field }
}

/** A step that adds a field, and says what the records that are there get. */
export function addField(
  field: string,
  declared: Field<unknown>,
  more: { readonly from?: ValueSource; readonly unfit?: UnfitRule } = {},
): MigrationStep {
  return { step: 'addField', field, definition: declared.definition, ...more }
}

/** A step that gives a field another definition, and says what becomes of its values. */
export function changeField(
  field: string,
  declared: Field<unknown>,
  more: { readonly convert?: readonly Conversion[]; readonly unfit?: UnfitRule } = {},
): MigrationStep {
  return { step: 'changeField', field, definition: declared.definition, ...more }
}

/** A step that removes an index over several fields. */
export function removeIndex(...index: readonly string[]): MigrationStep {
  return { step: 'removeIndex', index }
}

/** A step that removes the record type with all of its records. */
export function removeType(): MigrationStep {
  return { step: 'removeType' }
}

/** What tells a migration from one that was changed after it was applied. Its description does not count. */
export function migrationChecksum({ name, up, down }: Omit<Migration, 'checksum'>): string {
  const said: Json = JSON.parse(JSON.stringify({ name, up, down: down ?? null }))
  return createHash('sha256').update(canonicalJson(said)).digest('hex').slice(0, 16)
}

/** How a migration is named in the definition of its type. */
export function markOf({ name, checksum }: Migration): MigrationMark {
  return { name, checksum }
}

/** Everything that is wrong with the outline of a migration, whatever it is. */
export function migrationProblems(migration: unknown): Issue[] {
  const parsed = migrationShape.safeParse(migration)
  return parsed.success ? [] : parsed.error.issues.flatMap(issuesOf)
}

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected 1 to 63 small letters, digits and dashes')
const field = z.string().min(1).max(64)
const json = z.custom<Json>((value) => value !== undefined, 'expected a value')
const named = [
  'text',
  'integer',
  'number',
  'boolean',
  'instant',
  'list',
  'first',
  'trim',
  'lowercase',
  'uppercase',
] as const
const conversion = z.union(
  [z.enum(named), z.strictObject({ map: z.record(z.string(), json) })],
  `expected one of ${named.join(', ')}, or a map`,
)
const conversions = z.array(conversion).min(1).max(16)
const separator = z.string().max(64)
const source = z.union(
  [
    z.strictObject({ value: json }),
    z.strictObject({ field, convert: conversions.optional() }),
    z.strictObject({ join: z.array(field).min(1).max(16), separator }),
    z.strictObject({
      split: field,
      separator: separator.min(1),
      part: z.int().min(-1000).max(1000),
      rest: z.literal(true).optional(),
    }),
  ],
  'expected where the value comes from: value, field, join or split',
)
const unfit = z.union(
  [z.enum(['refuse', 'unset', 'fit']), z.strictObject({ value: json })],
  'expected refuse, unset, fit or a value',
)
// Whether it is sound is seen when the step has been applied, with the whole type.
const definition = z.custom<FieldDefinition>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value,
  'expected the definition of a field',
)
const step = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('renameField'), field, to: field }),
  z.strictObject({ step: z.literal('removeField'), field }),
  z.strictObject({
    step: z.literal('addField'),
    field,
    definition,
    from: source.optional(),
    unfit: unfit.optional(),
  }),
  z.strictObject({
    step: z.literal('changeField'),
    field,
    definition,
    convert: conversions.optional(),
    unfit: unfit.optional(),
  }),
  z.strictObject({ step: z.literal('removeIndex'), index: z.array(field).min(1) }),
  z.strictObject({ step: z.literal('removeType') }),
])
const steps = z.array(step).min(1).max(stepsMax)

const outline = z.strictObject({
  name,
  checksum: z.string().max(64),
  description: z.string().max(4096).optional(),
  up: steps,
  down: steps.optional(),
})
/** A migration as it comes from a peer. Says what the outline above is of; it has every step, with the members of its type. */
export const migrationShape = outline as unknown as z.ZodType<Migration, Migration>
/** A migration's name and checksum, as the definition of a type lists them. */
export const markShape = z.strictObject({ name, checksum: z.string().max(64) })
