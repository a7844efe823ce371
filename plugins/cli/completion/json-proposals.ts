/** Continues JSON texts that are being typed: the names of fields, operators of filters, values of enumerations. */
import type { FieldDefinition, FieldDefinitions } from '../../../sdk/field.ts'
import type { JsonUse } from './proposals.ts'

/** The texts with which a JSON text may go on, each whole; the caller leaves out those that do not begin as it does. */
export function jsonProposals(partial: string, fields: FieldDefinitions, use: JsonUse): string[] {
  const { stack, head, open } = readBeginning(partial === '' ? '{' : partial)
  const inner = stack.at(-1)
  if (inner === undefined || inner.kind !== '{') return []
  const path = stack.slice(0, -1).flatMap(({ key }) => (key === undefined ? [] : [key]))
  const place = membersAt(path, fields, use)
  if (open === 'value') {
    const field = place.fields[inner.key ?? ''] ?? place.compared
    if (field?.kind !== 'enumeration') return []
    return field.values.map((value) => `${head}${JSON.stringify(value)}`)
  }
  return [
    ...Object.entries(place.fields).flatMap(([name, field]) =>
      beginningsOf(field, use).map((start) => `${head}${JSON.stringify(name)}:${start}`),
    ),
    ...place.words.map(([word, start]) => `${head}"${word}":${start}`),
  ]
}

interface Members {
  readonly fields: FieldDefinitions
  /** Other names, each with what its value begins with. */
  readonly words: readonly (readonly [name: string, start: string])[]
  /** The field whose values are compared here. */
  readonly compared?: FieldDefinition | undefined
}

/** What may stand in the object that lies in these members of the text. */
function membersAt(path: readonly string[], fields: FieldDefinitions, use: JsonUse): Members {
  let here: Members = { fields: writable(fields, use), words: use === 'filter' ? filterWords : [] }
  for (const key of path) {
    if (use === 'filter' && ['and', 'or', 'not'].includes(key)) continue
    const field = Object.hasOwn(here.fields, key) ? here.fields[key] : undefined
    if (use === 'filter') here = { fields: {}, words: operators, compared: field }
    else {
      const held = field?.kind === 'list' ? field.items : field
      here = { fields: held?.kind === 'object' ? held.fields : {}, words: [] }
    }
  }
  return here
}

function writable(fields: FieldDefinitions, use: JsonUse): FieldDefinitions {
  if (use === 'filter') return fields
  const free = Object.entries(fields).filter(
    ([, { managed, immutable }]) => !managed && !(use === 'changes' && immutable),
  )
  return Object.fromEntries(free)
}

const filterWords = [
  ...['id', 'createdAt', 'createdBy', 'updatedAt', 'updatedBy'].map((name) => [name, '"'] as const),
  ['version', ''],
  ['and', '[{'],
  ['or', '[{'],
  ['not', '{'],
] as const

const operators = [
  ...['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'contains', 'startsWith', 'endsWith'].map(
    (name) => [name, ''] as const,
  ),
  ['in', '['],
  ['notIn', '['],
  ['between', '['],
  ['isNull', ''],
] as const

/** With what a value of this field begins. */
function beginningsOf(field: FieldDefinition, use: JsonUse): string[] {
  if (use === 'filter') return field.kind === 'json' ? ['{'] : [valueBeginning(field), '{"']
  if (field.kind === 'list') return ['[']
  return [field.kind === 'object' || field.kind === 'json' ? '{' : valueBeginning(field)]
}

function valueBeginning(field: FieldDefinition): string {
  const isText = ['text', 'instant', 'enumeration', 'reference'].includes(field.kind)
  return isText ? '"' : ''
}

interface Level {
  readonly kind: '{' | '['
  /** The member whose value is being read. */
  key?: string
}

/** What the beginning of a JSON text says of where it ends. */
interface Beginning {
  readonly stack: readonly Level[]
  /** The text before the name or value that is being typed. */
  readonly head: string
  readonly open: 'name' | 'value'
}

/** Takes what it does not understand as it is: half a text is never wrong yet. */
function readBeginning(text: string): Beginning {
  const stack: Level[] = []
  let head = 0
  let open: Beginning['open'] = 'name'
  let word: string | undefined
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],:]/gs)) {
    const level = stack.at(-1)
    if (token.startsWith('"')) {
      word = token.slice(1, -1)
      head = index
      continue
    }
    head = index + 1
    if (token === '{' || token === '[') {
      stack.push({ kind: token })
      open = 'name'
    } else if (token === '}' || token === ']') stack.pop()
    else if (token === ',') open = 'name'
    else if (level?.kind === '{' && word !== undefined) {
      level.key = word
      open = 'value'
    }
  }
  return { stack, head: text.slice(0, head), open }
}
