/** The filter of a subscription: which records fit, and how an event moved its record across the filter. */
import { isOrionError } from '../../sdk/errors.ts'
import { filterPredicate, type Predicate } from '../../sdk/filter/evaluate.ts'
import type { Filter } from '../../sdk/filter/filter.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import type { Event, Record } from '../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { PastRecords } from './past-records.ts'
import type { Match, RecordFilter } from './store-api.ts'

/**
 * Compiles a filter on the data of one record type, which a migration may change meanwhile. A filter that the type no
 * longer understands lets everything through from then on: its subscriber is told of the migration, and misses nothing.
 *
 * @throws OrionError `invalid_request` for a field or an operator that is not known, `too_large`.
 */
export function compileRecordFilter(
  definition: () => RecordTypeDefinition,
  where: unknown,
  past: PastRecords,
): RecordFilter {
  return new CompiledFilter(definition, where, past)
}

class CompiledFilter implements RecordFilter {
  readonly #definition: () => RecordTypeDefinition
  readonly #where: unknown
  readonly #past: PastRecords
  #compiledFor: RecordTypeDefinition
  #fits: Predicate
  /** The fields that decide; undefined when the envelope decides too, which every change changes. */
  #fields: ReadonlySet<string> | undefined

  constructor(definition: () => RecordTypeDefinition, where: unknown, past: PastRecords) {
    this.#definition = definition
    this.#where = where
    this.#past = past
    this.#compiledFor = definition()
    const filter = parseFilter(this.#compiledFor, where)
    this.#fits = filterPredicate(filter)
    this.#fields = decidingFields(filter)
  }

  fits(record: Record): boolean {
    this.#compileAnew()
    return this.#fits(record)
  }

  #compileAnew(): void {
    let definition: RecordTypeDefinition
    try {
      definition = this.#definition()
      if (definition.migrations === this.#compiledFor.migrations) return
      this.#compiledFor = definition
      const filter = parseFilter(definition, this.#where)
      this.#fits = filterPredicate(filter)
      this.#fields = decidingFields(filter)
    } catch (error) {
      if (!isOrionError(error)) throw error
      this.#fits = () => true
      this.#fields = undefined
    }
  }

  /**
   * Compares the record before `first` with the one after `last`. What can't be known, because a purge erased it,
   * counts as having fitted: then nobody keeps a record that is gone.
   */
  match(last: Event, first: Event): Match | undefined {
    const { record } = last
    // What is told of the type as a whole is for everybody who looks at some of it.
    if (last.type === undefined) return 'stayed'
    if (record === undefined) return 'left'
    // Of values that can't be read nobody knows whether they fit: their mark is for everybody who might miss them.
    const fits = record.quarantined !== undefined || this.fits(record)
    const fitted = this.#fitted({ last, first, fits })
    if (fits) return fitted === true ? 'stayed' : 'entered'
    return fitted === false ? undefined : 'left'
  }

  #fitted(change: {
    readonly last: Event
    readonly first: Event
    readonly fits: boolean
  }): boolean | 'unknown' {
    const { last, first, fits } = change
    if (first.previousVersion === undefined) return false
    if (last === first && this.#isUntouched(first.changedFields)) return fits
    const before: Record | undefined = this.#past.before(first)
    return before === undefined ? 'unknown' : this.fits(before)
  }

  #isUntouched(changedFields: Event['changedFields']): boolean {
    const fields = this.#fields
    return fields !== undefined && !(changedFields ?? []).some((name) => fields.has(name))
  }
}

function decidingFields(filter: Filter): ReadonlySet<string> | undefined {
  const fields = new Set<string>()
  return collectFields(filter, fields) ? fields : undefined
}

/** Collects the fields of the data that a filter looks at; false when it looks at the envelope too. */
function collectFields(filter: Filter, fields: Set<string>): boolean {
  switch (filter.op) {
    case 'all':
    case 'any':
      return filter.filters.every((part) => collectFields(part, fields))
    case 'not':
      return collectFields(filter.filter, fields)
    default: {
      const { target } = filter
      if (target.from === 'envelope') return /^(id|createdAt|createdBy)$/.test(target.field)
      fields.add(target.field)
      return true
    }
  }
}
