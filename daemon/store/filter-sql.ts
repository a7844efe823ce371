/**
 * A checked filter as a SQL condition that agrees with the evaluator to the letter.
 *
 * A condition may be null where the evaluator says false; `not` makes that up by `is not true`, and `where`
 * takes null for false. Values are always bound, so that the text depends on a filter's shape alone. Texts may
 * hold NUL, at which SQLite's `length` and `substr` stop, so they are compared whole or as bytes.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Comparison, Filter, Scalar } from '../../sdk/filter/filter.ts'
import { type Target, targetKind } from '../../sdk/filter/target.ts'
import { columnSql, itemsSql, jsonNumberSql, jsonTypeSql, valueSql } from './target-sql.ts'

/** A condition of SQL. */
export type Condition = RawBuilder<unknown>

/** The condition that a row fits a filter. */
export function filterSql(filter: Filter): Condition {
  switch (filter.op) {
    case 'all':
      return joined(filter.filters.map(filterSql), 'and')
    case 'any':
      return joined(filter.filters.map(filterSql), 'or')
    case 'not':
      return sql`(${filterSql(filter.filter)}) is not true`
    case 'isNull':
      return sql`${valueSql(filter.target)} is null`
    case 'in':
      return amongSql(filter.target, filter.values)
    case 'compare': {
      const comparison = comparisons[filter.comparison]
      return byKind(
        filter.target,
        filter.value,
        (value) => sql`${value} ${comparison} ${filter.value}`,
      )
    }
    case 'contains':
      return containsSql(filter.target, filter.value)
    case 'startsWith':
      return byKind(filter.target, filter.value, (text) => startsWithSql(text, filter.value))
    case 'endsWith':
      return byKind(filter.target, filter.value, (text) => endsWithSql(text, filter.value))
  }
}

const comparisons: { readonly [C in Comparison]: RawBuilder<unknown> } = {
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
}

/**
 * Conditions with `and` or `or` between them, as a tree that branches evenly: SQLite bounds the depth of an
 * expression, and a plain chain is as deep as it is long.
 */
export function joined(conditions: readonly Condition[], word: 'and' | 'or'): Condition {
  const [only] = conditions
  if (only === undefined) return word === 'and' ? sql`true` : sql`false`
  if (conditions.length === 1) return only
  const middle = conditions.length >> 1
  const left = joined(conditions.slice(0, middle), word)
  const right = joined(conditions.slice(middle), word)
  return word === 'and' ? sql`(${left} and ${right})` : sql`(${left} or ${right})`
}

/** A condition on a value that, inside free JSON, must first be of the kind of what it is compared with. */
function byKind(
  target: Target,
  like: Scalar,
  holds: (value: RawBuilder<unknown>) => Condition,
): Condition {
  if (targetKind(target) !== 'any') return holds(valueSql(target))
  if (typeof like === 'boolean') return sql`${jsonTypeSql(target)} = ${sql.lit(String(like))}`
  if (typeof like === 'string') {
    return sql`(${jsonTypeSql(target)} = 'text' and ${holds(valueSql(target))})`
  }
  return sql`(${jsonTypeSql(target)} in ('integer', 'real') and ${holds(jsonNumberSql(target))})`
}

function amongSql(target: Target, values: readonly Scalar[]): Condition {
  const texts = values.filter((value) => typeof value === 'string')
  const numbers = values.filter((value) => typeof value === 'number')
  const booleans = new Set(values.filter((value) => typeof value === 'boolean'))
  return joined(
    [
      ...(texts.length === 0 ? [] : [equalsSql(target, texts)]),
      ...(numbers.length === 0 ? [] : [equalsSql(target, numbers)]),
      ...[...booleans].map((value) =>
        byKind(target, value, (bit) => sql`${bit} = ${Number(value)}`),
      ),
    ],
    'or',
  )
}

/** Many values travel as one JSON text, so that their number does not change the SQL. */
function equalsSql(target: Target, values: readonly string[] | readonly number[]): Condition {
  const [first = ''] = values
  return byKind(target, first, (value) => {
    if (values.length === 1) return sql`${value} = ${first}`
    const item = typeof first === 'number' ? sql`cast(item.value as real)` : sql`item.value`
    return sql`${value} in (select ${item} from json_each(${JSON.stringify(values)}) as item)`
  })
}

function containsSql(target: Target, wanted: Scalar): Condition {
  const kind = targetKind(target)
  if (kind === 'list') return holdsItemSql(target, wanted)
  const substring =
    typeof wanted === 'string'
      ? [byKind(target, wanted, (text) => sql`instr(${text}, ${wanted}) > 0`)]
      : []
  if (kind !== 'any') return joined(substring, 'or')
  const member = sql`(${jsonTypeSql(target)} = 'array' and ${holdsItemSql(target, wanted)})`
  return joined([...substring, member], 'or')
}

/** A text stands in the column as JSON writes it, or not at all: most rows are told without reading their JSON. */
function holdsItemSql(target: Target, wanted: Scalar): Condition {
  const held = sql`exists (select 1 from ${itemsSql(target)} where ${itemSql(wanted)})`
  if (typeof wanted !== 'string') return held
  return sql`(instr(${columnSql(target)}, ${JSON.stringify(wanted)}) > 0 and ${held})`
}

function itemSql(wanted: Scalar): Condition {
  if (typeof wanted === 'boolean') return sql`item.type = ${sql.lit(String(wanted))}`
  if (typeof wanted === 'string') return sql`item.type = 'text' and item.value = ${wanted}`
  return sql`item.type in ('integer', 'real') and cast(item.value as real) = ${wanted}`
}

/** A range, which an index can serve: the texts from the prefix up to the first that sorts after all of its kind. */
function startsWithSql(text: RawBuilder<unknown>, prefix: string): Condition {
  if (prefix === '') return sql`${text} is not null`
  const end = afterPrefix(prefix)
  return end === undefined
    ? sql`${text} >= ${prefix}`
    : sql`(${text} >= ${prefix} and ${text} < ${end})`
}

/** The least text after every text with this prefix; undefined when there is none. */
function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  const next = last === 0xd7ff ? 0xe000 : last + 1
  return String.fromCodePoint(...points, next)
}

function endsWithSql(text: RawBuilder<unknown>, suffix: string): Condition {
  if (suffix === '') return sql`${text} is not null`
  const bytes = Buffer.from(suffix)
  return sql`substr(cast(${text} as blob), ${-bytes.length}) = ${bytes}`
}
