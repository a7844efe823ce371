/** `docs/record-types.md`: what the bundled record types hold, from their declarations alone. */
import { exampleRecord } from '../../plugins/cli/present/example-record.ts'
import type { FieldDefinition, FieldDefinitions } from '../../sdk/field.ts'
import { isJsonObject } from '../../sdk/json.ts'
import type { RecordType, RecordTypeDefinition } from '../../sdk/record-type.ts'

/** The whole document. */
export function recordTypesDocument(types: readonly RecordType[]): string {
  const rows = types.map(({ name, definition }) => [
    `[${name}](#${name.toLowerCase()})`,
    definition.description ?? '',
  ])
  const sections = types.map(({ definition }) => typeSection(definition))
  return `${[introduction, table(['type', 'one record is'], rows), ...sections].join('\n\n')}\n`
}

const introduction = `# Record types

<!-- Made by \`npm run record-types\` from \`plugins/orion/record-types.ts\`; do not edit. -->

The record types that come with Orion. They are declared once, in \`plugins/orion/record-types.ts\`; this page, the static
types of the SDK, the JSON Schema that \`type/get\` answers, the columns and CHECKs of their tables and what the command line
completes are made from that. \`orion types\` lists the types of a store, \`orion types show TYPE\` shows one, and
\`orion types generate\` writes them as TypeScript. [The life of a schema](schema.md) says how to declare types of your own,
[queries](queries.md) how to find records.

A *managed* field is written only by the methods that own it. A *searchable* one is found by \`orion search\`; a number is its
weight. Beside these fields each record has \`id\`, \`version\`, \`createdAt\`, \`createdBy\`, \`updatedAt\`, \`updatedBy\`,
\`lifecycle\` and \`token\`.`

function typeSection({ name, description, fields, indexes = [] }: RecordTypeDefinition): string {
  const json: unknown = JSON.parse(JSON.stringify(fields))
  const example = isJsonObject(json) ? exampleRecord({ name, fields: json }) : undefined
  if (example === undefined) throw new Error(`expected an example of ${name}`)
  const over = indexes.map((index) => index.map((field) => `\`${field}\``).join(', '))
  return [
    `## ${name}`,
    ...(description === undefined ? [] : [description]),
    table(['field', 'kind', 'presence', 'more', 'what'], fieldRows(fields, '')),
    ...(over.length === 0 ? [] : [`Indexes over several fields: ${over.join('; ')}.`]),
    `The least that creates one:\n\n\`\`\`sh\n${example.command}\n\`\`\``,
    `Data with every field that a writer may give:\n\n\`\`\`json\n${JSON.stringify(example.data, undefined, 2)}\n\`\`\``,
  ].join('\n\n')
}

/** The members of nested objects follow their field, named by their path. */
function fieldRows(fields: FieldDefinitions, path: string): string[][] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const held = field.kind === 'list' ? field.items : field
    const below = `${path}${name}${field.kind === 'list' ? '[]' : ''}.`
    return [
      [
        `\`${path}${name}\``,
        kindOf(field),
        presenceOf(field),
        traitsOf(field).join(', '),
        field.description ?? '',
      ],
      ...(held.kind === 'object' ? fieldRows(held.fields, below) : []),
    ]
  })
}

function kindOf(field: FieldDefinition): string {
  switch (field.kind) {
    case 'enumeration':
      return field.values.map((value) => `\`${value}\``).join(', ')
    case 'list':
      return `list of ${kindOf(field.items)}${field.maxItems === undefined ? '' : `, at most ${field.maxItems}`}`
    case 'reference':
      return `${field.weak ? 'weak ' : ''}reference to ${field.to === '*' ? 'any type' : field.to}`
    case 'text': {
      const matching = field.pattern === undefined ? '' : `, matches \`${field.pattern}\``
      return `text${rangeOf(field.minLength, field.maxLength, ' characters')}${matching}`
    }
    case 'integer':
    case 'number':
      return `${field.kind}${rangeOf(field.minimum, field.maximum, '')}`
    default:
      return field.kind
  }
}

function rangeOf(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined) return most === undefined ? '' : `, at most ${most}${unit}`
  return most === undefined ? `, from ${least}${unit}` : `, ${least} to ${most}${unit}`
}

function presenceOf({ optional, default: given }: FieldDefinition): string {
  if (given !== undefined) return `default \`${JSON.stringify(given)}\``
  return optional ? 'optional' : 'required'
}

function traitsOf({ searchable, ...field }: FieldDefinition): string[] {
  const traits = (['unique', 'indexed', 'immutable', 'managed'] as const).filter(
    (trait) => field[trait],
  )
  const weight = typeof searchable === 'number' ? ` (${searchable})` : ''
  return searchable === undefined ? traits : [...traits, `searchable${weight}`]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
