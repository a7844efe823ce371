/** Reads the `orderBy` of a request, and puts values in order. */
import { compareCodePoints, isJsonObject, jsonKind } from '../json.ts'
import type { RecordTypeDefinition } from '../record-type.ts'
import { invalidAt, resolveTarget, type Target, targetKind } from './target.ts'

/** Which end comes first. */
export type Direction = 'asc' | 'desc'

/** One thing that records are ordered by; later ones break the ties of earlier ones. */
export interface OrderTerm {
  readonly target: Target
  readonly direction: Direction
}

/** A total order of the records of one type: the last term is always the id. */
export type Order = readonly OrderTerm[]

/** A value as it is ordered; null, which stands for what is missing, comes before all others. */
export type SortValue = string | number | null

/** The sort values of one record, one for each term. */
export type SortKey = readonly SortValue[]

/** The order of a list that asks for none: newest first. */
const defaultOrder = [{ field: 'createdAt', direction: 'desc' }]

/**
 * Reads an order. Texts are ordered by code point, what is missing comes first when ascending and last when
 * descending, and ties are broken by id, ascending.
 *
 * @param orderBy - A list of `{field, direction?}`; undefined means newest first.
 * @throws OrionError `invalid_request` naming the place.
 */
export function parseOrder(definition: RecordTypeDefinition, orderBy: unknown): Order {
  const asked = orderBy ?? defaultOrder
  if (!Array.isArray(asked)) throw invalidAt('orderBy', `expected a list, got ${jsonKind(asked)}`)
  const terms = asked.map((term: unknown, index) => parseTerm(definition, term, `orderBy.${index}`))
  const names = terms.map((term) => term.target.name)
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (twice !== -1) throw invalidAt(`orderBy.${twice}.field`, `${names[twice]} is there already`)
  const id = resolveTarget(definition, { name: 'id', path: '' })
  return names.includes('id') ? terms : [...terms, { target: id, direction: 'asc' }]
}

function parseTerm(definition: RecordTypeDefinition, term: unknown, path: string): OrderTerm {
  if (!isJsonObject(term)) throw invalidAt(path, `expected an object, got ${jsonKind(term)}`)
  const { field, direction = 'asc' } = term
  if (typeof field !== 'string') {
    throw invalidAt(`${path}.field`, `expected the name of a field, got ${jsonKind(field)}`)
  }
  if (direction !== 'asc' && direction !== 'desc') {
    throw invalidAt(`${path}.direction`, 'expected asc or desc')
  }
  const target = resolveTarget(definition, { name: field, path: `${path}.field` })
  const kind = targetKind(target)
  if (kind === 'list' || kind === 'object' || kind === 'json') {
    throw invalidAt(`${path}.field`, `${field} is of kind ${kind}, which has no order`)
  }
  return { target, direction }
}

/** Compares two records by their sort keys: negative when the left one comes first. */
export function compareSortKeys(order: Order, left: SortKey, right: SortKey): number {
  for (const [index, { direction }] of order.entries()) {
    const compared = compareSortValues(left[index] ?? null, right[index] ?? null)
    if (compared !== 0) return direction === 'asc' ? compared : -compared
  }
  return 0
}

/** Compares two values: null, then numbers, then texts by code point, as SQLite does. */
export function compareSortValues(left: SortValue, right: SortValue): number {
  if (typeof left === 'string' && typeof right === 'string') return compareCodePoints(left, right)
  if (typeof left === 'number' && typeof right === 'number') return left - right
  return rank(left) - rank(right)
}

function rank(value: SortValue): number {
  if (value === null) return 0
  return typeof value === 'number' ? 1 : 2
}
