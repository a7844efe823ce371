/** Where a target of a filter or an order lies in a record table, as SQL. */
import { type RawBuilder, sql } from 'kysely'
import { type EnvelopeName, type Target, targetKind } from '../../sdk/filter/target.ts'

const columnByMember: { readonly [N in EnvelopeName]: string } = {
  id: 'id',
  version: 'version',
  createdAt: 'created_at',
  createdBy: 'created_by',
  updatedAt: 'updated_at',
  updatedBy: 'updated_by',
}

/** The name of the column that holds a target, or the object that it is a part of. */
export function columnName(target: Target): string {
  return target.from === 'envelope' ? columnByMember[target.field] : target.field
}

/** The column that holds a target, or the object that it is a part of. */
export function columnSql(target: Target): RawBuilder<unknown> {
  return sql.id(columnName(target))
}

/**
 * A target of a known kind as a value to compare and to order by: null when it is missing, booleans 0 or 1.
 * Numbers in JSON are compared as doubles, which is what they were written from: SQLite would read
 * 4611686018427388000, the shortest text of 2^62, as another integer.
 */
export function valueSql(target: Target): RawBuilder<unknown> {
  if (target.path.length === 0) return columnSql(target)
  const extracted = whereJson(target, sql`json_extract(${columnSql(target)}, ${jsonPath(target)})`)
  return targetKind(target) === 'number' ? sql`cast(${extracted} as real)` : extracted
}

/** The JSON type of a target inside a JSON column; null when it is missing. */
export function jsonTypeSql(target: Target): RawBuilder<unknown> {
  return whereJson(target, sql`json_type(${columnSql(target)}, ${jsonPath(target)})`)
}

/**
 * Something that is made of the JSON in a target's column; null where the column holds none. A row that was damaged would
 * otherwise end the whole statement, and with it the page.
 */
export function whereJson(target: Target, made: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`case when json_valid(${columnSql(target)}) then ${made} end`
}

/** A number inside a JSON column; only right where `jsonTypeSql` tells that it is one. */
export function jsonNumberSql(target: Target): RawBuilder<unknown> {
  return sql`cast(${valueSql(target)} as real)`
}

/** The members of a list, as the rows of a table named `item` with `value` and `type`. */
export function itemsSql(target: Target): RawBuilder<unknown> {
  const column = whereJson(target, columnSql(target))
  if (target.path.length === 0) return sql`json_each(${column}) as item`
  return sql`json_each(${column}, ${jsonPath(target)}) as item`
}

/** The value that a target is ordered by; null where it has no order. */
export function sortSql(target: Target): RawBuilder<unknown> {
  if (targetKind(target) !== 'any') return valueSql(target)
  const value = valueSql(target)
  return sql`case ${jsonTypeSql(target)} when 'text' then ${value}
    when 'integer' then ${jsonNumberSql(target)} when 'real' then ${value}
    when 'true' then 1 when 'false' then 0 end`
}

/** The path of a target below its column. Names were checked to need no escaping inside the quotes. */
export function jsonPath(target: Target): string {
  return `$${target.path.map((member) => `."${member}"`).join('')}`
}
