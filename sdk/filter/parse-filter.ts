/** Reads the `where` of a request against a record type. */
import { didYouMean } from '../did-you-mean.ts'
import { OrionError } from '../errors.ts'
import { isJsonObject, jsonKind } from '../json.ts'
import type { RecordTypeDefinition } from '../record-type.ts'
import { everyRecord, type Filter, type Scalar } from './filter.ts'
import {
  checkOperator,
  isOperator,
  type Operand,
  type Operator,
  operators,
  parseBound,
  parseContained,
  parseEqual,
  parseText,
} from './operand.ts'
import { invalidAt, quoted, resolveTarget, type Target, targetKind } from './target.ts'

/** Most levels of `and`, `or` and `not`, the outermost object included. */
export const filterDepthMax = 16
/** Most fields, operators and groups of a filter, all levels together. */
export const filterPartsMax = 1000
/** Most values of all `in` and `notIn` together. */
export const filterValuesMax = 1000
/**
 * Most characters of the texts that all `contains` look for inside of texts. Looking for one may take a step for each
 * of its characters at each place of the text.
 */
export const filterContainsMaxLength = 256

/**
 * Reads a filter. Unknown fields and operators are errors, never ignored; instants are brought to their
 * canonical form.
 *
 * @param where - As it came; undefined means every record.
 * @throws OrionError `invalid_request` naming the place, or `too_large`.
 */
export function parseFilter(definition: RecordTypeDefinition, where: unknown): Filter {
  if (where === undefined) return everyRecord
  return new Parser(definition).group(where, { path: '', depth: 1 })
}

interface Place {
  readonly path: string
  readonly depth: number
}

class Parser {
  readonly #definition: RecordTypeDefinition
  #nodes = 0
  #values = 0
  #containedLength = 0

  constructor(definition: RecordTypeDefinition) {
    this.#definition = definition
  }

  /** An object of which every member must hold. */
  group(where: unknown, place: Place): Filter {
    checkBound({ what: 'levels', limit: filterDepthMax, actual: place.depth }, place.path)
    if (!isJsonObject(where)) {
      throw invalidAt(place.path, `expected an object, got ${jsonKind(where)}`)
    }
    const filters = Object.entries(where).map(([name, value]) =>
      this.#member(name, value, { ...place, path: join(place.path, name) }),
    )
    return allOf(filters)
  }

  #member(name: string, value: unknown, place: Place): Filter {
    this.#count(place.path)
    const below = { ...place, depth: place.depth + 1 }
    switch (name) {
      case 'and':
        return allOf(this.#groups(value, below))
      case 'or':
        return { op: 'any', filters: this.#groups(value, below) }
      case 'not':
        return { op: 'not', filter: this.group(value, below) }
      default:
        return this.#field(name, value, place.path)
    }
  }

  #groups(value: unknown, place: Place): Filter[] {
    if (!Array.isArray(value)) {
      throw invalidAt(place.path, `expected a list of objects, got ${jsonKind(value)}`)
    }
    return value.map((where: unknown, index) => {
      const path = join(place.path, String(index))
      this.#count(path)
      return this.group(where, { ...place, path })
    })
  }

  #field(name: string, value: unknown, path: string): Filter {
    const target = resolveTarget(this.#definition, { name, path })
    if (!isJsonObject(value)) {
      if (Array.isArray(value)) throw invalidAt(path, 'expected a value, got a list: use in')
      return equality({ target, value, path })
    }
    const entries = Object.entries(value)
    if (entries.length === 0) throw invalidAt(path, 'expected an operator')
    const filters = entries.map(([operator, operand]) => {
      const at = join(path, operator)
      this.#count(at)
      if (!isOperator(operator)) throw unknownOperator(operator, at)
      checkOperator(target, operator, at)
      if (Array.isArray(operand)) this.#countValues(operand.length, at)
      if (operator === 'contains') this.#countContained(target, operand, at)
      return condition(operator, { target, value: operand, path: at })
    })
    return allOf(filters)
  }

