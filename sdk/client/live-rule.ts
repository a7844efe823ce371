import { filterPredicate, recordComparator } from '../filter/evaluate.ts'
import { parseOrder } from '../filter/order.ts'
import { parseFilter } from '../filter/parse-filter.ts'
import type { Event, Lifecycle, Record } from '../model.ts'
import { pageMax } from '../protocol/records.ts'
import type { RecordType } from '../record-type.ts'
import type { LiveQueryOptions } from './queries.ts'
import { typedError } from './typed-errors.ts'

/** Which records belong to a live query, and in which order: what `record/list` would say. */
export interface LiveRule {
  readonly fits: (record: Record) => boolean
  readonly compare: (left: Record, right: Record) => number
  readonly limit: number | undefined
}

/**
 * Reads what a live query asks for.
 *
 * @throws OrionError `invalid_request` naming the place.
 */
export function liveRule<T extends RecordType>(type: T, options: LiveQueryOptions<T>): LiveRule {
  const { where, orderBy, limit, lifecycle = ['active'] } = options
  const accepts = filterPredicate(parseFilter(type.definition, where))
  const wanted = new Set<Lifecycle>(lifecycle)
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= pageMax)) {
    const message = `limit: expected a whole number from 1 to ${pageMax}, got ${limit}`
    throw typedError('invalid_request', message, { data: {} })
  }
  return {
    fits: (record) => wanted.has(record.lifecycle) && accepts(record),
    compare: recordComparator(parseOrder(type.definition, orderBy)),
    limit,
  }
}

/** The record as an event leaves it, if it belongs to the query; also one of which nobody can tell, with its mark. */
export function recordAfter({ record }: Event, { fits }: LiveRule): Record | undefined {
  if (record === undefined) return undefined
  return record.quarantined !== undefined || fits(record) ? record : undefined
}
