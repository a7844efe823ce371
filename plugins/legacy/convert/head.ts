/** What all objects of the earlier system share: version, instants, who wrote. */
import { type RawCell, RawText } from '../../../daemon/store/engine/foreign-file.ts'
import type { Instant } from '../../../sdk/instant.ts'
import type { Json } from '../../../sdk/json.ts'
import { textOf } from '../decode/cells.ts'
import { instantOf, madeAtMs, readTime, type WrittenTime } from '../decode/instants.ts'
import { utc, type Zone } from '../decode/zone.ts'
import { cellOf, objectsTable, type SourceRow } from './source-row.ts'
import { asText, type Members, Unfit } from './values.ts'

/** The head of a row. */
export interface Head {
  readonly version: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** For other instants of the row that name none. */
  readonly zone: Zone
  /** Whether the payload is of the era before 2025-12-20. */
  readonly older: boolean
  /** What the payload said otherwise than the row; the row counts. */
  readonly extra: { readonly [name: string]: Json }
}

/** Largest version that is taken over: a record must be able to get newer ones, up to 2^53 - 1. */
export const versionMax = 2 ** 52

/** Reads the head of a row; the columns are the truth, and the payload helps where they say nothing. */
export function headOf(
  row: SourceRow,
  given: {
    readonly payload: Members
    readonly zone: Zone | undefined
    readonly id: string
  },
): Head {
  const { payload, id } = given
  const said = {
    id: payload.take('id'),
    version: payload.take('version'),
    created: payload.take('created_at'),
    updated: payload.take('updated_at'),
  }
  const older = row.table === objectsTable && payload.has('type') && !payload.has('created_by')
  if (older) payload.repairs.add('older_shape', 'type', payload.take('type'))
  const columns = {
    created: timeOf(row, 'created_at'),
    updated: timeOf(row, 'updated_at'),
  }
  const zone = zoneOf({ ...given, said, columns, older })
  const version = versionOf(cellOf(row, 'version'), payload, row.encoding)
  const instants = instantsOf({ payload, said, columns, zone, id })
  const extra: { [name: string]: Json } = {}
  if (said.id !== undefined && said.id !== id) {
    payload.repairs.add('id_differs', 'id', said.id)
    extra.id = said.id
  }
  if (row.table === objectsTable) {
    if (said.version !== undefined && said.version !== version) extra.version = said.version
    differing(extra, 'created_at', { said: said.created, is: instants.createdAt, zone })
    differing(extra, 'updated_at', { said: said.updated, is: instants.updatedAt, zone })
  }
  const unknown = payload.repairs.all.find(({ kind }) => kind === 'version_replaced')
  if (unknown !== undefined && unknown.was !== 'null') extra.version = asJson(unknown.was)
  return { version, ...instants, zone, older, extra }
}

function asJson(text: string): Json {
  const value: Json = JSON.parse(text)
  return value
}

/** Keeps what the payload says if it is another instant than the one that counts. */
function differing(
  extra: { [name: string]: Json },
  name: string,
  {
    said,
    is,
    zone,
  }: { readonly said: Json | undefined; readonly is: Instant; readonly zone: Zone },
): void {
  if (said === undefined) return
  const time = typeof said === 'string' ? readTime(said) : undefined
  if (time === undefined || instantOf(time, zone) !== is) extra[name] = said
}

/** A written time, `missing`, or `unreadable` with what is there. */
type ColumnTime =
  | { readonly is: 'written'; readonly time: WrittenTime; readonly shown: Json }
  | { readonly is: 'missing' }
  | { readonly is: 'unreadable'; readonly shown: string }

function timeOf(row: SourceRow, column: string): ColumnTime {
  const cell = cellOf(row, column)
  if (cell === null) return { is: 'missing' }
  const shown = shownCell(cell, row.encoding)
  const plain = cell instanceof RawText ? shown : cell instanceof Uint8Array ? '' : cell
  const time = readTime(plain)
  if (time === undefined) return { is: 'unreadable', shown: `${column}: ${JSON.stringify(shown)}` }
  return { is: 'written', time, shown: typeof cell === 'bigint' ? Number(cell) : shown }
}

function shownCell(cell: RawCell, encoding: string): string {
  if (cell instanceof RawText) return textOf(cell.bytes, encoding) ?? '(no Unicode)'
  return cell instanceof Uint8Array ? '(bytes)' : String(cell)
}

interface Times {
  readonly said: { readonly created: Json | undefined; readonly updated: Json | undefined }
  readonly columns: { readonly created: ColumnTime; readonly updated: ColumnTime }
}

/**
 * Which clock the zone-less instants of a row were read from: the one that the row itself proves, else the one that was
 * asked for, else UTC, which the earlier system wrote in its last era.
 */
