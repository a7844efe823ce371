/**
 * What two declarations of one record type have in common: the smallest type that takes what either of them takes.
 * Programs of different ages declare the same type, and each of them has to go on working.
 */
import type { FieldDefinition, FieldDefinitions } from './field.ts'
import { isJsonObject, type Json, type JsonObject, jsonEqual } from './json.ts'
import type { RecordTypeDefinition } from './record-type.ts'
import { strengthOf } from './references.ts'

/**
 * The field that takes whatever one of the two takes: more values, wider bounds, a member more. Undefined when there is
 * none, because they differ in something else.
 */
export function joinFields(
  stored: FieldDefinition,
  wanted: FieldDefinition,
): FieldDefinition | undefined {
  if (stored.kind !== wanted.kind) return undefined
  const value = joinValues(stored, wanted)
  const presence = joinPresence(stored, wanted)
  if (value === undefined || presence === undefined) return undefined
  if (!jsonEqual(without(stored, joined), without(wanted, joined))) return undefined
  const description = wanted.description ?? stored.description
  const base: FieldDefinition = JSON.parse(JSON.stringify(without(stored, joined)))
  return Object.assign(base, value, presence, {
    ...(description === undefined ? {} : { description }),
    ...(stored.indexed || wanted.indexed ? { indexed: true } : {}),
  })
}

/** What a program that declares `declared` asks a store for that has `stored`: all it adds, and nothing it lacks. */
export function growType(
  stored: RecordTypeDefinition,
  declared: RecordTypeDefinition,
): RecordTypeDefinition {
  const fields: { [name: string]: FieldDefinition } = { ...stored.fields }
  for (const [name, field] of Object.entries(declared.fields)) {
    const before = Object.hasOwn(stored.fields, name) ? stored.fields[name] : undefined
    fields[name] = before === undefined ? field : grownField(before, field)
  }
  const own = (declared.indexes ?? []).filter((index) => !hasIndex(stored, index))
  const indexes = [...(stored.indexes ?? []), ...own]
  const { migrations } = declared
  return {
    name: stored.name,
    ...describedBy(declared.description ?? stored.description),
    fields,
    ...(indexes.length === 0 ? {} : { indexes }),
    ...(migrations === undefined ? {} : { migrations }),
  }
}

/** A text that is a reference in one of the two is one: who says more of the same texts is heard. */
function grownField(stored: FieldDefinition, declared: FieldDefinition): FieldDefinition {
  const strength = strengthOf(stored, declared)
  if (strength === 'stronger') return declared
  return (strength === 'weaker' ? undefined : joinFields(stored, declared)) ?? stored
}

/** Whether two definitions take the same and find it the same way. Descriptions and migrations do not count. */
export function sameType(left: RecordTypeDefinition, right: RecordTypeDefinition): boolean {
  const indexesOf = ({ indexes = [] }: RecordTypeDefinition): Json =>
    indexes.map((index) => index.join(',')).toSorted()
  return (
    left.name === right.name &&
    jsonEqual(undescribed(asJson(left.fields)), undescribed(asJson(right.fields))) &&
    jsonEqual(indexesOf(left), indexesOf(right))
  )
}

/** Fields without their descriptions, at any depth; a field may be called `description` itself. */
function undescribed(fields: Json): Json {
  if (!isJsonObject(fields)) return fields
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, undescribedField(field)]),
  )
}

function undescribedField(field: Json): Json {
  if (!isJsonObject(field)) return field
  const { description: _, items, fields, ...rest } = field
  return {
    ...rest,
    ...(items === undefined ? {} : { items: undescribedField(items) }),
    ...(fields === undefined ? {} : { fields: undescribed(fields) }),
  }
}

/** Whether a definition has an index over these fields. */
export function hasIndex(definition: RecordTypeDefinition, index: readonly string[]): boolean {
  return (definition.indexes ?? []).some((known) => known.join(',') === index.join(','))
}

