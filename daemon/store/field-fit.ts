/**
 * Whether a value that is stored for a field still is one of its values: asked of every row that is read, so it has to cost
 * little. What would cost more is left to `daemon/check`: whether a day exists, a pattern over a long text, whether
 * references name anything.
 */
import type { FieldDefinition, FieldDefinitions } from '../../sdk/field.ts'
import { textMaxLength } from '../../sdk/field-schema.ts'
import { isJsonObject, type Json } from '../../sdk/json.ts'
import { TextPattern } from '../../sdk/text-pattern.ts'

/** What is wrong with a value; undefined when nothing is. */
export type Fit = (value: Json) => string | undefined

/** Prepares the check of one field. */
export function fitOf(field: FieldDefinition): Fit {
  switch (field.kind) {
    case 'text':
      return textFit(field)
    case 'reference':
      return (value) => (typeof value === 'string' ? undefined : unlike('a text', value))
    case 'integer':
    case 'number':
      return numberFit(field)
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? undefined : unlike('true or false', value))
    case 'instant':
      return (value) =>
        typeof value === 'string' && instantForm.test(value)
          ? undefined
          : unlike('an instant', value)
    case 'enumeration': {
      const values: ReadonlySet<Json> = new Set(field.values)
      const expected = `one of ${field.values.map((value) => JSON.stringify(value)).join(', ')}`
      return (value) => (values.has(value) ? undefined : unlike(expected, value))
    }
    case 'list':
      return listFit(fitOf(field.items), field.maxItems)
    case 'object':
      return objectFit(field.fields)
    case 'json':
      return (value) => (isJsonObject(value) ? undefined : unlike('an object', value))
  }
}

const instantForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** What is said of a value that is not what was expected. */
export function unlike(expected: string, value: unknown): string {
  const told = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing')
  const got = told.length > toldMaxLength ? `${told.slice(0, toldMaxLength)}…` : told
  return `expected ${expected}, got ${got}`
}

/** Longest part of a value that a reason repeats, in characters; the whole of it is beside the reason. */
const toldMaxLength = 80

function textFit(field: Extract<FieldDefinition, { kind: 'text' }>): Fit {
  const { minLength = 0, pattern } = field
  const maxLength = textMaxLength(field) ?? Number.POSITIVE_INFINITY
  const compiled = pattern === undefined ? undefined : new TextPattern(pattern)
  return (value) => {
    if (typeof value !== 'string') return unlike('a text', value)
    if (value.length < minLength) return unlike(`at least ${minLength} characters`, value)
    // Most texts are too short to be too long however they are counted.
    if (value.length > maxLength && [...value].length > maxLength) {
      return unlike(`at most ${maxLength} characters`, value)
    }
    if (compiled === undefined || matchesAtOnce(compiled, value)) return undefined
    return unlike(`a text that matches ${pattern}`, value)
  }
}

/** True also where it would take long to find out. */
function matchesAtOnce(pattern: TextPattern, text: string): boolean {
  let left = patternStepsMax
  let gaveUp = false
  try {
    return pattern.matches(text, (steps) => {
      left -= steps
      gaveUp = left < 0
      if (gaveUp) throw new Error('the pattern takes long')
    })
  } catch (error) {
    if (gaveUp) return true
    throw error
  }
}

/** States of a pattern that a read looks at for one value. */
const patternStepsMax = 2000

function numberFit(field: Extract<FieldDefinition, { kind: 'integer' | 'number' }>): Fit {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = field
  const isWhole = field.kind === 'integer'
  return (value) => {
    const fits = isWhole ? Number.isSafeInteger(value) : Number.isFinite(value)
    if (!fits || typeof value !== 'number') {
      return unlike(isWhole ? 'a safe integer' : 'a finite number', value)
    }
    if (value < minimum) return unlike(`at least ${minimum}`, value)
    return value > maximum ? unlike(`at most ${maximum}`, value) : undefined
  }
}

function listFit(item: Fit, maxItems = Number.POSITIVE_INFINITY): Fit {
  return (value) => {
    if (!Array.isArray(value)) return unlike('a list', value)
    if (value.length > maxItems) return `expected at most ${maxItems} items, got ${value.length}`
    for (let at = 0; at < value.length; at++) {
      const problem = item(value[at])
      if (problem !== undefined) return `item ${at}: ${problem}`
    }
    return undefined
  }
}

/** A member with a default may be missing: it was added to the type after the record was written. */
function objectFit(fields: FieldDefinitions): Fit {
  const members = new Map(Object.entries(fields).map(([name, field]) => [name, fitOf(field)]))
  const required = Object.entries(fields)
    .filter(([, field]) => !field.optional && field.default === undefined)
    .map(([name]) => name)
  return (value) => {
    if (!isJsonObject(value)) return unlike('an object', value)
    for (const name of required) {
      if (!Object.hasOwn(value, name)) return `member ${name} is missing`
    }
    for (const name of Object.keys(value)) {
      const fit = members.get(name)
      if (fit === undefined) return `there is no member ${JSON.stringify(name)}`
      const problem = fit(value[name] ?? null)
      if (problem !== undefined) return `member ${name}: ${problem}`
    }
    return undefined
  }
}
