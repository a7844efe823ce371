import { isOrionError } from '../errors.ts'
import { compareLineages, lineageProblem } from '../lineage.ts'
import { DefineType, GetType, recordTypeDefinition } from '../protocol/types.ts'
import type { RecordType, RecordTypeDefinition } from '../record-type.ts'
import { growType, sameType } from '../type-growth.ts'
import type { Caller, CallOptions } from './caller.ts'
import { typedError } from './typed-errors.ts'

/**
 * Makes sure that the store knows the record types a program uses: defines a type it lacks, adds fields it lacks.
 *
 * Looks once for each type and epoch, with one `type/get`. Fields that both know take afterwards what either declares; where
 * they differ in more than that, they are left as the store has them.
 */
export class TypeDefiner {
  readonly #caller: Caller
  readonly #ensured = new Set<RecordTypeDefinition>()
  readonly #underWay = new Map<RecordTypeDefinition, Promise<void>>()
  #epoch: string | undefined

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** Undefined when the type is known to be there, so that the usual case costs no turn. */
  ensure({ definition }: RecordType, options: CallOptions): Promise<void> | undefined {
    if (this.#epoch !== this.#caller.epoch) {
      this.#ensured.clear()
      this.#epoch = this.#caller.epoch
    }
    return this.#ensured.has(definition) ? undefined : this.#ensure(definition, options)
  }

  async #ensure(definition: RecordTypeDefinition, options: CallOptions): Promise<void> {
    while (!this.#ensured.has(definition)) {
      const other = this.#underWay.get(definition)
      if (other === undefined) return await this.#ensureFirst(definition, options)
      await other.catch(() => {
        // Told to the one who asked first, whose signal or time it may have been: this one tries for itself.
      })
    }
  }

  async #ensureFirst(definition: RecordTypeDefinition, options: CallOptions): Promise<void> {
    const define = this.#define(definition, options)
    this.#underWay.set(definition, define)
    try {
      await define
      this.#ensured.add(definition)
    } finally {
      this.#underWay.delete(definition)
    }
  }

  async #define(definition: RecordTypeDefinition, options: CallOptions): Promise<void> {
    const stored = await this.#stored(definition.name, options)
    if (stored !== undefined) {
      const found = compareLineages(stored.migrations, definition.migrations)
      const problem = lineageProblem(definition.name, found)
      if (problem !== undefined && found.relation !== 'older') {
        const { message, plan, remedy } = problem
        throw typedError('migration_required', message, { data: { plan, remedy } })
      }
    }
    const wanted = stored === undefined ? definition : growType(stored, definition)
    if (stored !== undefined && sameType(stored, wanted)) return
    try {
      await this.#caller.call(DefineType, { definition: wanted }, options)
    } catch (error) {
      // Not ours to define: the request that needs the type says what is wrong with it.
      if (!isOrionError(error, 'forbidden')) throw error
    }
  }

  async #stored(type: string, options: CallOptions): Promise<RecordTypeDefinition | undefined> {
    try {
      return recordTypeDefinition.parse(await this.#caller.call(GetType, { type }, options))
    } catch (error) {
      // Who may not see a type may still be allowed to write it, or to define it.
      if (isOrionError(error, 'unknown_type') || isOrionError(error, 'forbidden')) return undefined
      throw error
    }
  }
}
