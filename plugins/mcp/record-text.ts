/**
 * Records as text for a model: one line each, their data as JSON, which can't be mistaken for anything that Orion says.
 */
import type { FieldDefinition } from '../../sdk/field.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'

/** How much of a record is told. `index`: its title. `summary`: its fields, long ones cut. `full`: everything. */
export type Detail = 'index' | 'summary' | 'full'

/** What is needed to know of a record type to tell its records shortly. */
export interface TypeOutline {
  readonly name: string
  readonly fields: { readonly [name: string]: FieldDefinition }
}

/** One record as one line: `OrionInsight/ID v3 {"summary":"…"}`. */
export function recordLine(record: Record, detail: Detail, type: TypeOutline | undefined): string {
  const state = record.lifecycle === 'active' ? '' : ` ${record.lifecycle}`
  const head = `${nameOf(record)} v${record.version}${state}`
  if (detail === 'full') {
    return `${head} ${dataText(record.data)} updated ${record.updatedAt} by ${plain(record.updatedBy)}`
  }
  const data = detail === 'index' ? titleOf(record.data, type) : summaryOf(record.data, type)
  return `${head} ${dataText(data)}`
}

/** A record by its name, as the head of its line. An id may be any text: one that is not a plain word is JSON. */
export function nameOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}/${idText(id)}`
}

/** An id, whole, in one word that can't be taken for anything else. */
export function idText(id: string): string {
  return /^[\w:.@/+-]+$/.test(id) ? id : dataText(id)
}

/** Data as JSON in one line: what nobody sees, breaks a line or turns its direction is escaped beyond what JSON asks for. */
export function dataText(value: Json): string {
  return oneLine(JSON.stringify(value))
}

/** A text in one line in which everything can be seen: what can't be is escaped as in JSON. */
export function oneLine(text: string): string {
  return text.replace(deceptive, (sign) => {
    const units = Array.from({ length: sign.length }, (_, index) => sign.charCodeAt(index))
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
  })
}

/** Controls, formats (among them signs of direction and invisible tags), breaks of lines, and letters without a shape. */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|[\u{e0100}-\u{e01ef}]/gu

/** The field that says what a record is about: the searchable one of the greatest weight, else the first text. */
export function titleField(type: TypeOutline | undefined): string | undefined {
  if (type === undefined) return undefined
  let best: string | undefined
  let weight = 0
  for (const [name, field] of Object.entries(type.fields)) {
    const own = field.searchable === true ? 1 : (field.searchable ?? 0)
    if (own > weight && field.kind === 'text') [best, weight] = [name, own]
  }
  return best ?? Object.keys(type.fields).find((name) => type.fields[name]?.kind === 'text')
}

function titleOf(data: JsonObject, type: TypeOutline | undefined): Json {
  const name = titleField(type)
  const title = name === undefined ? undefined : data[name]
  return typeof title === 'string' ? cut(title, titleMaxLength) : summaryOf(data, type)
}

/** The data without what is empty or as it is by default; long texts and lists are cut. */
function summaryOf(data: JsonObject, type: TypeOutline | undefined): JsonObject {
  const shown: { [name: string]: Json } = {}
  for (const [name, value] of Object.entries(data)) {
    const byDefault = type?.fields[name]?.default
    if (isEmpty(value) || JSON.stringify(value) === JSON.stringify(byDefault)) continue
    shown[name] = shortened(value)
  }
  return shown
}

function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function shortened(value: Json): Json {
  if (typeof value === 'string') return cut(value, textMaxLength)
  if (Array.isArray(value)) {
    const items = value.slice(0, itemsMax).map(shortened)
    return value.length > itemsMax ? [...items, `…${value.length - itemsMax} more`] : items
  }
  if (typeof value !== 'object' || value === null) return value
  const text = JSON.stringify(value)
  return text.length <= textMaxLength ? value : `…an object of ${text.length} characters`
}

/** Cuts a text between characters, and says so. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const end = /[\ud800-\udbff]/.test(text[maxLength - 1] ?? '') ? maxLength - 1 : maxLength
  return `${text.slice(0, end)}…`
}

/** A name that somebody else chose, cut, in one word that can't be taken for anything else. */
export function plain(name: string): string {
  return /^[\w:.@/+-]{1,64}$/.test(name) ? name : dataText(cut(name, 64))
}

const titleMaxLength = 120
const textMaxLength = 200
const itemsMax = 5
