/**
 * Tells of one record whether it fits a filter and where it comes in an order. The daemon asks this for
 * events, the SDK for live queries; a test holds it against the SQL that answers lists.
 */
import { isJsonObject, type Json } from '../json.ts'
import type { Record } from '../model.ts'
import type { Comparison, Filter, Scalar } from './filter.ts'
import {
  compareSortKeys,
  compareSortValues,
  type Order,
  type SortKey,
  type SortValue,
} from './order.ts'
import type { Target } from './target.ts'

/** Tells whether a record fits. */
export type Predicate = (record: Record) => boolean

/** Prepares a filter for many records. */
export function filterPredicate(filter: Filter): Predicate {
  switch (filter.op) {
    case 'all': {
      const parts = filter.filters.map(filterPredicate)
      return (record) => parts.every((fits) => fits(record))
    }
    case 'any': {
      const parts = filter.filters.map(filterPredicate)
      return (record) => parts.some((fits) => fits(record))
    }
    case 'not': {
      const fits = filterPredicate(filter.filter)
      return (record) => !fits(record)
    }
    case 'isNull':
      return (record) => targetValue(filter.target, record) === null
    case 'in': {
      const values: ReadonlySet<Json> = new Set(filter.values)
      return (record) => values.has(targetValue(filter.target, record))
    }
    case 'compare':
      return (record) => compares(targetValue(filter.target, record), filter)
    case 'contains':
      return (record) => contains(targetValue(filter.target, record), filter.value)
    case 'startsWith':
      return textPredicate(filter, (text) => text.startsWith(filter.value))
    case 'endsWith':
      return textPredicate(filter, (text) => text.endsWith(filter.value))
  }
}

/** Compares two records as a list in this order would: negative when the left one comes first. */
export function recordComparator(order: Order): (left: Record, right: Record) => number {
  return (left, right) => compareSortKeys(order, sortKeyOf(order, left), sortKeyOf(order, right))
}

/** The values that a record is ordered by. */
export function sortKeyOf(order: Order, record: Record): SortKey {
  return order.map(({ target }) => sortValue(targetValue(target, record)))
}

/** The value at a target; null when it is missing. Members of lists are no values of their own. */
export function targetValue(target: Target, record: Record): Json {
  if (target.from === 'envelope') return record[target.field]
  return memberAt(memberAt(record.data, [target.field]), target.path)
}

/** The value that a path of names leads to; null when it leads nowhere. */
export function memberAt(value: Json, path: readonly string[]): Json {
  let found = value
  for (const name of path) {
    found = isJsonObject(found) && Object.hasOwn(found, name) ? (found[name] ?? null) : null
  }
  return found
}

/** Booleans are ordered as 0 and 1; lists and objects, which have no order, as if they were missing. */
export function sortValue(value: Json): SortValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

interface Bound {
  readonly comparison: Comparison
  readonly value: string | number
}

/** Only a text is less or more than a text, and only a number than a number. */
function compares(value: Json, { comparison, value: bound }: Bound): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false
  if (typeof value !== typeof bound) return false
  const compared = compareSortValues(value, bound)
  switch (comparison) {
    case 'gt':
      return compared > 0
    case 'gte':
      return compared >= 0
    case 'lt':
      return compared < 0
    case 'lte':
      return compared <= 0
  }
}

function contains(value: Json, wanted: Scalar): boolean {
  if (typeof value === 'string') return typeof wanted === 'string' && value.includes(wanted)
  return Array.isArray(value) && value.includes(wanted)
}

function textPredicate(
  filter: { readonly target: Target },
  holds: (text: string) => boolean,
): Predicate {
  return (record) => {
    const value = targetValue(filter.target, record)
    return typeof value === 'string' && holds(value)
  }
}
