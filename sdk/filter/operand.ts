/** Which operators a kind of value takes, and which values those take. */
import { didYouMean } from '../did-you-mean.ts'
import type { FieldDefinition } from '../field.ts'
import { parseInstant } from '../instant.ts'
import { jsonKind } from '../json.ts'
import type { Scalar } from './filter.ts'
import { invalidAt, quoted, type Target, type TargetKind, targetKind } from './target.ts'

/** The operators of the wire, in the order in which errors name them. */
export const operators = [
  'eq',
  'ne',
  'in',
  'notIn',
  'gt',
  'gte',
  'lt',
  'lte',
  'between',
  'contains',
  'startsWith',
  'endsWith',
  'isNull',
] as const
/** An operator of the wire. */
export type Operator = (typeof operators)[number]

const onEquality: readonly Operator[] = ['eq', 'ne', 'in', 'notIn', 'isNull']
const onOrder: readonly Operator[] = [...onEquality, 'gt', 'gte', 'lt', 'lte', 'between']

/** A list and an object can be compared with null alone, which `eq` and `ne` are checked for. */
const operatorsByKind: { readonly [K in TargetKind]: readonly Operator[] } = {
  text: operators,
  reference: operators,
  integer: onOrder,
  number: onOrder,
  instant: onOrder,
  boolean: onEquality,
  enumeration: onEquality,
  list: ['eq', 'ne', 'contains', 'isNull'],
  object: ['eq', 'ne', 'isNull'],
  json: ['eq', 'ne', 'isNull'],
  any: operators,
}

/** Whether a text is an operator of the wire. */
export function isOperator(name: string): name is Operator {
  return operators.some((operator) => operator === name)
}

/**
 * Checks that a value of this kind takes the operator.
 *
 * @throws OrionError `invalid_request`
 */
export function checkOperator(target: Target, operator: Operator, path: string): void {
  const taken = operatorsByKind[targetKind(target)]
  if (taken.includes(operator)) return
  const kind = targetKind(target)
  throw invalidAt(path, `${target.name} is of kind ${kind}, which takes ${taken.join(', ')}`)
}

/** A value of a filter: what it is compared with, and where it stands. */
export interface Operand {
  readonly target: Target
  readonly value: unknown
  readonly path: string
}

/**
 * A value that the target can equal, in its stored form.
 *
 * @throws OrionError `invalid_request`
 */
export function parseEqual({ target, value, path }: Operand): Scalar {
  return scalarOf(target.definition, value, path)
}

/**
 * A value that the target can be less or more than, in its stored form.
 *
 * @throws OrionError `invalid_request`
 */
export function parseBound({ target, value, path }: Operand): string | number {
  const kind = targetKind(target)
  // A whole field may well be compared with a fraction: `durationMs > 0.5` means something.
  const scalar = kind === 'integer' ? finite(value, path) : scalarOf(target.definition, value, path)
  if (typeof scalar === 'boolean') throw expected('a text or a number', value, path)
  return scalar
}

/**
 * A text that the target holds, or a value that is in its list.
 *
 * @throws OrionError `invalid_request`
 */
export function parseContained({ target, value, path }: Operand): Scalar {
  const { definition } = target
  return scalarOf(definition?.kind === 'list' ? definition.items : definition, value, path)
}

/**
 * A text.
 *
 * @throws OrionError `invalid_request`
 */
export function parseText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw expected('a text', value, path)
  if (!value.isWellFormed()) throw invalidAt(path, 'expected well-formed Unicode')
  return value
}

function scalarOf(definition: FieldDefinition | undefined, value: unknown, path: string): Scalar {
  switch (definition?.kind) {
    case undefined:
      return anyScalar(value, path)
    case 'text':
    case 'reference':
      return parseText(value, path)
    case 'number':
      return finite(value, path)
    case 'integer':
      if (!Number.isSafeInteger(value)) throw expected('an integer', value, path)
      return finite(value, path)
    case 'boolean':
      if (typeof value !== 'boolean') throw expected('true or false', value, path)
      return value
    case 'instant':
      return instantOf(value, path)
    case 'enumeration':
      return enumerated(definition.values, value, path)
    case 'list':
      throw invalidAt(path, 'expected null, because it is a list: ask what it contains')
    case 'object':
    case 'json':
      throw invalidAt(path, 'expected null, because it is an object: ask for its members')
  }
}

function anyScalar(value: unknown, path: string): Scalar {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return finite(value, path)
  if (typeof value === 'string') return parseText(value, path)
  throw expected('a text, a number, true or false', value, path)
}

function finite(value: unknown, path: string): number {
  if (typeof value !== 'number') throw expected('a number', value, path)
  if (!Number.isFinite(value)) throw invalidAt(path, 'expected a finite number')
  return value
}

function instantOf(value: unknown, path: string): string {
  const parsed = parseInstant(parseText(value, path))
  if (parsed !== undefined) return parsed
  throw invalidAt(path, 'expected an instant with a zone, such as 2026-11-22T09:30:12.482913Z')
}

function enumerated(values: readonly string[], value: unknown, path: string): string {
  const name = parseText(value, path)
  if (values.includes(name)) return name
  const message = `expected one of ${values.join(', ')}, got ${quoted(name)}`
  throw invalidAt(path, message, didYouMean(name, values))
}

function expected(what: string, value: unknown, path: string): Error {
  return invalidAt(path, `expected ${what}, got ${jsonKind(value)}`)
}
