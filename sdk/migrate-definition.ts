/** What the steps of migrations make of the definition of a record type. */
import { OrionError } from './errors.ts'
import type { FieldDefinition } from './field.ts'
import type { MigrationStep } from './migration-step.ts'
import { definitionProblems, type RecordTypeDefinition } from './record-type.ts'

/** A type after some steps. */
export interface MigratedDefinition {
  /** Undefined when a step removed the type. */
  readonly definition: RecordTypeDefinition | undefined
  /** Fields that are gone, with what each is called now; undefined for one that was removed. */
  readonly retired: ReadonlyMap<string, string | undefined>
  /** Fields whose values are new or other than before. */
  readonly touched: ReadonlySet<string>
  /** Whether values are lost that only a backup and the history still have. */
  readonly destroys: boolean
}

/**
 * Applies steps to a definition.
 *
 * @throws OrionError `invalid_request` naming the step that can't be applied, or what is wrong with what comes out.
 */
export function migrateDefinition(
  definition: RecordTypeDefinition,
  steps: readonly MigrationStep[],
): MigratedDefinition {
  const draft = new Draft(definition)
  for (const [position, step] of steps.entries()) {
    const problem = draft.apply(step)
    if (problem === undefined) continue
    const path = `${definition.name}, step ${position + 1} (${step.step})`
    throw new OrionError('invalid_request', `${path}: ${problem}`, {
      issues: [{ path, message: problem }],
      remedy: 'The steps of a migration start from what the store has: `orion types show TYPE`.',
    })
  }
  return draft.finish()
}

class Draft {
  readonly #before: RecordTypeDefinition
  readonly #fields: Map<string, FieldDefinition>
  #indexes: readonly (readonly string[])[]
  readonly #retired = new Map<string, string | undefined>()
  readonly #touched = new Set<string>()
  #isRemoved = false
  #destroys = false

  constructor(definition: RecordTypeDefinition) {
    this.#before = definition
    this.#fields = new Map(Object.entries(definition.fields))
    this.#indexes = definition.indexes ?? []
  }

  /** What is wrong with the step; undefined when it was applied. */
  apply(step: MigrationStep): string | undefined {
    if (this.#isRemoved) return 'the type is removed already'
    switch (step.step) {
      case 'renameField':
        return this.#absent(step.field) ?? this.#taken(step.to) ?? this.#rename(step)
      case 'removeField':
        return this.#absent(step.field) ?? this.#remove(step.field)
      case 'addField':
        return this.#taken(step.field) ?? this.#sources(step) ?? this.#set(step)
      case 'changeField':
        return this.#absent(step.field) ?? this.#set(step)
      case 'removeIndex':
        return this.#removeIndex(step.index)
      case 'removeType':
        this.#isRemoved = true
        this.#destroys = true
        return undefined
    }
  }

  /** @throws OrionError `invalid_request`. */
  finish(): MigratedDefinition {
    const [retired, touched, destroys] = [this.#retired, this.#touched, this.#destroys]
    if (this.#isRemoved) return { definition: undefined, retired, touched, destroys }
    const { indexes: _, ...rest } = this.#before
    const definition: RecordTypeDefinition = {
      ...rest,
      fields: Object.fromEntries(this.#fields),
      ...(this.#indexes.length === 0 ? {} : { indexes: this.#indexes }),
    }
    const issues = definitionProblems(definition)
    if (issues.length === 0) return { definition, retired, touched, destroys }
    const told = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
    const message = `what the migration makes of ${definition.name} is wrong: ${told}`
    throw new OrionError('invalid_request', message, { issues })
  }

  #absent(field: string): string | undefined {
    return this.#fields.has(field) ? undefined : `there is no field ${field}`
  }

  #taken(field: string): string | undefined {
    return this.#fields.has(field) ? `there is a field ${field} already` : undefined
  }

  #sources(step: Extract<MigrationStep, { step: 'addField' }>): string | undefined {
    const missing = sourceFields(step).find((field) => !this.#fields.has(field))
    return missing === undefined ? undefined : `its value comes from ${missing}, which is no field`
  }

  /** In place, so that the order of the fields stays. */
  #rename({ field, to }: { readonly field: string; readonly to: string }): undefined {
    const entries = [...this.#fields].map(([name, definition]): [string, FieldDefinition] => [
      name === field ? to : name,
      definition,
    ])
    this.#fields.clear()
    for (const [name, definition] of entries) this.#fields.set(name, definition)
    this.#indexes = this.#indexes.map((index) => index.map((name) => (name === field ? to : name)))
    if (this.#touched.delete(field)) this.#touched.add(to)
    for (const [old, now] of this.#retired) if (now === field) this.#retired.set(old, to)
    if (Object.hasOwn(this.#before.fields, field)) this.#retired.set(field, to)
    this.#retired.delete(to)
  }

  #remove(field: string): undefined {
    this.#fields.delete(field)
    this.#touched.delete(field)
    this.#indexes = this.#indexes.filter((index) => !index.includes(field))
    for (const [old, now] of this.#retired) if (now === field) this.#retired.set(old, undefined)
    if (Object.hasOwn(this.#before.fields, field)) this.#retired.set(field, undefined)
    this.#destroys = true
  }

  #set({ field, definition, unfit }: Extract<MigrationStep, { definition: unknown }>): undefined {
    this.#fields.set(field, definition)
    this.#touched.add(field)
    this.#retired.delete(field)
    if (unfit !== undefined && unfit !== 'refuse') this.#destroys = true
  }

  #removeIndex(index: readonly string[]): string | undefined {
    const key = index.join(',')
    const left = this.#indexes.filter((known) => known.join(',') !== key)
    if (left.length === this.#indexes.length) return `there is no index over ${key}`
    this.#indexes = left
    return undefined
  }
}

function sourceFields({ from }: Extract<MigrationStep, { step: 'addField' }>): readonly string[] {
  if (from === undefined || 'value' in from) return []
  if ('join' in from) return from.join
  return ['split' in from ? from.split : from.field]
}
