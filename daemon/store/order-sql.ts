/** An order as SQL: how rows are sorted, and which of them come after a key. */
import { type RawBuilder, sql } from 'kysely'
import { OrionError } from '../../sdk/errors.ts'
import { memberAt, sortValue } from '../../sdk/filter/evaluate.ts'
import type { Order, OrderTerm, SortKey, SortValue } from '../../sdk/filter/order.ts'
import type { Json } from '../../sdk/json.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'
import type { Condition } from './filter-sql.ts'
import { columnName, sortSql } from './target-sql.ts'

/** The terms of `order by`. SQLite puts null first when ascending, as orders want it. */
export function orderSql(order: Order): RawBuilder<unknown> {
  const terms = order.map(({ target, direction }) =>
    direction === 'asc' ? sortSql(target) : sql`${sortSql(target)} desc`,
  )
  return sql.join(terms)
}

/** The sort key of a row that has the columns of its type. */
export function sortKeyOfRow(order: Order, row: SqlRow): SortKey {
  return order.map(({ target }) => {
    const value = row[columnName(target)] ?? null
    if (value instanceof Uint8Array) return `${bytesMark}${Buffer.from(value).toString('base64')}`
    if (target.path.length === 0) return value
    return sortValue(memberAt(parsedOrNull(value), target.path))
  })
}

/** Bytes come after every text; no text can begin so, and none is compared with them but here. */
const bytesMark = '\u{10ffff}\u{10ffff} bytes '

/**
 * Refuses to go on behind a row whose place can't be said in a cursor: bytes where a text should be, or an infinity. To go
 * on anywhere else would leave records out, or begin again for ever.
 *
 * @throws OrionError `invalid_request`
 */
export function assertPlace(order: Order, key: SortKey): void {
  for (const [index, value] of key.entries()) {
    const isOdd =
      typeof value === 'number' ? !Number.isFinite(value) : value?.startsWith(bytesMark) === true
    if (!isOdd) continue
    const name = order[index]?.target.name ?? ''
    const message = `a page can't end at a record whose ${name} does not fit its type`
    throw new OrionError('invalid_request', `orderBy.${index}: ${message}`, {
      issues: [{ path: `orderBy.${index}`, message }],
      remedy: `Order by something else, take another limit, or mend the record: \`orion doctor\` names it.`,
    })
  }
}

/** What can't be read has no place in an order: the statement sorts it so too. */
function parsedOrNull(value: SqlValue): Json {
  try {
    return JSON.parse(String(value))
  } catch {
    // The record comes back marked, with the reason.
    return null
  }
}

/**
 * The condition that a row comes after a key. The bound of the first term stands by itself in front, so that
 * an index on it is entered at the right place.
 */
export function afterSql(order: Order, key: SortKey): Condition {
  const places = order.map((term, index) => ({ term, value: key[index] ?? null }))
  const [first] = places
  if (first === undefined) return sql`false`
  return sql`(${notBeforeSql(first)} and ${afterPlacesSql(places)})`
}

/**
 * The same as two conditions, of which one or the other holds: equal in the first term and after the key in the others, or
 * beyond it in the first. Undefined where that is no gain, or not the order of columns alone.
 */
export function partsAfterSql(
  order: Order,
  key: SortKey,
): { readonly equal: Condition; readonly beyond: Condition } | undefined {
  const [term, ...others] = order
  const [value = null, ...rest] = key
  if (term === undefined || others.length === 0 || value === null) return undefined
  if (term.direction === 'desc' && term.target.nullable) return undefined
  if (order.some(({ target }) => target.path.length > 0)) return undefined
  const place = { term, value }
  return {
    equal: sql`(${equalSql(place)} and ${afterSql(others, rest)})`,
    beyond: beyondSql(place),
  }
}

/** Where a key stands in one term of an order. */
interface Place {
  readonly term: OrderTerm
  readonly value: SortValue
}

function afterPlacesSql([first, ...others]: readonly Place[]): Condition {
  if (first === undefined) return sql`false`
  if (others.length === 0) return beyondSql(first)
  return sql`(${beyondSql(first)} or (${equalSql(first)} and ${afterPlacesSql(others)}))`
}

function notBeforeSql({ term, value }: Place): Condition {
  const sorted = sortSql(term.target)
  if (term.direction === 'asc') return value === null ? sql`true` : sql`${sorted} >= ${value}`
  if (value === null) return sql`${sorted} is null`
  return orNull(term, sql`${sorted} <= ${value}`)
}

function beyondSql({ term, value }: Place): Condition {
  const sorted = sortSql(term.target)
  if (term.direction === 'asc') {
    return value === null ? sql`${sorted} is not null` : sql`${sorted} > ${value}`
  }
  return value === null ? sql`false` : orNull(term, sql`${sorted} < ${value}`)
}

/** Null comes last when descending. A field that is never missing is spared the question, for its index's sake. */
function orNull({ target }: OrderTerm, condition: Condition): Condition {
  return target.nullable ? sql`(${condition} or ${sortSql(target)} is null)` : condition
}

function equalSql({ term, value }: Place): Condition {
  const sorted = sortSql(term.target)
  return value === null ? sql`${sorted} is null` : sql`${sorted} = ${value}`
}
