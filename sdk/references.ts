/** Where the values of a record type name other records, and what they name. */
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { isJsonObject, type Json, type JsonObject, jsonEqual } from './json.ts'
import { idProblem } from './model.ts'

/** What stands for the target of a reference to a record of any type; such a value is `Type/id`. */
export const anyType = '*'

/** A place in the data of a type that holds references. */
export interface ReferencePlace {
  /** The names of the fields down to it, with dots between; lists on the way are not named. */
  readonly path: string
  /** The top-level field that it is, or lies in. */
  readonly field: string
  /** The target's type, or `anyType`. */
  readonly to: string
  /** Whether the target may be absent. */
  readonly weak: boolean
  /** Whether there may be several references in one record. */
  readonly several: boolean
  /** Members to go down by; null is every item of a list. */
  readonly steps: readonly (string | null)[]
}

/** Which record a reference names. */
export interface ReferenceTarget {
  readonly type: string
  readonly id: string
}

/** The places of a type that hold references, in the order of its fields. */
export function referencePlaces(fields: FieldDefinitions): ReferencePlace[] {
  return Object.entries(fields).flatMap(([name, field]) => placesIn(field, [name]))
}

function placesIn(field: FieldDefinition, steps: readonly (string | null)[]): ReferencePlace[] {
  switch (field.kind) {
    case 'list':
      return placesIn(field.items, [...steps, null])
    case 'object':
      return Object.entries(field.fields).flatMap(([name, member]) =>
        placesIn(member, [...steps, name]),
      )
    case 'reference': {
      const names = steps.filter((step) => step !== null)
      const [top = ''] = names
      const several = steps.includes(null)
      const { to, weak = false } = field
      return [{ path: names.join('.'), field: top, to, weak, several, steps }]
    }
    default:
      return []
  }
}

/** The values of a place in the data of one record, in order; what is missing or no text is left out. */
export function referencesAt(place: ReferencePlace, data: JsonObject): string[] {
  const found: string[] = []
  collect(data, place.steps, 0, found)
  return found
}

function collect(
  value: Json | undefined,
  steps: ReferencePlace['steps'],
  depth: number,
  found: string[],
): void {
  const step = steps[depth]
  if (step === undefined) {
    if (typeof value === 'string') found.push(value)
  } else if (step === null) {
    if (Array.isArray(value)) for (const item of value) collect(item, steps, depth + 1, found)
  } else if (isJsonObject(value) && Object.hasOwn(value, step)) {
    collect(value[step], steps, depth + 1, found)
  }
}

/** The record that a value names; undefined when it can be no record's: a weak reference may hold any text. */
export function targetOf(place: ReferencePlace, value: string): ReferenceTarget | undefined {
  const target = place.to === anyType ? splitTarget(value) : { type: place.to, id: value }
  return target === undefined || idProblem(target.id) !== undefined ? undefined : target
}

/** Reads `Type/id`; undefined when the text has another form. */
export function splitTarget(value: string): ReferenceTarget | undefined {
  const slash = value.indexOf('/')
  const type = value.slice(0, Math.max(0, slash))
  return /^[A-Z][A-Za-z0-9]{0,63}$/.test(type) ? { type, id: value.slice(slash + 1) } : undefined
}

/** What one field is to the other, as far as both hold the same values. */
export type Strength = 'same' | 'stronger' | 'weaker'

/**
 * Compares two definitions of one field that differ at most in how much they say of the same texts: a plain text says
 * nothing of what it names, a weak reference its type, a checked one also that it is there. Undefined when they differ
 * otherwise, or when one of them is stronger here and the other one there. Descriptions do not count.
 */
export function strengthOf(before: FieldDefinition, after: FieldDefinition): Strength | undefined {
  const ranks = { least: 0, most: 0 }
  const same = jsonEqual(levelled(before, after, ranks), levelled(after, after, ranks))
  if (!same || (ranks.least < 0 && ranks.most > 0)) return undefined
  return ranks.most > 0 ? 'stronger' : ranks.least < 0 ? 'weaker' : 'same'
}

/** The definition with what `other` says of its texts, and how much more or less that is than it said itself. */
function levelled(
  field: FieldDefinition,
  other: FieldDefinition,
  ranks: { least: number; most: number },
): Json {
  const { description: _, ...plain } = field
  const rest: { [member: string]: Json } = JSON.parse(JSON.stringify(plain))
  const [own, others] = [rankOf(field), rankOf(other)]
  if (own !== undefined && others !== undefined && isSameTarget(field, other)) {
    ranks.least = Math.min(ranks.least, others - own)
    ranks.most = Math.max(ranks.most, others - own)
    for (const member of ['kind', 'to', 'weak']) delete rest[member]
  } else if (field.kind === 'list' && other.kind === 'list') {
    rest.items = levelled(field.items, other.items, ranks)
  } else if (field.kind === 'object' && other.kind === 'object') {
    rest.fields = Object.fromEntries(
      Object.entries(field.fields).map(([name, member]) => [
        name,
        levelled(
          member,
          (Object.hasOwn(other.fields, name) && other.fields[name]) || member,
          ranks,
        ),
      ]),
    )
  }
  return rest
}

function rankOf(field: FieldDefinition): number | undefined {
  if (field.kind === 'text') return 0
  if (field.kind !== 'reference') return undefined
  return field.weak ? 1 : 2
}

function isSameTarget(left: FieldDefinition, right: FieldDefinition): boolean {
  return left.kind !== 'reference' || right.kind !== 'reference' || left.to === right.to
}
