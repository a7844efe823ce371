/** The requests about record types. */
import { isOrionError } from '../../sdk/errors.ts'
import { jsonSchemaOf } from '../../sdk/record-schema.ts'
import { actorOf, daemonCaller } from './actor-of.ts'
import type { LeftTables } from './left-tables.ts'
import type { MigrationParts } from './migration-job.ts'
import type { Caller, StoreApi } from './store-api.ts'
import { readTypeChanges, shownTypeChange } from './type-history.ts'
import { TypeMigrations } from './type-migration.ts'

/** What the requests are served with. */
export interface TypeRequestParts extends MigrationParts {
  readonly left: LeftTables
  /** How many active records a type has. */
  readonly count: (type: string, caller: Caller) => Promise<number>
}

/** Defines, migrates and describes record types. */
export class TypeRequests {
  readonly #parts: TypeRequestParts
  readonly #migrations: TypeMigrations

  constructor(parts: TypeRequestParts) {
    this.#parts = parts
    this.#migrations = new TypeMigrations(parts)
  }

  /** Defines types in transactions of their own; reads and writes use them once they are on disk. */
  readonly define: StoreApi['defineType'] = async ({ definition, dryRun }, caller) => {
    const { context, queue, registry } = this.#parts
    const { entry, changes } = await queue.submit(
      {
        undo: dryRun ? 'always' : 'on-refusal',
        alone: true,
        ...(caller === daemonCaller ? {} : { waitMaxMs: context.limits.writeWaitMaxMs }),
        run: () => {
          const author = { actor: actorOf(caller), at: context.nextInstant() }
          const outcome = registry.define(definition, author)
          if (outcome.changes.length > 0 && !dryRun) this.#migrations.assertIdle(definition.name)
          return outcome
        },
        committed: (outcome) => {
          if (!dryRun && outcome.changes.length > 0) registry.adopt(outcome.entry)
        },
      },
      caller,
    )
    return {
      name: entry.definition.name,
      schemaVersion: entry.schemaVersion,
      changes: [...changes],
      changed: changes.length > 0,
    }
  }

  readonly migrate: StoreApi['migrateType'] = (params, caller, onProgress) =>
    this.#migrations.run(params, caller, onProgress)

  readonly history: StoreApi['typeHistory'] = async ({ type }) => {
    const { context } = this.#parts
    const rows = readTypeChanges(context.connection, type)
    if (rows.length === 0) context.type(type)
    return { changes: rows.toReversed().map((row) => shownTypeChange(row, context.tokenAt)) }
  }

  readonly list: StoreApi['listTypes'] = async ({ count, only }, caller) => {
    const { context, queue } = this.#parts
    const names = [...context.types.keys()].filter((name) => only?.has(name) ?? true)
    const types: Awaited<ReturnType<StoreApi['listTypes']>>['types'] = []
    for (const name of names.sort()) {
      const { definition, schemaVersion } = context.type(name)
      const { description } = definition
      types.push({
        name,
        schemaVersion,
        ...(description === undefined ? {} : { description }),
        ...(count ? { count: await this.#parts.count(name, caller) } : {}),
      })
    }
    await queue.onDisk(context.log.lastSeq)
    return { types }
  }

  get(name: string): ReturnType<StoreApi['getType']> {
    const { definition, schemaVersion } = this.#parts.context.type(name)
    const { description, fields, indexes, migrations } = definition
    return {
      name: definition.name,
      schemaVersion,
      ...(description === undefined ? {} : { description }),
      fields: JSON.parse(JSON.stringify(fields)),
      ...(indexes === undefined ? {} : { indexes: indexes.map((index) => [...index]) }),
      ...(migrations === undefined ? {} : { migrations: migrations.map((mark) => ({ ...mark })) }),
      jsonSchema: jsonSchemaOf(definition),
    }
  }

  /**
   * Defines the types that come with Orion, and begins to clear away what migrations have left. A type that has to be
   * migrated first is served as the store has it.
   */
  async begin(): Promise<void> {
    const { context, bundled, left, log } = this.#parts
    left.open()
    for (const definition of bundled) {
      const known = context.types.get(definition.name)
      if (JSON.stringify(known?.definition) === JSON.stringify(definition)) continue
      try {
        await this.define({ definition }, daemonCaller)
      } catch (error) {
        if (!isOrionError(error, 'migration_required')) throw error
        const { plan } = error.data
        log.warn('a record type of Orion’s own has to be migrated', { type: definition.name, plan })
      }
    }
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#migrations.close(), this.#parts.left.close()])
  }
}
