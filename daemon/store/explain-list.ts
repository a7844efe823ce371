/** How a list is answered: which indexes serve it, how many rows it looks at, and what would help. */
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { indexAdvice, type ListExplanation } from './index-advice.ts'
import { type ConditionPlace, conditionsOf, declaredIndexes } from './list-conditions.ts'
import { compileList, type ListQuery } from './query-sql.ts'
import type { StoreContext } from './store-context.ts'
import { indexName, quoteName } from './tables.ts'

/** One table or index that is gone through. */
export type LookUp = ListExplanation['lookUps'][number]

/**
 * Explains a list by SQLite's plan and by answering it, for one turn at most.
 *
 * @throws OrionError what `compileList` throws.
 */
export function explainList(context: StoreContext, query: ListQuery): ListExplanation {
  const { connection, limits } = context
  const { sql, values, order } = compileList(query)
  const steps = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values)
  const plan = drawn(
    steps.map(({ id, parent, detail }) => [Number(id), Number(parent), `${detail}`]),
  )
  const lookUps = plan.flatMap((line) => lookUpOf(line.trim(), query) ?? [])
  let answered = 0
  const complete = connection.runUntil(performance.now() + limits.turnMaxMs, () => {
    connection.prepare(sql).walk(values, () => {
      answered += 1
      return answered < query.limit
    })
  })
  const read = connection.rowsSeen
  const table = connection
    .prepare(`SELECT max(row_id) AS rows FROM ${quoteName(query.table)}`)
    .get()
  const rows = { read, answered, table: Number(table?.rows ?? 0) }
  const places = conditionsOf(query.definition, query.where)
  const sorted = sortedBy(plan)
  const conditions = places.map((place) => servedBy(place, lookUps, query.definition))
  const found = { definition: query.definition, places, order, sorted, rows, complete }
  return { lookUps, conditions, sorted, rows, complete, advice: indexAdvice(found), plan }
}

function sortedBy(plan: readonly string[]): ListExplanation['sorted'] {
  const sorting = plan.find((line) => line.includes('USE TEMP B-TREE FOR'))
  if (sorting === undefined) return 'index'
  return /FOR (LAST|RIGHT)/.test(sorting) ? 'ties' : 'memory'
}

/** The lines of a plan, each indented below the one that it is a part of. */
function drawn(
  steps: readonly (readonly [id: number, parent: number, detail: string])[],
): string[] {
  const depths = new Map<number, number>([[0, -1]])
  return steps.map(([id, parent, detail]) => {
    const depth = (depths.get(parent) ?? -1) + 1
    depths.set(id, depth)
    return `${'  '.repeat(depth)}${detail}`
  })
}

function lookUpOf(line: string, { definition, table }: ListQuery): LookUp | undefined {
  const [, verb, rest = ''] = /^(SEARCH|SCAN) (.*)$/.exec(line) ?? []
  if (verb === undefined || !rest.startsWith(table)) return undefined
  const [, name] = / USING (?:COVERING )?INDEX (\S+)/.exec(rest) ?? []
  const fields = name === undefined ? [] : (indexesOf(definition, table).get(name) ?? [])
  if (name === undefined) return { through: 'table', fields: [], entered: [] }
  const [, terms = ''] = /\((.*)\)$/.exec(rest) ?? []
  const entered = [...terms.matchAll(/(\w+)[=<>]/g)].flatMap(([, column]) => {
    const field = envelopeByColumn[column ?? ''] ?? column
    return field === undefined || !fields.includes(field) ? [] : [field]
  })
  return {
    through: fields[0] === 'id' ? 'key' : 'index',
    fields: [...fields],
    entered: [...new Set(entered)],
  }
}

const envelopeByColumn: { readonly [column: string]: string } = { created_at: 'createdAt' }

/** The fields of each index by its name, as `createTableStatements` names them. */
function indexesOf(
  definition: RecordTypeDefinition,
  table: string,
): Map<string, readonly string[]> {
  return new Map<string, readonly string[]>([
    [`sqlite_autoindex_${table}_1`, ['id']],
    [`${table}__created_at`, ['createdAt', 'id']],
    ...declaredIndexes(definition).map((fields): [string, readonly string[]] => [
      indexName(table, fields),
      fields.at(-1) === 'createdAt' ? [...fields, 'id'] : fields,
    ]),
  ])
}

function servedBy(
  { field, operator, obstacle }: ConditionPlace,
  lookUps: readonly LookUp[],
  definition: RecordTypeDefinition,
): ListExplanation['conditions'][number] {
  // An alternative is served when its own part of the plan enters an index.
  const isEntered = lookUps.some(({ entered }) => entered.includes(field))
  if (isEntered && (obstacle === undefined || obstacle.kind === 'alternative')) {
    return { field, operator, servedBy: 'index' }
  }
  if (obstacle !== undefined) return { field, operator, servedBy: 'rows', because: obstacle.text }
  const isIndexed = [...indexesOf(definition, '').values()].some(([first]) => first === field)
  const because = isIndexed ? `its index was not the one taken` : `${field} has no index`
  return { field, operator, servedBy: 'rows', because }
}
