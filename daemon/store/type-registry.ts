/** The record types of an open store: loading them, and defining or extending one. */
import { OrionError } from '../../sdk/errors.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { countFields, definitionProblems } from '../../sdk/record-type.ts'
import type { ReferencePlace } from '../../sdk/references.ts'
import { RecordTypeEntry } from './record-type-entry.ts'
import { danglingReferences, fillReferences, namelessValues } from './reference-table.ts'
import type { SqlCompiler } from './sql.ts'
import type { StoreContext } from './store-context.ts'
import { compareDefinitions, createTableStatements, type TypeChange } from './tables.ts'

/** What defining a type does, or would do. */
export interface DefineOutcome {
  readonly entry: RecordTypeEntry
  readonly changes: readonly TypeChange[]
}

/** Reads and changes the record types of a store; the changes run inside the caller's transaction. */
export class TypeRegistry {
  readonly #context: StoreContext
  readonly #compiler: SqlCompiler

  constructor(context: StoreContext, compiler: SqlCompiler) {
    this.#context = context
    this.#compiler = compiler
  }

  /** Fills the context's types from the file. */
  load(): void {
    const rows = this.#context.connection
      .prepare('SELECT name, schema_version, definition FROM record_types ORDER BY name')
      .all()
    for (const row of rows) {
      const definition: RecordTypeDefinition = JSON.parse(String(row.definition))
      this.adopt(new RecordTypeEntry(this.#compiler, definition, Number(row.schema_version)))
    }
    this.#fillReferences()
    this.#context.search.open([...this.#context.types.values()].map(({ definition }) => definition))
  }

  /** For types that declared references before the store knew who names whom. */
  #fillReferences(): void {
    const { connection, types } = this.#context
    for (const entry of types.values()) {
      if (entry.references.length === 0) continue
      connection.exec('BEGIN IMMEDIATE')
      fillReferences(connection, entry)
      connection.exec('COMMIT')
    }
  }

  /** Makes a type the one that reads and writes use; call it once its definition is on disk. */
  adopt(entry: RecordTypeEntry): void {
    this.#context.types.set(entry.definition.name, entry)
    // Records that were decoded lack the defaults of new fields.
    this.#context.cache.clear()
    this.#context.search.reload(entry.definition.name)
  }

  /**
   * Creates the table of a new type, or adds to that of a known one.
   *
   * @throws OrionError `invalid_request` for a bad definition, `migration_required` for any other change.
   */
  define(definition: RecordTypeDefinition): DefineOutcome {
    this.#check(definition)
    const stored = this.#stored(definition.name)
    if (stored === undefined) return this.#create(definition)
    const difference = compareDefinitions(stored.definition, definition)
    if (difference.kind === 'same') return { entry: stored, changes: [] }
    if (difference.kind === 'migration') {
      throw new OrionError(
        'migration_required',
        `${definition.name} can't be changed without a migration: ${difference.plan.join('; ')}`,
        {
          plan: difference.plan,
          remedy: 'Keep the stored fields as they are, or ship a migration.',
        },
      )
    }
    this.#assertBounded(difference.merged)
    for (const statement of difference.statements) this.#context.connection.exec(statement)
    this.#context.search.prepare(difference.merged, false)
    const outcome = this.#keep(difference.merged, stored.schemaVersion + 1, difference.changes)
    this.#checkReferences(stored, outcome.entry)
    return outcome
  }

  /**
   * What is checked from now on has to hold already.
   *
   * @throws OrionError `migration_required` naming records that are named and are not there.
   */
  #checkReferences(stored: RecordTypeEntry, entry: RecordTypeEntry): void {
    const { connection, types } = this.#context
    const { name: type } = entry.definition
    fillReferences(connection, entry)
    const wasChecked = new Set(checkedPlaces(stored).map(({ path }) => path))
    const places = checkedPlaces(entry).filter(({ path }) => !wasChecked.has(path))
    const plan = [
      ...namelessValues(connection, entry, places).map(
        ({ id, path, value }) => `${type} ${id}: ${path} ${JSON.stringify(value)} is no id`,
      ),
      ...places.flatMap(({ path }) =>
        danglingReferences(connection, { type, path, limit: 5 }, (name) => types.has(name)).map(
          ({ id, target }) =>
            `${type} ${id}: ${path} names ${target.type} ${target.id}, which is not there`,
        ),
      ),
    ]
    if (plan.length === 0) return
    throw new OrionError(
      'migration_required',
      `the references of ${type} can't be checked from now on: ${plan.join('; ')}`,
      { plan, remedy: 'Mend these records first, or declare the reference `weak`.' },
    )
  }

