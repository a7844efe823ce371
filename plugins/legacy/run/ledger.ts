/** What is kept about each row in the store, in the transaction that brings it over. */
import type { JsonObject } from '../../../sdk/json.ts'
import type { ImportedRecord } from '../../../sdk/protocol/records.ts'
import type { Conclusion } from '../convert/convert-row.ts'
import type { Repair } from '../convert/repairs.ts'
import { legacyTypeOf, rowKeyOf, type SourceRow, textAt } from '../convert/source-row.ts'
import { LegacyRow, LegacyRowPart } from '../record-types.ts'
import { packRow } from './raw-row.ts'

/** What an earlier run has kept about a row. */
export interface KnownRow {
  readonly id: string
  readonly version: number
  readonly digest: string
  readonly pile: string
  readonly source: string
  readonly recordType: string | undefined
  readonly recordId: string | undefined
  readonly recordVersion: number | undefined
}

/** Reads what is kept about a row. */
export function knownRowOf(record: {
  readonly id: string
  readonly version: number
  readonly data: JsonObject
}): KnownRow {
  const text = (name: string): string | undefined => {
    const value = record.data[name]
    return typeof value === 'string' ? value : undefined
  }
  const { recordVersion } = record.data
  return {
    id: record.id,
    version: record.version,
    digest: text('digest') ?? '',
    pile: text('pile') ?? '',
    source: text('source') ?? '',
    recordType: text('recordType'),
    recordId: text('recordId'),
    recordVersion: typeof recordVersion === 'number' ? recordVersion : undefined,
  }
}

/** A row with what it is known by. */
export interface KeyedRow {
  readonly row: SourceRow
  readonly key: string
  readonly digest: string
}

/** Id of what is kept about another state of a row that has a record already. */
export function besideKey({ key, digest }: KeyedRow): string {
  return `${key}#${digest.slice(0, 16)}`
}

/** What is kept about a row, as records: itself, and before it the parts of its cells if they are long. */
export interface LedgerEntry {
  readonly row: ImportedRecord
  readonly parts: readonly ImportedRecord[]
}

/** Longest part of the cells in one record, in characters. */
const partMaxLength = 256 * 1024
/** Longest text of repairs that are kept whole; beyond it the cells of the row are kept instead. */
const repairsMaxLength = 32 * 1024
const cutWasLength = 500

/** Writes down what became of a row. */
export function ledgerEntry(
  { row, key, digest }: KeyedRow,
  conclusion: Conclusion,
  { source }: { readonly source: string },
): LedgerEntry {
  const legacyType = legacyTypeOf(row)
  const id = textAt(row, 'id')
  const common = {
    table: row.table,
    ...(id === undefined ? {} : { key: id }),
    ...(legacyType === null ? {} : { legacyType }),
    source,
    digest,
    pile: conclusion.pile,
  }
  if (conclusion.pile === 'quarantined') {
    const { reason, detail } = conclusion
    return withCells({ ...common, reason, detail: cutText(detail) }, { row, key, digest })
  }
  const { record, repairs, notices } = conclusion
  const data = {
    ...common,
    recordType: record.type,
    recordId: record.id,
    recordVersion: record.version,
    notices: [...notices],
  }
  const length = repairs.reduce((sum, { was, field }) => sum + was.length + field.length, 0)
  if (length <= repairsMaxLength && repairs.length <= repairsMax) {
    return { row: recordOf(key, { ...data, repairs: repairs.map(shown) }), parts: [] }
  }
  const cut = repairs.slice(0, repairsMax).map(({ kind, field, was }) => ({
    kind,
    field: cutText(field),
    was: cutText(was),
  }))
  return withCells({ ...data, repairs: cut }, { row, key, digest })
}

const repairsMax = 200

function shown({ field, kind, was }: Repair): { field: string; kind: string; was: string } {
  return { field, kind, was }
}

function withCells(data: JsonObject, { row, key, digest }: KeyedRow): LedgerEntry {
  const packed = packRow(row)
  if (packed.length <= partMaxLength) {
    return { row: recordOf(key, { ...data, raw: packed }), parts: [] }
  }
  const parts: ImportedRecord[] = []
  for (let start = 0; start < packed.length; start += partMaxLength) {
    const number = parts.length
    const text = packed.slice(start, start + partMaxLength)
    parts.push({
      type: LegacyRowPart.name,
      id: partId(digest, number),
      data: { row: key, number, text },
    })
  }
  return { row: recordOf(key, { ...data, rawParts: parts.length }), parts }
}

/** Parts are named by what is in them: who writes one again writes the same. */
export function partId(digest: string, number: number): string {
  return `${digest}-${number}`
}

function recordOf(id: string, data: JsonObject): ImportedRecord {
  return { type: LegacyRow.name, id, data }
}

function cutText(text: string): string {
  return text.length <= cutWasLength ? text : text.slice(0, cutWasLength).toWellFormed()
}

/** Id that a row is kept under, unless another state of it was there before. */
export function keyed(row: SourceRow, digest: string): KeyedRow {
  return { row, key: rowKeyOf(row), digest }
}