function zoneOf(
  row: Times & {
    readonly id: string
    readonly older: boolean
    readonly zone: Zone | undefined
    readonly payload: Members
  },
): Zone {
  const proved = provedByPayload(row)
  if (proved !== undefined) return proved
  if (row.zone !== undefined) return row.zone
  const offsetMs = row.older ? provedById(row) : undefined
  if (offsetMs === undefined || offsetMs === 0) return utc
  row.payload.repairs.add('local_time', 'created_at', offsetMs / 60_000)
  return () => offsetMs
}

/** The payload repeats the instant of a column, and names a zone. */
function provedByPayload({ said, columns }: Times): Zone | undefined {
  for (const name of ['updated', 'created'] as const) {
    const column = columns[name]
    const text = said[name]
    const time = typeof text === 'string' ? readTime(text) : undefined
    if (column.is !== 'written' || time?.offsetMs === undefined) continue
    const { offsetMs } = time
    if (time.wallMs === column.time.wallMs && time.micros === column.time.micros) {
      return () => offsetMs
    }
  }
  return undefined
}

const quarterMs = 15 * 60_000
const clocksMayDifferMs = 5_000

/** An id of version 7 tells when it was made; local time differs from that by whole quarters of an hour. */
function provedById({ id, columns }: Times & { readonly id: string }): number | undefined {
  const madeMs = madeAtMs(id)
  if (madeMs === undefined || columns.created.is !== 'written') return undefined
  const aheadMs = columns.created.time.wallMs - madeMs
  const offsetMs = Math.round(aheadMs / quarterMs) * quarterMs
  const plausible = Math.abs(offsetMs) <= 14 * 3_600_000
  return plausible && Math.abs(aheadMs - offsetMs) <= clocksMayDifferMs ? offsetMs : undefined
}

function instantsOf({
  payload,
  said,
  columns,
  zone,
  id,
}: Times & { readonly payload: Members; readonly zone: Zone; readonly id: string }): {
  createdAt: Instant
  updatedAt: Instant
} {
  const of = (column: ColumnTime, name: string): Instant | undefined => {
    if (column.is === 'missing') return undefined
    const instant = column.is === 'written' ? instantOf(column.time, zone) : undefined
    if (column.is === 'unreadable' || instant === undefined) {
      const shown = column.is === 'unreadable' ? column.shown : `${name}: ${asText(column.shown)}`
      throw new Unfit('instant_unreadable', `expected an instant, got ${shown}`)
    }
    if (!column.time.usual) payload.repairs.add('time_rewritten', name, column.shown)
    return instant
  }
  const fromPayload = (value: Json | undefined): Instant | undefined => {
    const time = typeof value === 'string' ? readTime(value) : undefined
    return time === undefined ? undefined : instantOf(time, zone)
  }
  const made = madeAtMs(id)
  const created = of(columns.created, 'created_at')
  const updated = of(columns.updated, 'updated_at')
  const createdAt =
    created ??
    fromPayload(said.created) ??
    (made === undefined ? updated : new Date(made).toISOString().replace('Z', '000Z'))
  const updatedAt = updated ?? fromPayload(said.updated) ?? createdAt
  if (createdAt === undefined || updatedAt === undefined) {
    throw new Unfit('instant_unreadable', 'created_at and updated_at are both NULL')
  }
  if (created === undefined) payload.repairs.add('time_missing', 'created_at', null)
  if (updated === undefined) payload.repairs.add('time_missing', 'updated_at', null)
  return { createdAt, updatedAt }
}

function versionOf(cell: RawCell, payload: Members, encoding: string): number {
  if (typeof cell === 'bigint' && cell >= 1n && cell <= BigInt(versionMax)) return Number(cell)
  const text = cell instanceof RawText ? textOf(cell.bytes, encoding) : undefined
  const meant = text === undefined ? cell : /\d+/.exec(text)?.[0]
  const number =
    meant === undefined || meant instanceof Uint8Array || meant instanceof RawText
      ? 1
      : Number(meant)
  const shown = cell === null ? null : typeof cell === 'number' ? cell : shownCell(cell, encoding)
  payload.repairs.add('version_replaced', 'version', shown)
  return Math.min(versionMax, Math.max(1, Math.floor(Number.isNaN(number) ? 1 : number)))
}

/** Who is named where the earlier system kept nobody's name. */
export const unknownAuthor = 'legacy'

/** Who created the object and who changed it last. */
export function authorsOf(payload: Members): { createdBy: string; updatedBy: string } {
  return { createdBy: authorOf(payload, 'created_by'), updatedBy: authorOf(payload, 'updated_by') }
}

function authorOf(payload: Members, name: string): string {
  const value = payload.take(name)
  if (value === undefined || value === null || value === '') return unknownAuthor
  if (typeof value !== 'string') payload.repairs.add('made_text', name, value)
  const author = asText(value)
  if (author.length <= authorMaxLength) return author
  payload.repairs.add('name_cut', name, author)
  return author.slice(0, authorMaxLength).toWellFormed()
}

const authorMaxLength = 255
