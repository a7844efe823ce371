import type { z } from 'zod'
import { isJsonObject, type Json, type JsonObject } from '../../../sdk/json.ts'
import type { GetType, ListTypes } from '../../../sdk/protocol/types.ts'
import type { TextStyle } from '../print.ts'
import { cellText } from './cell.ts'
import { type ExampleOf, exampleRecord } from './example-record.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'

/** The record types as a table. */
export function typeTable({ types }: z.output<typeof ListTypes.result>, style: TextStyle): string {
  const { text } = drawTable(
    {
      head: ['type', 'records', 'schema', 'description'],
      rows: types.map(({ name, schemaVersion, description, count }) => [
        safeText(name),
        String(count ?? ''),
        String(schemaVersion),
        safeText(description ?? ''),
      ]),
      numbers: [1, 2],
      flexible: [3],
    },
    style,
  )
  return text
}

/** A record type with its fields as a table. */
export function typeText(type: z.output<typeof GetType.result>, style: TextStyle): string {
  const { bold, dim } = style.colours
  const rows = Object.entries(type.fields).map(([name, definition]) => {
    const field = isJsonObject(definition) ? definition : {}
    return [safeText(name), kindOf(field), presenceOf(field), cellText(field.description)]
  })
  const table = drawTable(
    { head: ['field', 'kind', 'presence', 'description'], rows, flexible: [1, 3] },
    style,
  )
  const title = `${bold(safeText(type.name))}  ${dim(`schema version ${type.schemaVersion}`)}\n`
  const about = type.description === undefined ? '' : `${safeText(type.description)}\n`
  const hint = dim(`\`orion types show ${type.name} --json\` has the JSON Schema.\n`)
  return `${title}${about}\n${table.text}${exampleText(type, style)}${hint}`
}

/** The data of a record with every field that a writer may give, and what creates the least. */
function exampleText(type: ExampleOf, { colours: { bold } }: TextStyle): string {
  const example = exampleRecord(type)
  if (example === undefined) return ''
  const data = safeText(JSON.stringify(example.data, undefined, 2), { lines: true })
  return `${bold('Example')}\n${data}\n\n${bold('Create one')}\n${safeText(example.command)}\n\n`
}

function kindOf(field: JsonObject): string {
  const kind = cellText(field.kind)
  const traits = ['unique', 'managed', 'immutable'].filter((trait) => field[trait] === true)
  const range = [field.minimum ?? field.minLength, field.maximum ?? field.maxLength]
  const limits = range.some((bound) => bound !== undefined)
    ? ` ${range.map((bound) => cellText(bound)).join('..')}`
    : ''
  return [`${detailOf(kind, field)}${limits}`, ...traits].join(', ')
}

function detailOf(kind: string, field: JsonObject): string {
  if (kind === 'enumeration' && Array.isArray(field.values)) return field.values.join(' | ')
  if (kind === 'list') return `list of ${itemKind(field.items)}`
  if (kind !== 'reference') return kind
  const to = field.to === '*' ? 'any type' : cellText(field.to)
  return `${field.weak === true ? 'weak ' : ''}reference to ${to}`
}

function itemKind(items: Json | undefined): string {
  return isJsonObject(items) ? kindOf(items) : 'anything'
}

function presenceOf(field: JsonObject): string {
  if (field.default !== undefined) return `default ${JSON.stringify(field.default)}`
  return field.optional === true ? 'optional' : 'required'
}
