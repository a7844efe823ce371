/** Rows of the earlier system's tables, and how each table's columns make the payload that its types are known by. */
import { createHash } from 'node:crypto'
import { type RawCell, RawText } from '../../../daemon/store/engine/foreign-file.ts'
import type { Json, JsonObject } from '../../../sdk/json.ts'
import { hasControlCharacter } from '../../../sdk/model.ts'
import { decodeJson, decodePayload, textOf, type UnreadableReason } from '../decode/cells.ts'
import { Repairs } from './repairs.ts'

/** One row as it was read. */
export interface SourceRow {
  readonly table: string
  readonly rowid: bigint
  readonly columns: readonly string[]
  readonly cells: readonly RawCell[]
  readonly encoding: string
}

/** The table of the first design, in which every object was a JSON text. */
export const objectsTable = 'objects'
/** Its columns that are read. The search text is made anew. */
export const objectsColumns = ['id', 'type', 'version', 'created_at', 'updated_at', 'data']
/** The column that holds what can be made anew. */
export const derivedColumn = 'fts_content'

/** The tables of the second design and the type whose objects each holds. */
export const typedTables: ReadonlyMap<string, string> = new Map([
  ['action_logs', 'OrionActionLog'],
  ['job_results', 'JobResult'],
  ['insights', 'OrionInsight'],
  ['patterns', 'OrionPattern'],
  ['proposals', 'Proposal'],
])

/** Where nested members of a payload went in the second design. */
const nestedColumns: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    'insights',
    new Map([
      ['summary', 'content'],
      ['domain', 'content'],
      ['tags', 'content'],
      ['source_episodic_ids', 'provenance'],
      ['provenance_method', 'provenance'],
    ]),
  ],
  [
    'patterns',
    new Map([
      ['trigger', 'structure'],
      ['steps', 'structure'],
      ['anti_patterns', 'structure'],
    ]),
  ],
])
const jsonColumns: ReadonlySet<string> = new Set(
  'parameters affected_ids output_artifacts metrics tags source_episodic_ids supports contradicts related_to steps anti_patterns payload execution_result'.split(
    ' ',
  ),
)

/** The cell of a column; NULL if there is no such column. */
export function cellOf({ columns, cells }: SourceRow, column: string): RawCell {
  return cells[columns.indexOf(column)] ?? null
}

/** The text of a column, or undefined if it is none. */
export function textAt(row: SourceRow, column: string): string | undefined {
  const cell = cellOf(row, column)
  return cell instanceof RawText ? textOf(cell.bytes, row.encoding) : undefined
}

/** The name of the type of a row in the earlier system; null if it had none. */
export function legacyTypeOf(row: SourceRow): string | null {
  if (row.table !== objectsTable) return typedTables.get(row.table) ?? row.table
  const cell = cellOf(row, 'type')
  if (cell === null) return null
  return textAt(row, 'type') ?? String(cell instanceof RawText ? 'unreadable' : cell)
}

/** What a row is known by in this store: its table and id, or a digest of the id if that can't be part of an id. */
export function rowKeyOf(row: SourceRow): string {
  const id = textAt(row, 'id')
  const plain = `${row.table}:${id}`
  if (id !== undefined && !hasControlCharacter(id) && Buffer.byteLength(plain) <= 200) return plain
  const cell = cellOf(row, 'id')
  const bytes =
    cell instanceof RawText ? cell.bytes : cell instanceof Uint8Array ? cell : String(cell)
  return `${row.table}:sha256-${createHash('sha256').update(bytes).digest('hex')}`
}

/** Digest of all cells of a row: the same row has the same, whatever file it lies in. */
export function rowDigestOf({ columns, cells }: SourceRow): string {
  const hash = createHash('sha256')
  columns.forEach((name, at) => {
    const cell = cells[at] ?? null
    hash.update(`${name}\0`)
    if (cell instanceof RawText) hash.update(`t${cell.bytes.length}\0`).update(cell.bytes)
    else if (cell instanceof Uint8Array) hash.update(`b${cell.length}\0`).update(cell)
    else hash.update(cell === null ? 'n\0' : `${typeof cell}${cell}\0`)
  })
  return hash.digest('hex')
}

/** The payload of a row in the shape of the first design, or why it can't be read. */
export type RowPayload =
  | { readonly outcome: 'read'; readonly payload: JsonObject; readonly repairs: Repairs }
  | { readonly outcome: 'unreadable'; readonly reason: UnreadableReason; readonly detail: string }

/** Reads the payload of a row of any table. */
export function payloadOf(row: SourceRow): RowPayload {
  const repairs = new Repairs()
  if (row.table === objectsTable) {
    const decoded = decodePayload(cellOf(row, 'data'), row.encoding)
    if (decoded.outcome === 'unreadable') return decoded
    for (const kind of decoded.repairs) repairs.add(kind, 'data', undefined)
    repairs.addNotes(decoded.notes)
    return { outcome: 'read', payload: decoded.value, repairs }
  }
  return columnsPayload(row, repairs)
}

function columnsPayload(row: SourceRow, repairs: Repairs): RowPayload {
  const known = typedTables.has(row.table)
  const parts: { [name: string]: { [name: string]: Json } } = {}
  const payload: { [name: string]: Json } = {}
  for (const [at, column] of row.columns.entries()) {
    const cell = row.cells[at] ?? null
    const outer = nestedColumns.get(row.table)?.get(column)
    const name = column === 'provenance_method' ? 'method' : column
    const path = outer === undefined ? [name] : [outer, name]
    const read = columnValue(row, cell, known ? jsonColumns.has(column) : 'perhaps')
    if (read.outcome === 'unreadable') {
      return { ...read, detail: `column ${column}: ${read.detail}` }
    }
    repairs.addNotes(read.notes, path)
    if (outer === undefined) {
      payload[name] = read.value
    } else {
      const part = parts[outer] ?? {}
      part[name] = read.value
      parts[outer] = part
    }
  }
  return { outcome: 'read', payload: { ...payload, ...parts }, repairs }
}

/** The value of a column. In tables that nobody knows what looks like a list or an object is read as one. */
function columnValue(
  row: SourceRow,
  cell: RawCell,
  isJson: boolean | 'perhaps',
): ReturnType<typeof decodeJson> {
  const read = (value: Json): ReturnType<typeof decodeJson> => ({
    outcome: 'read',
    value,
    notes: [],
    repairs: [],
  })
  if (cell === null || typeof cell === 'number') return read(cell)
  if (typeof cell === 'bigint') {
    const value = Number(cell)
    if (Number.isSafeInteger(value)) return read(value)
    const note = { path: [], kind: 'big_integer', was: String(cell) } as const
    return { outcome: 'read', value: String(cell), notes: [note], repairs: [] }
  }
  if (isJson === true) return decodeJson(cell, row.encoding)
  if (cell instanceof Uint8Array) {
    const text = textOf(cell, 'UTF-8')
    return read(text ?? { base64: Buffer.from(cell).toString('base64') })
  }
  const text = textOf(cell.bytes, row.encoding)
  if (text === undefined) {
    return { outcome: 'unreadable', reason: 'not_text', detail: 'the text is no Unicode' }
  }
  if (isJson === 'perhaps' && /^[[{]/.test(text)) {
    const decoded = decodeJson(cell, row.encoding)
    if (decoded.outcome === 'read') return decoded
  }
  return read(text)
}
