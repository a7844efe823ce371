/** What the steps of migrations make of the data of one record. */
import type { Issue } from '../../sdk/errors.ts'
import type { FieldDefinition } from '../../sdk/field.ts'
import { valueSchema } from '../../sdk/field-schema.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { MigrationStep, UnfitRule } from '../../sdk/migration-step.ts'
import { RecordSchema } from '../../sdk/record-schema.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { convertValue, sourceValue, Unconvertible } from './convert-value.ts'

/** The data of a record in its new form, or why there is none. */
export type MigratedData =
  | { readonly outcome: 'fits'; readonly data: JsonObject }
  | { readonly outcome: 'unfit'; readonly issues: readonly Issue[] }

/** The steps of one or several migrations, ready to be applied to many records. */
export class DataMigration {
  readonly #steps: readonly ((data: Draft, issues: Issue[]) => void)[]
  readonly #schema: RecordSchema | undefined

  /** @param definition - The type after the steps, to hold the data against. */
  constructor(steps: readonly MigrationStep[], definition?: RecordTypeDefinition) {
    this.#steps = steps.map(compileStep)
    this.#schema = definition === undefined ? undefined : new RecordSchema(definition)
  }

  /** Never throws on account of the data. */
  migrate(data: JsonObject): MigratedData {
    const draft: Draft = { ...data }
    const issues: Issue[] = []
    for (const step of this.#steps) step(draft, issues)
    if (issues.length > 0) return { outcome: 'unfit', issues }
    const checked = this.#schema?.check(draft)
    if (checked === undefined) return { outcome: 'fits', data: draft }
    if (checked.outcome === 'invalid') return { outcome: 'unfit', issues: checked.issues }
    return { outcome: 'fits', data: checked.data }
  }

  /** The data after the steps, whether or not it fits: a value that no step has an answer for stays as it was. */
  reshape(data: JsonObject): JsonObject {
    const draft: Draft = { ...data }
    for (const step of this.#steps) step(draft, [])
    return draft
  }
}

type Draft = { [field: string]: Json }

function compileStep(step: MigrationStep): (data: Draft, issues: Issue[]) => void {
  switch (step.step) {
    case 'renameField':
      return (data) => {
        const value = data[step.field]
        delete data[step.field]
        if (value !== undefined) data[step.to] = value
      }
    case 'removeField':
      return (data) => {
        delete data[step.field]
      }
    case 'addField': {
      const { from } = step
      return settle(step, (data) => (from === undefined ? undefined : sourceValue(from, data)))
    }
    case 'changeField': {
      const { convert = [] } = step
      return settle(step, ({ [step.field]: value }) =>
        value === undefined ? undefined : convertValue(value, convert),
      )
    }
    case 'removeIndex':
    case 'removeType':
      return () => {}
  }
}

/** Gives a field the value that comes out, if that fits, and what the rule says otherwise. */
function settle(
  step: Extract<MigrationStep, { definition: unknown }>,
  makeValue: (data: Draft) => Json | undefined,
): (data: Draft, issues: Issue[]) => void {
  const { field, definition, unfit = 'refuse' } = step
  const fit = fitter(definition, unfit)
  return (data, issues) => {
    const found = fit(() => makeValue(data))
    if (found.outcome === 'unfit') issues.push({ path: field, message: found.message })
    else if (found.value === undefined) delete data[field]
    else data[field] = found.value
  }
}

type Fitted =
  | { readonly outcome: 'fits'; readonly value: Json | undefined }
  | { readonly outcome: 'unfit'; readonly message: string }

function fitter(
  definition: FieldDefinition,
  rule: UnfitRule,
): (makeValue: () => Json | undefined) => Fitted {
  const check = checker(definition)
  const { optional, default: fallback } = definition
  return (makeValue) => {
    let value: Json | undefined
    let message: string | undefined
    try {
      value = makeValue() ?? undefined
      if (value === undefined && fallback !== undefined) value = structuredClone(fallback)
      const found = value === undefined ? absent(optional) : check(value)
      if (found.outcome === 'fits') return found
      message = found.message
    } catch (error) {
      if (!(error instanceof Unconvertible)) throw error
      message = error.message
    }
    if (rule === 'refuse') return { outcome: 'unfit', message }
    if (rule === 'unset') return fallback === undefined ? absent(optional) : check(fallback)
    if (rule !== 'fit') return check(rule.value)
    return value === undefined ? { outcome: 'unfit', message } : check(cut(value, definition))
  }
}

function absent(optional: true | undefined): Fitted {
  if (optional) return { outcome: 'fits', value: undefined }
  return { outcome: 'unfit', message: 'expected a value, got none' }
}

function checker(definition: FieldDefinition): (value: Json) => Fitted {
  const schema = valueSchema(definition)
  return (value) => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { outcome: 'fits', value: parsed.data as Json }
    const [first] = parsed.error.issues
    return { outcome: 'unfit', message: first?.message ?? 'does not fit' }
  }
}

/** Moves a number to the nearest bound; cuts a text or a list that is too long. */
function cut(value: Json, definition: FieldDefinition): Json {
  if (
    typeof value === 'number' &&
    (definition.kind === 'integer' || definition.kind === 'number')
  ) {
    const { minimum = -Infinity, maximum = Infinity } = definition
    return Math.min(Math.max(value, minimum), maximum)
  }
  if (typeof value === 'string' && definition.kind === 'text') {
    return [...value].slice(0, definition.maxLength).join('')
  }
  if (Array.isArray(value) && definition.kind === 'list') return value.slice(0, definition.maxItems)
  return value
}