  /** All lists together, because each is gone through for each record. */
  #countValues(count: number, path: string): void {
    this.#values += count
    checkBound({ what: 'values', limit: filterValuesMax, actual: this.#values }, path)
  }

  /** A list is asked for equal members, which costs one look at each. */
  #countContained(target: Target, operand: unknown, path: string): void {
    if (typeof operand !== 'string' || targetKind(target) === 'list') return
    this.#containedLength += operand.length
    checkBound(
      {
        what: 'characters in what contains looks for',
        limit: filterContainsMaxLength,
        actual: this.#containedLength,
      },
      path,
    )
  }

  #count(path: string): void {
    this.#nodes++
    checkBound({ what: 'parts', limit: filterPartsMax, actual: this.#nodes }, path)
  }
}

function condition(operator: Operator, operand: Operand): Filter {
  const { target, value, path } = operand
  switch (operator) {
    case 'eq':
      return equality(operand)
    case 'ne':
      return { op: 'not', filter: equality(operand) }
    case 'in':
      return membership(operand)
    case 'notIn':
      return { op: 'not', filter: membership(operand) }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { op: 'compare', target, comparison: operator, value: parseBound(operand) }
    case 'between':
      return between(operand)
    case 'contains':
      return { op: 'contains', target, value: parseContained(operand) }
    case 'startsWith':
    case 'endsWith':
      return { op: operator, target, value: parseText(value, path) }
    case 'isNull':
      if (typeof value !== 'boolean') {
        throw invalidAt(path, `expected true or false, got ${jsonKind(value)}`)
      }
      return value ? isNull(target) : { op: 'not', filter: isNull(target) }
  }
}

function equality(operand: Operand): Filter {
  const { target, value } = operand
  if (value === null) return isNull(target)
  return { op: 'in', target, values: [parseEqual(operand)] }
}

function membership({ target, value, path }: Operand): Filter {
  if (!Array.isArray(value)) throw invalidAt(path, `expected a list, got ${jsonKind(value)}`)
  const values: Scalar[] = []
  for (const [index, item] of value.entries()) {
    if (item === null) continue
    values.push(parseEqual({ target, value: item, path: join(path, String(index)) }))
  }
  const among: Filter = { op: 'in', target, values }
  return value.includes(null) ? { op: 'any', filters: [isNull(target), among] } : among
}

/** Both ends belong to the range. */
function between({ target, value, path }: Operand): Filter {
  if (!Array.isArray(value) || value.length !== 2) {
    throw invalidAt(path, 'expected a list of the lowest and the highest value')
  }
  const [low, high] = value.map((item: unknown, index) =>
    parseBound({ target, value: item, path: join(path, String(index)) }),
  )
  if (low === undefined || high === undefined || typeof low !== typeof high) {
    throw invalidAt(path, 'expected two values of one kind')
  }
  return allOf([
    { op: 'compare', target, comparison: 'gte', value: low },
    { op: 'compare', target, comparison: 'lte', value: high },
  ])
}

function isNull(target: Target): Filter {
  return { op: 'isNull', target }
}

function allOf(filters: readonly Filter[]): Filter {
  const [only, ...others] = filters
  return only !== undefined && others.length === 0 ? only : { op: 'all', filters }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function unknownOperator(name: string, path: string): OrionError {
  const message = `there is no operator ${quoted(name)}; there are ${operators.join(', ')}`
  return invalidAt(path, message, didYouMean(name, operators))
}

interface Bound {
  readonly what: string
  readonly limit: number
  readonly actual: number
}

function checkBound({ what, limit, actual }: Bound, path: string): void {
  if (actual <= limit) return
  const place = path === '' ? '' : `${path}: `
  throw new OrionError('too_large', `${place}expected a filter of at most ${limit} ${what}`, {
    limit,
    actual,
    remedy: 'ask in several requests, each with a part of the filter',
  })
}
