/**
 * Lists and counts as SQL. The text of a statement depends on the shape of the request alone, never on its
 * values, so that the engine finds it among its prepared statements.
 */
import { type RawBuilder, sql } from 'kysely'
import { sortValue, targetValue } from '../../sdk/filter/evaluate.ts'
import { type Order, parseOrder, type SortKey } from '../../sdk/filter/order.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import { invalidAt, resolveTarget, type Target, targetKind } from '../../sdk/filter/target.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Lifecycle, Record } from '../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'
import { type Condition, filterSql, joined } from './filter-sql.ts'
import { indexOfOrder, isServed } from './list-conditions.ts'
import { afterSql, assertPlace, orderSql, partsAfterSql, sortKeyOfRow } from './order-sql.ts'
import { decodePageCursor, encodePageCursor, type ListIdentity } from './page-cursor.ts'
import { rawOf } from './quarantine.ts'
import { envelopeColumns } from './record-type-entry.ts'
import { createSqlCompiler } from './sql.ts'
import { indexName, quoteName } from './tables.ts'
import { columnSql, jsonPath, valueSql, whereJson } from './target-sql.ts'

/** What every query says about the records that it wants. */
export interface RecordQuery {
  readonly definition: RecordTypeDefinition
  /** The table that holds the records of the type. */
  readonly table: string
  readonly where?: JsonObject | undefined
  readonly lifecycle: readonly Lifecycle[]
  /** Only these rows; else all of them. Either for as long as `Connection.runUntil` lets it. */
  readonly rows?: RowRange | undefined
}

/** Rows that lie beside one another, as far as they did not change after a position. */
export interface RowRange {
  /** Exclusive. */
  readonly after: number
  /** Inclusive. */
  readonly upTo: number
  readonly seq: number
}

/** A page of records, in an order. */
export interface ListQuery extends RecordQuery {
  readonly orderBy?: readonly unknown[] | undefined
  /** The cursor of an earlier page; this one goes on after it. */
  readonly after?: string | undefined
  /** Most records of the page, from 1 up. */
  readonly limit: number
}

/** How many records there are, in all or by the values of a field. */
export interface CountQuery extends RecordQuery {
  readonly groupBy?: string | undefined
}