/** A definition as plain JSON. */
export function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value))
}

/** Members that are joined one by one; all others have to be the same. */
const joined: ReadonlySet<string> = new Set([
  ...['description', 'indexed', 'optional', 'default'],
  ...['minLength', 'maxLength', 'pattern', 'minimum', 'maximum', 'values', 'items', 'maxItems'],
  'fields',
])

function without(field: FieldDefinition, names: ReadonlySet<string>): JsonObject {
  const whole = asJson(field)
  if (!isJsonObject(whole)) return {}
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !names.has(name)))
}

/** What may be absent, or is filled in, of both. A field without a value can't get a default by itself. */
function joinPresence(stored: FieldDefinition, wanted: FieldDefinition): JsonObject | undefined {
  if (stored.default !== undefined || wanted.default !== undefined) {
    if (stored.default === undefined)
      return stored.optional || wanted.default === undefined
        ? undefined
        : { default: wanted.default }
    const same = wanted.default === undefined || jsonEqual(stored.default, wanted.default)
    return same && !wanted.optional ? { default: stored.default } : undefined
  }
  return stored.optional || wanted.optional ? { optional: true } : {}
}

function joinValues(stored: FieldDefinition, wanted: FieldDefinition): JsonObject | undefined {
  switch (stored.kind) {
    case 'text':
      return wanted.kind === 'text' ? joinTexts(stored, wanted) : undefined
    case 'integer':
    case 'number':
      if (wanted.kind !== 'integer' && wanted.kind !== 'number') return undefined
      return {
        ...widest('minimum', [stored.minimum, wanted.minimum], Math.min),
        ...widest('maximum', [stored.maximum, wanted.maximum], Math.max),
      }
    case 'enumeration':
      return wanted.kind === 'enumeration'
        ? { values: [...new Set([...stored.values, ...wanted.values])] }
        : undefined
    case 'list': {
      if (wanted.kind !== 'list') return undefined
      const items = joinFields(stored.items, wanted.items)
      if (items === undefined) return undefined
      return {
        items: asJson(items),
        ...widest('maxItems', [stored.maxItems, wanted.maxItems], Math.max),
      }
    }
    case 'object': {
      const fields =
        wanted.kind === 'object' ? joinMembers(stored.fields, wanted.fields) : undefined
      return fields === undefined ? undefined : { fields: asJson(fields) }
    }
    default:
      return {}
  }
}

function joinTexts(
  stored: Extract<FieldDefinition, { kind: 'text' }>,
  wanted: Extract<FieldDefinition, { kind: 'text' }>,
): JsonObject | undefined {
  const { pattern } = stored
  const both = pattern !== undefined && wanted.pattern !== undefined
  if (both && pattern !== wanted.pattern) return undefined
  return {
    ...widest('minLength', [stored.minLength, wanted.minLength], Math.min),
    ...widest('maxLength', [stored.maxLength, wanted.maxLength], Math.max),
    ...(both ? { pattern } : {}),
  }
}

/** Nothing fills the members of nested objects that are there already, so that new ones must be optional. */
function joinMembers(
  stored: FieldDefinitions,
  wanted: FieldDefinitions,
): FieldDefinitions | undefined {
  const fields: { [name: string]: FieldDefinition } = { ...stored }
  for (const [name, field] of Object.entries(wanted)) {
    const before = Object.hasOwn(stored, name) ? stored[name] : undefined
    const after = before === undefined ? field : joinFields(before, field)
    if (after === undefined || (before === undefined && !field.optional)) return undefined
    fields[name] = after
  }
  return fields
}

/** A bound that one of the two does not have is none. */
function widest(
  name: string,
  [left, right]: readonly [number | undefined, number | undefined],
  choose: (left: number, right: number) => number,
): JsonObject {
  return left === undefined || right === undefined ? {} : { [name]: choose(left, right) }
}

function describedBy(description: string | undefined): { readonly description?: string } {
  return description === undefined ? {} : { description }
}
