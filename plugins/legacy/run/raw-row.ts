/** The cells of a row as a text that can be kept in a record and gives the very bytes back. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { type RawCell, RawText } from '../../../daemon/store/engine/foreign-file.ts'
import type { Json } from '../../../sdk/json.ts'
import type { SourceRow } from '../convert/source-row.ts'
import { textOf } from '../decode/cells.ts'

const plainMaxLength = 2048
const [plainMark, packedMark] = ['json:', 'gzip:']

/** The cells as a text. */
export function packRow(row: Pick<SourceRow, 'columns' | 'cells'>): string {
  const cells = row.columns.map((name, at): Json[] => [name, ...packCell(row.cells[at] ?? null)])
  const text = JSON.stringify(cells)
  if (text.length <= plainMaxLength) return `${plainMark}${text}`
  return `${packedMark}${gzipSync(text).toString('base64')}`
}

/** The columns and cells that `packRow` was given. */
export function unpackRow(packed: string): { columns: string[]; cells: RawCell[] } {
  const text = packed.startsWith(packedMark)
    ? gunzipSync(Buffer.from(packed.slice(packedMark.length), 'base64')).toString('utf8')
    : packed.slice(plainMark.length)
  const parsed: unknown = JSON.parse(text)
  if (!Array.isArray(parsed)) throw new Error('expected the cells of a row')
  const columns: string[] = []
  const cells: RawCell[] = []
  for (const [name, kind, value] of parsed) {
    columns.push(String(name))
    cells.push(unpackCell(String(kind), String(value ?? '')))
  }
  return { columns, cells }
}

/** The cells as JSON for people and programs: texts as they are where they are texts. */
export function showRow(packed: string): { readonly [column: string]: Json } {
  const { columns, cells } = unpackRow(packed)
  return Object.fromEntries(columns.map((name, at) => [name, shownCell(cells[at] ?? null)]))
}

function shownCell(cell: RawCell): Json {
  if (cell instanceof RawText) {
    return textOf(cell.bytes, 'UTF-8') ?? { textBase64: base64(cell.bytes) }
  }
  if (cell instanceof Uint8Array) return { base64: base64(cell) }
  if (typeof cell !== 'bigint') return cell
  return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell)
}

function packCell(cell: RawCell): Json[] {
  if (cell === null) return ['null']
  if (typeof cell === 'bigint') return ['integer', String(cell)]
  if (typeof cell === 'number') return ['real', String(cell)]
  if (cell instanceof Uint8Array) return ['blob', base64(cell)]
  const text = textOf(cell.bytes, 'UTF-8')
  return text === undefined ? ['bytes', base64(cell.bytes)] : ['text', text]
}

function unpackCell(kind: string, value: string): RawCell {
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
      return new RawText(new Uint8Array(Buffer.from(value)))
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