/** A statement with its values, bound in this order. */
export interface CompiledQuery {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/**
 * The rows are those of the page and one more when there is a further page. They have the columns of the
 * record's envelope, `seq`, and the type's own.
 */
export interface CompiledList extends CompiledQuery {
  readonly order: Order
  /** Where the list begins, behind which key; undefined at its very beginning. */
  readonly afterKey: SortKey | undefined
  keyOf(row: SqlRow): SortKey
  /** The cursor with which a list goes on after this key. */
  cursorAt(key: SortKey): string
}

/**
 * The rows have `count`, and `value` when they are grouped; of groups, the largest come first, those of one
 * size in the order of their values.
 */
export interface CompiledCount extends CompiledQuery {
  /** The value by which the statement groups this record; null when there are no groups. */
  valueOf(record: Record): SqlValue
  /** The value that the records of a group have in common; null when they have none. */
  groupValue(row: SqlRow): Json
}

/**
 * Compiles a list.
 *
 * @throws OrionError `invalid_request` naming what is wrong with the filter, the order or the cursor.
 * @throws OrionError `too_large`
 */
export function compileList(query: ListQuery): CompiledList {
  const { definition, where, lifecycle } = query
  const order = parseOrder(definition, query.orderBy)
  const identity: ListIdentity = { type: definition.name, where, order, lifecycle }
  const conditions = conditionsOf(query)
  const afterKey = query.after === undefined ? undefined : decodePageCursor(identity, query.after)
  const compiled = compile(
    sql`${rowsSql({ query, order, conditions, afterKey })}
      order by ${orderSql(order)} limit ${query.limit + 1}`,
  )
  return {
    ...compiled,
    order,
    afterKey,
    keyOf: (row) => sortKeyOfRow(order, row),
    cursorAt: (key) => {
      assertPlace(order, key)
      return encodePageCursor(identity, key)
    },
  }
}

/**
 * Compiles the look at some rows: of those whose row ids are in a JSON list, which is bound behind the values, the ones that
 * fit. They have `row_id` too.
 *
 * @throws OrionError `invalid_request` naming what is wrong with the filter.
 * @throws OrionError `too_large`
 */
export function compileRows(query: Omit<RecordQuery, 'rows'>): CompiledQuery {
  const conditions = fittingOf(query)
  return compile(
    sql`select "row_id", ${columnsOf(query.definition)} from ${sql.id(query.table)}
      where ${joined(conditions, 'and')} and "row_id" in (select "value" from json_each(${''}))`,
    1,
  )
}

/**
 * Compiles a count.
 *
 * @throws OrionError `invalid_request` naming what is wrong with the filter or the field.
 * @throws OrionError `too_large`
 */
export function compileCount(query: CountQuery): CompiledCount {
  const from = sql`from ${sql.id(query.table)} where ${joined(conditionsOf(query), 'and')}`
  if (query.groupBy === undefined) {
    const nothing = () => null
    const counted = compile(sql`select count(*) as "count" ${from}`)
    return { ...counted, valueOf: nothing, groupValue: nothing }
  }
  const target = groupTarget(query.definition, query.groupBy)
  return {
    ...compile(
      sql`select ${groupSql(target)} as "value", count(*) as "count" ${from}
        group by 1 order by 2 desc, 1`,
    ),
    valueOf: (record) => groupedBy(target, record),
    groupValue: (row) => groupValue(target, row.value ?? null),
  }
}

/** What the rows of a page are chosen by. */
interface Choice {
  readonly query: ListQuery
  readonly order: Order
  readonly conditions: readonly Condition[]
  readonly afterKey: SortKey | undefined
}

/**
 * The rows behind a key, or all of them. If no condition has an index of its own, the index of the order is taken. SQLite
 * by itself would rather read and sort the whole table, because an index does not break ties by id; but a page is a small
 * part of it. Then, too, those that are equal to the key in the first field are asked for apart from those behind it: each
 * part is entered where it begins, also in the middle of a thousand equal ones.
 */
function rowsSql({ query, order, conditions, afterKey }: Choice): RawBuilder<unknown> {
  const { definition, table, rows, where } = query
  const columns = columnsOf(definition)
  // Who reads in slices reads everything in any case.
  const index = rows === undefined ? indexOfOrder(definition, order) : undefined
  const isOrdered = index !== undefined && !isServed(definition, where)
  const from = isOrdered
    ? sql`${sql.id(table)} indexed by ${sql.id(indexName(table, index))}`
    : sql.id(table)
  const select = (...more: readonly Condition[]) =>
    sql`select ${columns} from ${from} where ${joined([...conditions, ...more], 'and')}`
  if (afterKey === undefined) return select()
  const parts = isOrdered ? partsAfterSql(order, afterKey) : undefined
  if (parts === undefined) return select(afterSql(order, afterKey))
  return sql`${select(parts.equal)} union all ${select(parts.beyond)}`
}

/** As text at once: a list has many columns, and a node of the compiler for each would be most of its work. */
function columnsOf(definition: RecordTypeDefinition): RawBuilder<unknown> {
  const names = [...envelopeColumns, ...Object.keys(definition.fields)]
  return sql.raw(names.map(quoteName).join(', '))
}

function conditionsOf(query: RecordQuery): RawBuilder<unknown>[] {
  return [boundSql(query), ...fittingOf(query)]
}

function fittingOf(query: Omit<RecordQuery, 'rows'>): RawBuilder<unknown>[] {
  const { definition, where, lifecycle } = query
  const conditions = [filterSql(parseFilter(definition, where))]
  const wanted = [...new Set(lifecycle)].sort()
  // Written out, so that an index of the active records alone can serve.
  const [only] = wanted
  if (wanted.length === 1) conditions.unshift(sql`"lifecycle" = ${sql.lit(only)}`)
  if (wanted.length === 2) {
    conditions.unshift(sql`"lifecycle" in (${sql.join(wanted.map((name) => sql.lit(name)))})`)
  }
  return conditions
}

function boundSql({ rows }: RecordQuery): RawBuilder<unknown> {
  if (rows === undefined) return sql`in_time("row_id")`
  const { after, upTo, seq } = rows
  return sql`in_time("row_id") and "row_id" > ${after} and "row_id" <= ${upTo} and "seq" <= ${seq}`
}

function groupTarget(definition: RecordTypeDefinition, groupBy: string): Target {
  const target = resolveTarget(definition, { name: groupBy, path: 'groupBy' })
  const kind = targetKind(target)
  if (kind === 'list' || kind === 'object' || kind === 'json') {
    throw invalidAt('groupBy', `${groupBy} is of kind ${kind}, which can't be grouped by`)
  }
  return target
}

/** Inside free JSON the group is the value's JSON text, which keeps `1`, `"1"` and `true` apart. */
function groupSql(target: Target): RawBuilder<unknown> {
  if (targetKind(target) !== 'any') return valueSql(target)
  return whereJson(target, sql`nullif(${columnSql(target)} -> ${jsonPath(target)}, 'null')`)
}

/** What `groupSql` gives of a record. */
function groupedBy(target: Target, record: Record): SqlValue {
  const value = targetValue(target, record)
  if (value === null) return null
  if (targetKind(target) === 'any') return JSON.stringify(value)
  return sortValue(value)
}

/** What does not fit the field is told as it is stored, as a group of its own. */
function groupValue(target: Target, value: SqlValue): Json {
  if (value === null) return null
  const kind = targetKind(target)
  if (kind === 'any') return JSON.parse(String(value))
  return kind === 'boolean' && (value === 0 || value === 1) ? value === 1 : rawOf(value)
}

const compiler = createSqlCompiler()

/** @param bound - How many of the last values are bound by whoever runs it. */
function compile(query: RawBuilder<unknown>, bound = 0): CompiledQuery {
  const compiled = query.compile(compiler)
  const values = compiled.parameters.map(asSqlValue)
  return { sql: compiled.sql, values: values.slice(0, values.length - bound) }
}

function asSqlValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`a ${typeof value} can't be bound`)
}
