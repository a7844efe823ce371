/** The record types of an open store: loading them, and defining or extending one. */
import { OrionError } from '../../sdk/errors.ts'
import { compareLineages, type LineageProblem, lineageProblem } from '../../sdk/lineage.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { countFields, definitionProblems } from '../../sdk/record-type.ts'
import type { ReferencePlace } from '../../sdk/references.ts'
import { changeTableText } from './change-table-text.ts'
import { DataMigration } from './migrate-data.ts'
import { RecordTypeEntry } from './record-type-entry.ts'
import { danglingReferences, fillReferences, namelessValues } from './reference-table.ts'
import { recordTableName, type SqlCompiler } from './sql.ts'
import type { StoreContext } from './store-context.ts'
import { compareDefinitions, createTableStatements, type TypeChange } from './tables.ts'
import {
  keepTypeChange,
  readTypeChanges,
  retiredNames,
  retiredText,
  type TypeChangeRow,
} from './type-history.ts'

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
    const { connection, shapes, retiredTypes } = this.#context
    for (const { type, seq, detail, kind } of readTypeChanges(connection)) {
      const { steps } = detail
      if (steps !== undefined) shapes.add(type, { seq, migration: new DataMigration(steps) })
      if (kind === 'removed') retiredTypes.add(type)
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
    this.use(entry)
    this.#context.search.reload(entry.definition.name)
  }

  /** As `adopt`, inside the transaction that makes its table; `search.reload` follows when that is on disk. */
  use(entry: RecordTypeEntry): void {
    this.#context.types.set(entry.definition.name, entry)
    // Records that were decoded lack the defaults of new fields.
    this.#context.cache.clear()
  }

  /**
   * Creates the table of a new type, or adds to that of a known one.
   *
   * @throws OrionError `invalid_request` for a bad definition, `migration_required` for any other change.
   */
  define(definition: RecordTypeDefinition, author: TypeAuthor): DefineOutcome {
    this.#check(definition)
    const stored = this.#stored(definition.name)
    if (stored === undefined) return this.#create(definition, author)
    const found = compareLineages(stored.definition.migrations, definition.migrations)
    const problem = lineageProblem(definition.name, found)
    if (problem !== undefined && found.relation !== 'older') throw migrationRequired(problem)
    const schemaVersion = stored.schemaVersion + 1
    const { migrations } = stored.definition
    const difference = compareDefinitions(stored.definition, withLineage(definition, migrations))
    this.#refuseRetired(stored.definition, definition)
    if (difference.kind === 'same') return { entry: stored, changes: [] }
    if (difference.kind === 'migration') {
      throw migrationRequired(problem ?? planOf(definition.name, difference.plan))
    }
    const merged = withLineage(difference.merged, migrations)
    this.#assertBounded(merged)
    for (const statement of difference.statements) this.#context.connection.exec(statement)
    this.#context.search.prepare(merged, false)
    changeTableText(this.#context.connection, recordTableName(merged.name), difference.texts)
    const change = { author, kind: 'extended', changes: difference.changes } as const
    const outcome = this.#keep(merged, schemaVersion, change)
    this.checkReferences(stored, outcome.entry)
    return outcome
  }

  /**
   * What is checked from now on has to hold already.
   *
   * @throws OrionError `migration_required` naming records that are named and are not there.
   */
  checkReferences(stored: RecordTypeEntry, entry: RecordTypeEntry): void {
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

  /** A name that a migration took out of use comes back only by another migration. */
  #refuseRetired(stored: RecordTypeDefinition, wanted: RecordTypeDefinition): void {
    const retired = retiredNames(this.#context.connection, stored.name)
    const plan = Object.keys(wanted.fields).flatMap((field) => {
      const name = Object.hasOwn(stored.fields, field)
        ? undefined
        : retired.get(field.toLowerCase())
      return name === undefined ? [] : [retiredText(name)]
    })
    if (plan.length === 0) return
    throw migrationRequired({
      message: `this program's ${stored.name} is older than the store's: ${plan.join('; ')}`,
      plan,
      remedy: 'Update the program, or choose other names for what it adds.',
    })
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

  #create(definition: RecordTypeDefinition, author: TypeAuthor): DefineOutcome {
    const gone = retiredNames(this.#context.connection, definition.name).get('')
    if (gone !== undefined) {
      throw migrationRequired({
        message: `this program is older than the store: ${retiredText(gone)}`,
        plan: [retiredText(gone)],
        remedy: 'Update the program, or choose another name for its type.',
      })
    }
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
    const changes = [{ change: 'type added' }] as const
    const outcome = this.#keep(definition, 1, { author, kind: 'defined', changes })
    fillReferences(this.#context.connection, outcome.entry)
    this.#context.search.prepare(definition, true)
    return outcome
  }

  #keep(
    definition: RecordTypeDefinition,
    schemaVersion: number,
    change: {
      readonly author: TypeAuthor
      readonly kind: 'defined' | 'extended'
      readonly changes: readonly TypeChange[]
    },
  ): DefineOutcome {
    const { connection, log } = this.#context
    this.store(definition, schemaVersion)
    const { author, kind, changes } = change
    const told = changes.map(({ change, field }) => (field ? `${change}: ${field}` : change))
    const { name: type } = definition
    const seq = log.lastSeq
    keepTypeChange(connection, {
      type,
      schemaVersion,
      seq,
      ...author,
      kind,
      detail: { changes: told },
    })
    return { entry: this.entryOf(definition, schemaVersion), changes }
  }

  /** Writes a definition, inside the open transaction. */
  store(definition: RecordTypeDefinition, schemaVersion: number): void {
    this.#context.connection
      .prepare(
        'INSERT OR REPLACE INTO record_types (name, schema_version, definition) VALUES (?, ?, ?)',
      )
      .run([definition.name, schemaVersion, JSON.stringify(definition)])
  }

  /** What reads and writes use of a definition. */
  entryOf(definition: RecordTypeDefinition, schemaVersion: number): RecordTypeEntry {
    return new RecordTypeEntry(this.#compiler, definition, schemaVersion)
  }

  /**
   * Holds what a migration makes of a type against the rules of every definition.
   *
   * @throws OrionError `invalid_request`, `too_large`.
   */
  check(definition: RecordTypeDefinition): void {
    this.#check(definition)
  }
}

/** Who changes a type, and when. */
export type TypeAuthor = Pick<TypeChangeRow, 'actor' | 'at'>

function planOf(type: string, plan: readonly string[]): LineageProblem {
  return {
    message: `${type} can't be changed without a migration: ${plan.join('; ')}`,
    plan,
    remedy: 'Keep the stored fields as they are, or ship a migration.',
  }
}

/** The error for a declaration that the store can't follow by itself. */
export function migrationRequired({ message, plan, remedy }: LineageProblem): OrionError {
  return new OrionError('migration_required', message, { plan, remedy })
}

/** What an older program declares does not take the store's migrations back. */
function withLineage(
  { migrations: _, ...definition }: RecordTypeDefinition,
  migrations: RecordTypeDefinition['migrations'],
): RecordTypeDefinition {
  return { ...definition, ...(migrations === undefined ? {} : { migrations }) }
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
