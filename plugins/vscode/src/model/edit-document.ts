/**
 * A record as a document to be edited: its data as JSON, under a line that names the version it is based on. The line travels
 * with the text, so that whatever the editor reads or writes in between, a save replaces that version or nothing.
 */
import type { FieldDefinition, FieldDefinitions } from '../../../../sdk/field.ts'
import type { Json, JsonObject } from '../../../../sdk/json.ts'
import { jsonText, parseJsonc } from './jsonc-text.ts'
import { visibleLine } from './visible-text.ts'

/** Which record a document is about. Version 0 stands for one that is not there yet. */
export interface EditHead {
  readonly type: string
  readonly id: string
  readonly version: number
}

/** What somebody has written. */
export interface EditedRecord {
  readonly version: number
  readonly data: JsonObject
}

/** The document of a record. Managed fields are left out: only their own methods change them. */
export function editDocument(
  head: EditHead,
  data: JsonObject,
  fields: FieldDefinitions = {},
): string {
  return `${headLine(head)}\n${jsonText(editable(data, fields))}\n`
}

/** The data without the fields that only their own methods change. */
export function editable(data: JsonObject, fields: FieldDefinitions): JsonObject {
  const kept = Object.entries(data).filter(([name]) => !isManaged(fields, name))
  // `fromEntries` makes own members, also of one called `__proto__`.
  return Object.fromEntries(kept)
}

/** Whether only its own methods change a field. */
export function isManaged(fields: FieldDefinitions, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name]?.managed === true
}

/** The beginning of a new record: what has to be there, and, as comments, what may be. */
export function newDocument(type: string, id: string, fields: FieldDefinitions): string {
  const lines = Object.entries(fields)
    .filter(([name]) => !isManaged(fields, name) && name !== 'extra')
    .flatMap(([name, field]) => fieldLines(name, field))
  return `${headLine({ type, id, version: 0 })}\n{\n${lines.join('\n')}\n}\n`
}

/**
 * Reads what somebody has written.
 *
 * @throws EditProblem that says what to mend.
 */
export function parseEdit(text: string): EditedRecord {
  const version = versionNamed(text)
  if (version === undefined) {
    throw new EditProblem(
      'the first line, which names the version that was edited, is missing or changed: undo that, or open the record again',
    )
  }
  if (/^(?:<{7}|={7}|>{7})/m.test(text)) {
    throw new EditProblem(
      'both sides of a conflict are still there: choose one of each, and save again',
    )
  }
  try {
    return { version, data: parseJsonc(text) }
  } catch (error) {
    throw new EditProblem(error instanceof Error ? error.message : String(error))
  }
}

/** The version that a text names; undefined when it names none. */
export function versionNamed(text: string): number | undefined {
  const [first = ''] = text.split('\n', 1)
  // The last place that looks so: an id may look like this line itself.
  const version = /^\/\/ .*, version (\d{1,15})\. Saving /.exec(first)?.[1]
  return version === undefined ? undefined : Number(version)
}

/** The same text, based on another version. */
export function rebased(text: string, version: number): string {
  return text.replace(/^(.*, version )\d{1,15}(\. Saving )/, `$1${version}$2`)
}

/** What was written can’t be saved as it is. */
export class EditProblem extends Error {
  override readonly name = 'EditProblem'
}

/** The line at the head of a document. */
export function headLine({ type, id, version }: EditHead): string {
  const name = `${type} ${visibleLine(id, 255)}`
  return version === 0
    ? `// New ${name}, version 0. Saving creates the record.`
    : `// ${name}, version ${version}. Saving changes the record, if this is still its newest version.`
}

function fieldLines(name: string, field: FieldDefinition): string[] {
  const isNeeded = field.optional !== true && field.default === undefined
  const about =
    field.description === undefined ? [] : [`  // ${visibleLine(field.description, 160)}`]
  const value = JSON.stringify(field.default ?? exampleOf(field))
  const line = `${JSON.stringify(name)}: ${value},`
  return [...about, isNeeded ? `  ${line}` : `  // ${line}`]
}

function exampleOf(field: FieldDefinition): Json {
  switch (field.kind) {
    case 'text':
    case 'reference':
      return ''
    case 'integer':
    case 'number':
      return Math.max(0, field.minimum ?? 0)
    case 'boolean':
      return false
    case 'instant':
      return '2026-01-01T00:00:00Z'
    case 'enumeration':
      return field.values[0] ?? ''
    case 'list':
      return []
    case 'object':
    case 'json':
      return {}
    default:
      return field satisfies never
  }
}
