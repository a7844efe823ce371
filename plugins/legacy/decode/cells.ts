/** What the cells of a row hold: texts, and the payload with what had to be done to read it. */
import { TextDecoder } from 'node:util'
import { type RawCell, RawText } from '../../../daemon/store/engine/foreign-file.ts'
import { isJsonObject, type Json, type JsonObject, jsonKind } from '../../../sdk/json.ts'
import { type JsonNote, readJson } from './json-text.ts'

/** A text, or undefined if the bytes are none in the encoding of the file. */
export function textOf(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return decoderOf(encoding).decode(bytes)
  } catch {
    return undefined // It says that the bytes are no text; who asks decides what that means.
  }
}

const decoders = {
  utf8: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  utf16le: new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
  utf16be: new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }),
} as const

function decoderOf(encoding: string): TextDecoder {
  if (encoding === 'UTF-16le') return decoders.utf16le
  return encoding === 'UTF-16be' ? decoders.utf16be : decoders.utf8
}

/** A value that was read, or why it can't be. */
export type Decoded<T> =
  | {
      readonly outcome: 'read'
      readonly value: T
      readonly notes: readonly JsonNote[]
      readonly repairs: readonly CellRepair[]
    }
  | { readonly outcome: 'unreadable'; readonly reason: UnreadableReason; readonly detail: string }

/** What was done to a cell before it could be read. */
export type CellRepair = 'stored_as_blob' | 'byte_order_mark' | 'encoded_twice'

/** Why a cell can't be read. */
export type UnreadableReason = 'not_text' | 'not_json' | 'not_an_object'

/** The payload of a row: a JSON object. */
export function decodePayload(cell: RawCell, encoding: string): Decoded<JsonObject> {
  const decoded = decodeJson(cell, encoding)
  if (decoded.outcome === 'unreadable') return decoded
  if (isJsonObject(decoded.value)) return { ...decoded, value: decoded.value }
  const detail = `expected an object, got ${jsonKind(decoded.value)}`
  return { outcome: 'unreadable', reason: 'not_an_object', detail }
}

/** The JSON value of a cell. */
export function decodeJson(cell: RawCell, encoding: string): Decoded<Json> {
  if (cell === null) return unreadable('not_an_object', 'expected JSON, got NULL')
  // NUMERIC affinity makes a bare number a number.
  if (typeof cell === 'bigint' || typeof cell === 'number') {
    return unreadable('not_an_object', `expected an object, got the number ${cell}`)
  }
  const isText = cell instanceof RawText
  const bytes = isText ? cell.bytes : cell
  const text = textOf(bytes, isText ? encoding : 'UTF-8')
  if (text === undefined) {
    const what = isText ? 'text' : 'bytes'
    return unreadable(
      'not_text',
      `expected JSON in ${isText ? encoding : 'UTF-8'}, got ${what} that are no Unicode`,
    )
  }
  return decodeText(text, isText ? [] : ['stored_as_blob'])
}

function decodeText(text: string, before: readonly CellRepair[]): Decoded<Json> {
  const marked = text.startsWith('\ufeff')
  const repairs: CellRepair[] = marked ? [...before, 'byte_order_mark'] : [...before]
  const reading = readJson(marked ? text.slice(1) : text)
  if (reading.outcome === 'malformed') {
    return unreadable('not_json', text.length === 0 ? 'the text is empty' : reading.problem)
  }
  const { value, notes } = reading
  if (typeof value === 'string' && !repairs.includes('encoded_twice')) {
    const inner = decodeText(value, [...repairs, 'encoded_twice'])
    if (inner.outcome === 'read') return inner
  }
  return { outcome: 'read', value, notes, repairs }
}

function unreadable(
  reason: UnreadableReason,
  detail: string,
): { outcome: 'unreadable'; reason: UnreadableReason; detail: string } {
  return { outcome: 'unreadable', reason, detail }
}
