/** The filter of a subscription: which records fit, and how an event moved its record across the filter. */
import { filterPredicate, type Predicate } from '../../sdk/filter/evaluate.ts'
import type { Filter } from '../../sdk/filter/filter.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import type { Event, Record } from '../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { PastRecords } from './past-records.ts'
import type { Match, RecordFilter } from './store-api.ts'

/**
 * Compiles a filter on the data of one record type.
 *
 * @throws OrionError `invalid_request` for a field or an operator that is not known, `too_large`.
 */
export function compileRecordFilter(
  definition: RecordTypeDefinition,
  where: unknown,
  past: PastRecords,
): RecordFilter {
  return new CompiledFilter(parseFilter(definition, where), past)
}

class CompiledFilter implements RecordFilter {
  readonly fits: Predicate
  readonly #past: PastRecords
  /** The fields that decide; undefined when the envelope decides too, which every change changes. */
  readonly #fields: ReadonlySet<string> | undefined

  constructor(filter: Filter, past: PastRecords) {
    this.fits = filterPredicate(filter)
    this.#past = past
    const fields = new Set<string>()
    this.#fields = collectFields(filter, fields) ? fields : undefined
  }

  /**
   * Compares the record before `first` with the one after `last`. What can't be known, because a purge erased it,
   * counts as having fitted: then nobody keeps a record that is gone.
   */
  match(last: Event, first: Event): Match | undefined {
    const { record } = last
    if (record === undefined) return 'left'
    const fits = this.fits(record)
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
