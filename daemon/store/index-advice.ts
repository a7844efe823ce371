/** What would make a list cheaper. */
import type { z } from 'zod'
import type { Order } from '../../sdk/filter/order.ts'
import { targetKind } from '../../sdk/filter/target.ts'
import type { ExplainRecords } from '../../sdk/protocol/explain.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { ConditionPlace } from './list-conditions.ts'

/** How a list is answered. */
export type ListExplanation = Omit<z.output<typeof ExplainRecords.result>, 'token'>

/** What is known of a list when advice is asked. */
export interface ExplainedList {
  readonly definition: RecordTypeDefinition
  readonly places: readonly ConditionPlace[]
  readonly order: Order
  readonly sorted: ListExplanation['sorted']
  readonly rows: ListExplanation['rows']
  readonly complete: boolean
}

/** Nothing when the list reads about as many rows as it answers. */
export function indexAdvice(list: ExplainedList): ListExplanation['advice'] {
  if (isCheap(list)) return []
  const index = indexFor(list)
  if (index.length > 0 && !isDeclared(list.definition, index)) {
    const told = index.map((field) => JSON.stringify(field)).join(', ')
    const text = `declare indexes: [[${told}]] in the record type: it is built by itself, and fewer rows are read`
    return [{ text, index: [...index] }]
  }
  const obstacles = list.places.flatMap(({ field, operator, obstacle }) =>
    obstacle === undefined ? [] : [`${field} ${operator}: ${obstacle.text}`],
  )
  const because = obstacles.length === 0 ? '' : ` (${[...new Set(obstacles)].join('; ')})`
  return [
    {
      text: `no further index can serve this${because}; ask for fewer records by another condition on a field with an index`,
    },
  ]
}

/** Rows that may be read for each one answered, and those that nobody notices. */
const rowsPerRecord = 4
const rowsUnnoticed = 500

function isCheap({ rows, complete }: ExplainedList): boolean {
  return complete && rows.read <= Math.max(rowsUnnoticed, rowsPerRecord * rows.answered)
}

/** Fields with single values first, then one range, or else what the list is ordered by. */
function indexFor({ definition, places, order }: ExplainedList): readonly string[] {
  const usable = places.filter(({ isField, obstacle }) => isField && obstacle === undefined)
  const equal = usable.filter(({ isEquality }) => isEquality).map(({ field }) => field)
  const range = usable.find(({ isEquality }) => !isEquality)?.field
  const [first] = order
  const ordered = first?.target.from === 'data' ? first.target : undefined
  const isOrderable = ordered?.path.length === 0 && targetKind(ordered) !== 'list'
  const last = range ?? (isOrderable ? ordered?.name : undefined)
  const fields = new Set([...equal, ...(last === undefined ? [] : [last])])
  const index = [...fields].filter((field) => Object.hasOwn(definition.fields, field))
  const isNewestFirst = first?.target.name === 'createdAt' && first.direction === 'desc'
  return isNewestFirst && range === undefined && index.length > 0 ? [...index, 'createdAt'] : index
}

function isDeclared(definition: RecordTypeDefinition, index: readonly string[]): boolean {
  const [only = '', ...more] = index
  const field = definition.fields[only]
  if (more.length === 0 && (field?.indexed || field?.unique)) return true
  return (definition.indexes ?? []).some((known) => index.every((name, at) => known[at] === name))
}
