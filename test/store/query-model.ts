/**
 * What queries mean, written down a second time from the protocol's words alone: it knows neither the evaluator nor the SQL,
 * so that a mistake both of them share is seen here. Plain and slow.
 */
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Lifecycle, Record } from '../../sdk/model.ts'

/** What a query says, as it travels. */
export interface ModelQuery {
  readonly where?: JsonObject
  readonly orderBy?: readonly { readonly field: string; readonly direction?: string }[] | undefined
  readonly lifecycle: readonly Lifecycle[]
}

/** The records of a list, in its order. */
export function modelList(records: readonly Record[], query: ModelQuery): Record[] {
  const terms = query.orderBy ?? [{ field: 'createdAt', direction: 'desc' }]
  const order = [...terms, { field: 'id', direction: 'asc' }]
  const chosen = records.filter(
    (record) =>
      query.lifecycle.some((name) => name === record.lifecycle) && fits(record, query.where ?? {}),
  )
  return chosen.sort((left, right) => {
    for (const { field, direction } of order) {
      const compared = byOrder(valueAt(left, field), valueAt(right, field))
      if (compared !== 0) return direction === 'desc' ? -compared : compared
    }
    return 0
  })
}

/** How many records have each value of a field, by the value's JSON. */
export function modelGroups(records: readonly Record[], field: string): Map<string, number> {
  const groups = new Map<string, number>()
  for (const record of records) {
    const key = JSON.stringify(valueAt(record, field))
    groups.set(key, (groups.get(key) ?? 0) + 1)
  }
  return groups
}

function fits(record: Record, where: JsonObject): boolean {
  for (const [name, wanted] of Object.entries(where)) {
    if (name === 'and') {
      if (!listOf(wanted).every((part) => fits(record, objectOf(part)))) return false
    } else if (name === 'or') {
      if (!listOf(wanted).some((part) => fits(record, objectOf(part)))) return false
    } else if (name === 'not') {
      if (fits(record, objectOf(wanted))) return false
    } else if (!fieldFits(valueAt(record, name), wanted)) return false
  }
  return true
}

function fieldFits(value: Json, wanted: Json): boolean {
  const isOperators = typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)
  if (!isOperators) return value === wanted
  return Object.entries(wanted).every(([operator, operand]) => holds(value, operator, operand))
}

function holds(value: Json, operator: string, operand: Json): boolean {
  const isText = typeof value === 'string'
  const comparable = value !== null && typeof value === typeof operand && typeof value !== 'object'
  switch (operator) {
    case 'isNull':
      return (value === null) === operand
    case 'eq':
      return value === operand
    case 'ne':
      return value !== operand
    case 'in':
      return listOf(operand).some((one) => one === value)
    case 'notIn':
      return listOf(operand).every((one) => one !== value)
    case 'gt':
      return comparable && byOrder(value, operand) > 0
    case 'gte':
      return comparable && byOrder(value, operand) >= 0
    case 'lt':
      return comparable && byOrder(value, operand) < 0
    case 'lte':
      return comparable && byOrder(value, operand) <= 0
    case 'between': {
      const [low = null, high = null] = listOf(operand)
      return holds(value, 'gte', low) && holds(value, 'lte', high)
    }
    case 'contains':
      if (Array.isArray(value)) return value.some((item) => item === operand)
      return isText && typeof operand === 'string' && value.split(operand).length > 1
        ? true
        : isText && operand === ''
    case 'startsWith':
      return isText && value.slice(0, String(operand).length) === operand
    case 'endsWith':
      return isText && (operand === '' || value.slice(-String(operand).length) === operand)
    default:
      throw new Error(`the model knows no ${operator}`)
  }
}

/** Nothing first, then false and true among the numbers as 0 and 1, then texts by code point. */
function byOrder(left: Json, right: Json): number {
  const [a, b] = [rankOf(left), rankOf(right)]
  if (a !== b) return a - b
  if (a === 1) return Math.sign(Number(left) - Number(right))
  return a === 2 ? byBytes(String(left), String(right)) : 0
}

function rankOf(value: Json): number {
  if (typeof value === 'string') return 2
  return typeof value === 'number' || typeof value === 'boolean' ? 1 : 0
}

/** The order of code points is that of the bytes of UTF-8. */
function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

const envelope = ['id', 'version', 'createdAt', 'createdBy', 'updatedAt', 'updatedBy'] as const

function valueAt(record: Record, name: string): Json {
  const known = envelope.find((member) => member === name)
  if (known !== undefined) return record[known]
  return name.split('.').reduce(memberOf, record.data)
}

function memberOf(value: Json, member: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return new Map(Object.entries(objectOf(value))).get(member) ?? null
}

function listOf(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value
  throw new Error('expected a list')
}

function objectOf(value: Json): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as JsonObject
  throw new Error('expected an object')
}
