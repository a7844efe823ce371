/**
 * A record as a document to be read: plain text, in which nothing of the record is markup, a link or a command. Long values
 * stand by themselves, short ones in a column; at the end is its history.
 */
import { isJsonObject, type Json, type JsonObject } from '../../../../sdk/json.ts'
import type { Record, RecordVersion } from '../../../../sdk/model.ts'
import { counted, fullTime } from './instants.ts'
import { visibleLine, visibleText } from './visible-text.ts'

/** What a document is made of. */
export interface DocumentParts {
  readonly record: Record
  /** Newest first; the newest of them alone if `more`. Absent for an old version. */
  readonly history?: readonly RecordVersion[]
  readonly more?: boolean
  /** What another record says about it. */
  readonly note?: { readonly title: string; readonly text: string }
  /** The fields of the type in their order; what has no place in it comes after. */
  readonly fields?: readonly string[]
}

/** A document, and the lines that stand for versions. */
export interface RecordDocument {
  readonly text: string
  /** Lines from 0 up. */
  readonly versions: readonly VersionLine[]
  /** Where the history begins, from 0 up. */
  readonly historyLine: number | undefined
}

/** A line of the history. `before` is the version that was there before it, if it is known. */
export interface VersionLine {
  readonly line: number
  readonly version: number
  readonly before: number | undefined
}

/** Makes the document of a record. What is too long is cut, and a line says so. */
export function recordDocument(parts: DocumentParts): RecordDocument {
  const { record, note } = parts
  const noted = note === undefined ? [] : ['', note.title, indented(cut(note.text))]
  const data = dataLines(record.data, parts.fields)
  return withHistory([...headLines(record), '', ...data, ...noted], parts)
}

/** Puts the history of a record under what is said of it. */
export function withHistory(
  lines: readonly string[],
  { history, more = false }: Pick<DocumentParts, 'history' | 'more'>,
): RecordDocument {
  if (history === undefined) {
    return { text: `${lines.join('\n')}\n`, versions: [], historyLine: undefined }
  }
  const shown = lines.flatMap((line) => line.split('\n'))
  shown.push('', historyTitle)
  const historyLine = shown.length - 1
  const versions = history.map(({ version }, index) => ({
    line: shown.length + index,
    version,
    before: history[index + 1]?.version,
  }))
  const rest = more ? ['  … older versions: `orion history` lists them all'] : []
  const text = [...shown, ...history.map(versionLine), ...rest].join('\n')
  return { text: `${text}\n`, versions, historyLine }
}

/** The data of a record alone, to be compared with that of another version: however long a value is, it looks alike. */
export function comparedText(data: JsonObject | undefined, fields?: readonly string[]): string {
  if (data === undefined) return 'The values of this version were erased.\n'
  return `${fieldNames(data, fields)
    .map((name) => `${visibleLine(name, 60)}\n${indented(valueText(data[name] ?? null))}`)
    .join('\n')}\n`
}

/** Why a document can't be shown, as a document. */
export function problemDocument(message: string, remedy: string): string {
  return `${message}\n\n${remedy}\n`
}

/** Most characters of one value, and of all values together. What is longer makes an editor slow, and nobody reads it. */
export const valueMaxLength = 64 * 1024
const documentMaxLength = 512 * 1024
const historyTitle = 'History'
const columnMax = 24
const shortMax = 100

function headLines(record: Record): string[] {
  const { type, id, version, lifecycle, createdAt, createdBy, updatedAt, updatedBy } = record
  const state = lifecycle === 'active' ? '' : `, ${lifecycle}`
  const created = `created ${fullTime(createdAt)} by ${visibleLine(createdBy, 80)}`
  const updated = `changed ${fullTime(updatedAt)} by ${visibleLine(updatedBy, 80)}`
  const { quarantined } = record
  return [
    `${type}  ${visibleLine(id, 255)}`,
    `version ${version}${state} · ${created}${version > 1 ? ` · ${updated}` : ''}`,
    ...(quarantined === undefined
      ? []
      : [
          '',
          `! This record does not fit its type: ${visibleLine(quarantined.reason, 500)}`,
          '! What can be read is shown. `orion doctor` finds such records, and an update mends them.',
        ]),
  ]
}

/** Short values in a column first come first served; long ones as paragraphs of their own. */
function dataLines(data: JsonObject, order: readonly string[] = []): string[] {
  const fields = fieldNames(data, order)
  const lines: string[] = []
  let length = 0
  let wasLong = false
  for (const [index, name] of fields.entries()) {
    const value = valueText(data[name] ?? null)
    const label = visibleLine(name, 60)
    const isLong = value.includes('\n') || value.length > shortMax
    if (index > 0 && (isLong || wasLong)) lines.push('')
    wasLong = isLong
    if (isLong) lines.push(label, indented(value))
    else lines.push(`${label.padEnd(columnMax)}  ${value}`.trimEnd())
    length += value.length
    if (length > documentMaxLength) {
      const rest = counted(fields.length - index - 1, 'further field')
      lines.push(
        '',
        `! Cut here: the record is too large to show. ${rest} left out; \`orion get\` prints all.`,
      )
      break
    }
  }
  return lines.length === 0 ? ['(no data)'] : lines
}

/** The fields of a record, those of its type in their order first. */
function fieldNames(data: JsonObject, order: readonly string[] = []): string[] {
  const placed = order.filter((name) => Object.hasOwn(data, name))
  return [...new Set([...placed, ...Object.keys(data)])]
}

/** A value for people: texts as they are, lists line by line, objects as JSON. What is too long is cut. */
export function valueText(value: Json): string {
  if (typeof value === 'string') return cut(value)
  if (Array.isArray(value)) return listText(value)
  if (isJsonObject(value)) {
    return Object.keys(value).length === 0 ? '{}' : cut(JSON.stringify(value, null, 2))
  }
  return String(value)
}

function listText(items: readonly Json[]): string {
  if (items.length === 0) return '(none)'
  const texts = items.map((item) =>
    typeof item === 'string' ? item : JSON.stringify(item, null, isJsonObject(item) ? 2 : 0),
  )
  const line = texts.join(', ')
  if (line.length <= shortMax && !/[\n\r]/.test(line) && texts.every((text) => text.length <= 40)) {
    return visibleText(line)
  }
  return cut(texts.map((text) => `- ${text.replace(/\n/g, '\n  ')}`).join('\n'))
}

function cut(text: string): string {
  if (text.length <= valueMaxLength) return visibleText(text)
  const rest = (text.length - valueMaxLength).toLocaleString('en')
  return `${visibleText(text.slice(0, valueMaxLength))}\n! Cut here: ${rest} further characters; \`orion get\` prints all.`
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

function versionLine({ version, op, at, actor, changedFields, reason }: RecordVersion): string {
  const who = visibleLine(actor.principal, 40)
  const client = visibleLine(actor.client, 40)
  const fields = op === 'updated' ? changedFields.map((field) => visibleLine(field, 40)) : []
  const why = reason === undefined ? '' : `  “${visibleLine(reason, 120)}”`
  const what = fields.length === 0 ? '' : `  ${fields.join(', ')}`
  return `  ${String(version).padStart(4)}  ${fullTime(at)}  ${op.padEnd(8)}  ${who} (${client})${what}${why}`
}
