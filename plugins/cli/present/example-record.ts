/** Examples of records, made from the definition of their type alone, so that they never say what it does not. */
import type { FieldDefinition, FieldDefinitions } from '../../../sdk/field.ts'
import { valueSchema } from '../../../sdk/field-schema.ts'
import { fieldsShape } from '../../../sdk/field-shape.ts'
import type { Json, JsonObject } from '../../../sdk/json.ts'
import { definitionProblems } from '../../../sdk/record-type.ts'
import { matchingText } from './matching-text.ts'
import { shellQuoted } from './shell-quoted.ts'

/** What is known of a type: its name and fields, as `type/get` tells them. */
export interface ExampleOf {
  readonly name: string
  readonly fields: JsonObject
}

/** An example of a record of a type. */
export interface ExampleRecord {
  /** Data in which every field is filled that a writer may give. */
  readonly data: JsonObject
  /** The data of the shortest record that the type takes: what is required, and nothing else. */
  readonly least: JsonObject
  /** A command line that creates that. */
  readonly command: string
}

/** The example of a type; undefined if only a newer program knows its fields, or no text was found that a pattern takes. */
export function exampleRecord({ name, fields }: ExampleOf): ExampleRecord | undefined {
  const known = fieldsShape.safeParse(fields)
  if (!known.success || definitionProblems({ name, fields }).length > 0) return undefined
  const data = filled(known.data, () => true)
  const least = filled(
    known.data,
    ({ optional, default: given }) => !optional && given === undefined,
  )
  if (data === undefined || least === undefined) return undefined
  const command = `orion create ${name} --data ${shellQuoted(JSON.stringify(least))}`
  return { data, least, command }
}

/** An object with a value for each of these fields; undefined if there is one for which no value was found. */
function filled(
  fields: FieldDefinitions,
  isWanted: (field: FieldDefinition) => boolean,
): JsonObject | undefined {
  const members: [string, Json][] = []
  for (const [name, field] of Object.entries(fields)) {
    if (field.managed || !isWanted(field)) continue
    const value = exampleValue(field, name)
    // An integer, say, whose bounds are beyond the safe ones.
    if (value === undefined || !valueSchema(field).safeParse(value).success) return undefined
    members.push([name, value])
  }
  return Object.fromEntries(members)
}

/** A value that the field takes, its default before any other. */
function exampleValue(field: FieldDefinition, name: string): Json | undefined {
  if (hasTelling(field.default)) return field.default
  switch (field.kind) {
    case 'text':
      return exampleText(field, name)
    case 'integer':
    case 'number':
      return exampleNumber(field)
    case 'boolean':
      return true
    case 'instant':
      return '2026-11-22T09:30:12.482913Z'
    case 'enumeration':
      return field.values[0]
    case 'list':
      return exampleList(field, name)
    case 'object':
      return filled(field.fields, () => true)
    case 'json':
      return {}
    case 'reference':
      return field.to === '*' ? 'OrionInsight/id-of-the-record' : `id-of-the-${field.to}`
  }
}

/** An empty default shows nothing of what may be there. */
function hasTelling(value: Json | undefined): value is Json {
  return value !== undefined && JSON.stringify(value) !== '[]'
}

function exampleList(
  { items, maxItems = 1 }: Extract<FieldDefinition, { kind: 'list' }>,
  name: string,
): Json | undefined {
  if (maxItems === 0) return []
  const item = exampleValue(items, name)
  return item === undefined ? undefined : [item]
}

/** What its description gives as an example, else its name in words, else the shortest text that its pattern takes. */
function exampleText(
  field: Extract<FieldDefinition, { kind: 'text' }>,
  name: string,
): string | undefined {
  const schema = valueSchema(field)
  const [, told = ''] = /`([^`]+)`/.exec(field.description ?? '') ?? []
  const words = name.replace(/[A-Z]+/g, (letters) => ` ${letters.toLowerCase()}`)
  const matching = matchingText(field.pattern ?? '')
  const tried = told === '' ? [words] : [told, words]
  if (matching !== undefined) tried.push(matching)
  return tried
    .flatMap((text) => ofLength(text, field))
    .find((candidate) => schema.safeParse(candidate).success)
}

/** A text, then with its last character repeated or cut off as its field's lengths ask for. */
function ofLength(
  text: string,
  { minLength = 0, maxLength }: Extract<FieldDefinition, { kind: 'text' }>,
): string[] {
  const characters = [...text]
  const last = characters.at(-1) ?? 'a'
  const longer = text + last.repeat(Math.max(0, minLength - characters.length))
  return [text, longer, characters.slice(0, maxLength).join('')]
}

function exampleNumber({
  kind,
  minimum,
  maximum,
}: Extract<FieldDefinition, { kind: 'integer' | 'number' }>): number | undefined {
  const value = Math.min(Math.max(1, minimum ?? 1), maximum ?? 1)
  if (kind === 'number' || Number.isInteger(value)) return value
  const above = Math.ceil(minimum ?? value)
  return above <= (maximum ?? above) ? above : undefined
}
