/** The cells of a row as a text that can be kept in a record and gives the very bytes back. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { type RawCell, RawText } from '../../../daemon/store/engine/foreign-file.ts'
import type { Json } from '../../../sdk/json.ts'
import type { SourceRow } from '../convert/source-row.ts'
import { textOf } from '../decode/cells.ts'

const plainMaxLength = 2048
const [plainMark, packedMark] = ['json:', 'gzip:']
const utf8 = 'UTF-8'
/** Encodings that are named in front of the mark; without one it is UTF-8. */
const otherEncodings = ['UTF-16le', 'UTF-16be']

/** A row as it is kept: its cells, and how their texts are encoded. */
export type KeptRow = Pick<SourceRow, 'columns' | 'cells' | 'encoding'>

/** The cells as a text. */
export function packRow({ columns, cells, encoding }: KeptRow): string {
  const packed = columns.map((name, at): Json[] => [name, ...packCell(cells[at] ?? null, encoding)])
  const text = JSON.stringify(packed)
  const before = encoding === utf8 ? '' : `${encoding}:`
  if (text.length <= plainMaxLength) return `${before}${plainMark}${text}`
  return `${before}${packedMark}${gzipSync(text).toString('base64')}`
}

/** What `packRow` was given. */
export function unpackRow(packed: string): KeptRow {
  const encoding = otherEncodings.find((name) => packed.startsWith(`${name}:`)) ?? utf8
  const marked = encoding === utf8 ? packed : packed.slice(encoding.length + 1)
  const text = marked.startsWith(packedMark)
    ? gunzipSync(Buffer.from(marked.slice(packedMark.length), 'base64')).toString('utf8')
    : marked.slice(plainMark.length)
  const parsed: unknown = JSON.parse(text)
  if (!Array.isArray(parsed)) throw new Error('expected the cells of a row')
  const columns: string[] = []
  const cells: RawCell[] = []
  for (const [name, kind, value] of parsed) {
    columns.push(String(name))
    cells.push(unpackCell(String(kind), String(value ?? ''), encoding))
  }
  return { columns, cells, encoding }
}

/** The cells as JSON for people and programs: texts as they are where they are texts. */
export function showRow(packed: string): { readonly [column: string]: Json } {
  const { columns, cells, encoding } = unpackRow(packed)
  return Object.fromEntries(
    columns.map((name, at) => [name, shownCell(cells[at] ?? null, encoding)]),
  )
}

function shownCell(cell: RawCell, encoding: string): Json {
  if (cell instanceof RawText) {
    return textOf(cell.bytes, encoding) ?? { textBase64: base64(cell.bytes) }
  }
  if (cell instanceof Uint8Array) return { base64: base64(cell) }
  if (typeof cell !== 'bigint') return cell
  return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell)
}

function packCell(cell: RawCell, encoding: string): Json[] {
  if (cell === null) return ['null']
  if (typeof cell === 'bigint') return ['integer', String(cell)]
  if (typeof cell === 'number') return ['real', String(cell)]
  if (cell instanceof Uint8Array) return ['blob', base64(cell)]
  const text = textOf(cell.bytes, encoding)
  return text === undefined ? ['bytes', base64(cell.bytes)] : ['text', text]
}

function unpackCell(kind: string, value: string, encoding: string): RawCell {
  switch (kind) {
    case 'null':
      return null
    case 'integer':
      return BigInt(value)
    case 'real':
      return Number(value)
    case 'blob':
      return new Uint8Array(Buffer.from(value, 'base64'))
    case 'bytes':
      return new RawText(new Uint8Array(Buffer.from(value, 'base64')))
    default:
      return new RawText(encoded(value, encoding))
  }
}

function encoded(text: string, encoding: string): Uint8Array {
  if (encoding === utf8) return new Uint8Array(Buffer.from(text))
  const bytes = Buffer.from(text, 'utf16le')
  return new Uint8Array(encoding === 'UTF-16be' ? bytes.swap16() : bytes)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
