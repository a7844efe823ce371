/** The single conditions of a filter, and what keeps an index from serving them. */
import type { Filter } from '../../sdk/filter/filter.ts'
import type { Order } from '../../sdk/filter/order.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import { type Target, targetKind } from '../../sdk/filter/target.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'

/** Why no index can serve a condition, whatever the type declares. */
export interface Obstacle {
  readonly kind: 'alternative' | 'other'
  readonly text: string
}

/** One condition, as it is asked for. */
export interface ConditionPlace {
  readonly field: string
  readonly operator: string
  /** Whether it asks for single values, which an index has all in one place. */
  readonly isEquality: boolean
  /** Whether it is a field of the data, so that a type can declare an index on it. */
  readonly isField: boolean
  readonly obstacle: Obstacle | undefined
}

/** The conditions of a filter, from left to right. */
export function conditionsOf(
  definition: RecordTypeDefinition,
  where: JsonObject | undefined,
): ConditionPlace[] {
  const found: ConditionPlace[] = []
  collect(parseFilter(definition, where), undefined, found)
  return found
}

/** The fields of each index that a type declares; those with unique and indexed fields first. */
export function declaredIndexes(definition: RecordTypeDefinition): (readonly string[])[] {
  const single = Object.entries(definition.fields)
    .filter(([, field]) => field.unique || field.indexed)
    .map(([name]) => [name])
  return [...single, ...(definition.indexes ?? [])]
}

/** The index that begins with the first field of an order. */
export function indexOfOrder(
  definition: RecordTypeDefinition,
  [first]: Order,
): readonly string[] | undefined {
  if (first === undefined || first.target.path.length > 0) return undefined
  if (first.target.name === 'createdAt') return ['created_at']
  return declaredIndexes(definition).find(([field]) => field === first.target.name)
}

/** Whether an index leads to what fits one of the conditions. */
export function isServed(definition: RecordTypeDefinition, where: JsonObject | undefined): boolean {
  const leading = new Set(declaredIndexes(definition).map(([field]) => field))
  return conditionsOf(definition, where).some(({ field, isField, obstacle }) => {
    if (obstacle !== undefined && obstacle.kind !== 'alternative') return false
    return isField ? leading.has(field) : field === 'id' || field === 'createdAt'
  })
}

const negated: Obstacle = {
  kind: 'other',
  text: 'what is not so may be anywhere: an index leads to what is so',
}
const alternative: Obstacle = {
  kind: 'alternative',
  text: 'it is one of several alternatives, of which each needs an index',
}

function collect(filter: Filter, outside: Obstacle | undefined, found: ConditionPlace[]): void {
  switch (filter.op) {
    case 'all':
      for (const part of filter.filters) collect(part, outside, found)
      return
    case 'any':
      for (const part of filter.filters) collect(part, outside ?? alternative, found)
      return
    case 'not':
      collect(filter.filter, negated, found)
      return
    default:
      found.push(placeOf(filter, outside))
  }
}

type Leaf = Exclude<Filter, { readonly op: 'all' | 'any' | 'not' }>

function placeOf(leaf: Leaf, outside: Obstacle | undefined): ConditionPlace {
  const { target } = leaf
  return {
    field: target.name,
    operator: operatorOf(leaf),
    isEquality: leaf.op === 'in' || leaf.op === 'isNull',
    isField: target.from === 'data',
    obstacle: obstacleOf(leaf.op, target) ?? outside,
  }
}

function operatorOf(leaf: Leaf): string {
  if (leaf.op === 'compare') return leaf.comparison
  return leaf.op === 'in' && leaf.values.length === 1 ? 'eq' : leaf.op
}

function obstacleOf(op: Leaf['op'], target: Target): Obstacle | undefined {
  if (target.path.length > 0) return other('a value inside of an object has no index')
  const kind = targetKind(target)
  if (kind === 'list') return other('an index knows nothing of what is in a list')
  if (kind === 'object' || kind === 'json') return other('an object has no index')
  if (op === 'contains')
    return other('an index leads to how a text begins, not to what it contains')
  if (op === 'endsWith') return other('an index leads to how a text begins, not to how it ends')
  return undefined
}

function other(text: string): Obstacle {
  return { kind: 'other', text }
}