  /** What a type becomes is bounded too: many small additions make as large a type as one. */
  #assertBounded(definition: RecordTypeDefinition): void {
    this.#assertSize(definition)
    const { indexesMax } = this.#context.limits
    const { fields, indexes = [] } = definition
    const single = Object.values(fields).filter((field) => field.unique || field.indexed)
    assertAtMost({ what: 'indexes', limit: indexesMax, actual: single.length + indexes.length })
  }

  /** Before it is looked at closely, whatever it holds. */
  #assertSize(definition: RecordTypeDefinition): void {
    const { definitionMaxBytes, fieldsMax } = this.#context.limits
    const bytes = Buffer.byteLength(JSON.stringify(definition))
    assertAtMost({ what: 'bytes of JSON', limit: definitionMaxBytes, actual: bytes })
    assertAtMost({ what: 'fields', limit: fieldsMax, actual: countFields(definition.fields) })
  }

  #check(definition: RecordTypeDefinition): void {
    this.#assertSize(definition)
    const issues = definitionProblems(definition)
    if (issues.length === 0) {
      this.#assertBounded(definition)
      return
    }
    const told = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ')
    throw new OrionError('invalid_request', `the definition is wrong: ${told}`, { issues })
  }

  /** Tables ignore case, so a type that differs only in it would be the same table. */
  #stored(name: string): RecordTypeEntry | undefined {
    const stored = this.#context.types.get(name)
    if (stored !== undefined) return stored
    const twin = [...this.#context.types.keys()].find(
      (known) => known.toLowerCase() === name.toLowerCase(),
    )
    if (twin === undefined) return undefined
    throw new OrionError('invalid_request', `${name} differs from the type ${twin} only in case`, {
      didYouMean: twin,
    })
  }

  #create(definition: RecordTypeDefinition): DefineOutcome {
    const { recordTypesMax } = this.#context.limits
    if (this.#context.types.size >= recordTypesMax) {
      const message = `the store has ${recordTypesMax} record types already`
      throw new OrionError('too_large', message, {
        limit: recordTypesMax,
        actual: recordTypesMax + 1,
      })
    }
    for (const statement of createTableStatements(definition)) {
      this.#context.connection.exec(statement)
    }
    const outcome = this.#keep(definition, 1, [{ change: 'type added' }])
    fillReferences(this.#context.connection, outcome.entry)
    this.#context.search.prepare(definition, true)
    return outcome
  }

  #keep(
    definition: RecordTypeDefinition,
    schemaVersion: number,
    changes: readonly TypeChange[],
  ): DefineOutcome {
    this.#context.connection
      .prepare(
        'INSERT OR REPLACE INTO record_types (name, schema_version, definition) VALUES (?, ?, ?)',
      )
      .run([definition.name, schemaVersion, JSON.stringify(definition)])
    return { entry: new RecordTypeEntry(this.#compiler, definition, schemaVersion), changes }
  }
}

function checkedPlaces({ references }: RecordTypeEntry): ReferencePlace[] {
  return references.filter(({ weak }) => !weak)
}

function assertAtMost(bound: {
  readonly what: string
  readonly limit: number
  readonly actual: number
}): void {
  const { what, limit, actual } = bound
  if (actual <= limit) return
  const message = `expected a record type of at most ${limit} ${what}, got ${actual}`
  throw new OrionError('too_large', message, {
    limit,
    actual,
    remedy: 'split the type, or leave out what is not needed',
  })
}
