/** Decides what a row becomes. Pure: the same row gives the same, and nothing is read or written. */
import type { Instant } from '../../../sdk/instant.ts'
import { type Json, type JsonObject, jsonEqual } from '../../../sdk/json.ts'
import type { Lifecycle } from '../../../sdk/model.ts'
import type { ImportedRecord } from '../../../sdk/protocol/records.ts'
import { RecordSchema } from '../../../sdk/record-schema.ts'
import type { RecordType } from '../../../sdk/record-type.ts'
import { storableProblem } from '../../../sdk/storable-json.ts'
import {
  JobResult,
  OrionActionLog,
  OrionInsight,
  OrionPattern,
  Proposal,
} from '../../orion/record-types.ts'
import type { UnreadableReason } from '../decode/cells.ts'
import type { Zone } from '../decode/zone.ts'
import { LegacyObject } from '../record-types.ts'
import { type Conversion, type Converted, conversions, lifecycleNamed } from './conversions.ts'
import { authorsOf, type Head, headOf } from './head.ts'
import { proposal } from './proposal.ts'
import type { Repair } from './repairs.ts'
import {
  legacyTypeOf,
  objectsTable,
  payloadOf,
  type SourceRow,
  textAt,
  typedTables,
} from './source-row.ts'
import { targetIdOf } from './target-id.ts'
import { Members, Unfit, type UnfitReason } from './values.ts'

/** What a row becomes. */
export type Conclusion =
  | {
      readonly pile: 'migrated' | 'repaired' | 'carried'
      readonly record: ImportedRecord & { readonly data: JsonObject; readonly version: number }
      readonly repairs: readonly Repair[]
      readonly notices: readonly Notice[]
    }
  | { readonly pile: 'quarantined'; readonly reason: QuarantineReason; readonly detail: string }

/** Why a row is kept aside. */
export type QuarantineReason =
  | UnreadableReason
  | UnfitReason
  | 'id_empty'
  | 'does_not_fit'
  | 'too_large'
  | 'id_taken'
  | 'superseded'
  | 'changed_on_both_sides'

/** What is worth knowing and changed nothing. */
export type Notice = 'updated_before_created' | 'type_near_miss' | 'job_id_shared'

/** How rows are to be read. */
export interface ConvertOptions {
  /** The zone that was asked for, for instants that name none and whose row proves none. */
  readonly zone: Zone | undefined
  /** Bounds of the store, in bytes of JSON text. */
  readonly recordMaxBytes: number
}

/** Decides what a row becomes. */
export function convertRow(row: SourceRow, options: ConvertOptions): Conclusion {
  try {
    return convert(row, options)
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    return { pile: 'quarantined', reason: error.reason, detail: error.message }
  }
}

function convert(row: SourceRow, options: ConvertOptions): Conclusion {
  const id = textAt(row, 'id')
  if (id === undefined) throw new Unfit('id_unreadable', 'id: expected a text')
  if (id === '') return { pile: 'quarantined', reason: 'id_empty', detail: 'id: it is empty' }
  const read = payloadOf(row)
  if (read.outcome === 'unreadable') {
    return { pile: 'quarantined', reason: read.reason, detail: read.detail }
  }
  const { repairs } = read
  const legacyType = legacyTypeOf(row)
  const conversion = conversionOf(row, legacyType)
  const payload = new Members(read.payload, repairs)
  const head = headOf(row, { payload, zone: options.zone, id })
  const authors = authorsOf(payload)
  const made =
    conversion === undefined
      ? carried(row, read.payload, legacyType)
      : known(payload, conversion, { id, head })
  const targetId = recordIdOf(row, { id, head, made })
  if (targetId !== id && made.type !== LegacyObject.name) {
    repairs.add('id_replaced', 'id', id)
    made.data.extra = { ...asObject(made.data.extra), id }
  }
  const checked = checkedData(made.type, definedMembers(made.data), options)
  if ('reason' in checked) return { pile: 'quarantined', ...checked }
  const { data } = checked
  const { version, createdAt, updatedAt } = head
  const notices = noticesOf({ createdAt, updatedAt, legacyType, conversion })
  const pile =
    conversion === undefined ? 'carried' : repairs.all.length > 0 ? 'repaired' : 'migrated'
  return {
    pile,
    record: {
      type: made.type,
      id: targetId,
      version,
      createdAt,
      updatedAt,
      ...authors,
      lifecycle: made.lifecycle,
      data,
    },
    repairs: repairs.all,
    notices,
  }
}

function conversionOf(row: SourceRow, legacyType: string | null): Conversion | undefined {
  if (row.table === 'proposals') return proposal
  if (row.table !== objectsTable && !typedTables.has(row.table)) return undefined
  return legacyType === null ? undefined : conversions.get(legacyType)
}

/** A type with a record type of its own. What is left of the payload goes to `extra`. */
function known(
  payload: Members,
  conversion: Conversion,
  { id, head }: { readonly id: string; readonly head: Head },
): Mutable<Converted> {
  const made = conversion(payload, { id, zone: head.zone, older: head.older })
  const nested = Object.entries(made.extra)
  const rest = payload.rest()
  for (const [name, value] of [...rest, ...nested]) {
    payload.repairs.add('unknown_members', name, value)
  }
  // A status that could not stay is kept where its meaning was.
  const lost = payload.repairs.all
    .filter(({ kind }) => kind === 'status_unknown' || kind === 'outcome_overwritten')
    .map(({ was }): [string, Json] => ['status', JSON.parse(was)])
  const extra = Object.fromEntries([...rest, ...nested, ...Object.entries(head.extra), ...lost])
  if (Object.keys(extra).length === 0) return made
  return { ...made, data: { ...made.data, extra } }
}

function carried(
  row: SourceRow,
  payload: JsonObject,
  legacyType: string | null,
): Mutable<Converted> {
  const status = Object.hasOwn(payload, 'status') ? payload.status : undefined
  const lifecycle = typeof status === 'string' ? lifecycleNamed(status) : undefined
  return {
    type: LegacyObject.name,
    data: { originalType: legacyType ?? undefined, originalTable: row.table, payload },
    lifecycle: lifecycle ?? 'active',
    extra: {},
  }
}

/** Objects that are carried share one type, so those of other tables than `objects` have the table before their id. */
function recordIdOf(
  row: SourceRow,
  { id, made }: { readonly id: string; readonly head: Head; readonly made: Converted },
): string {
  const own = made.type === LegacyObject.name && row.table !== objectsTable
  return targetIdOf(own ? `${row.table}:${id}` : id)
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {}
}

type Mutable<T> = { -readonly [name in keyof T]: T[name] }

function definedMembers(data: { readonly [field: string]: Json | undefined }): JsonObject {
  const members = Object.entries(data).flatMap(([name, value]): [string, Json][] =>
    value === undefined ? [] : [[name, value]],
  )
  return Object.fromEntries(members)
}

const targetTypes: readonly RecordType[] = [
  OrionActionLog,
  JobResult,
  OrionInsight,
  OrionPattern,
  Proposal,
  LegacyObject,
]
const schemas: ReadonlyMap<string, RecordSchema> = new Map(
  targetTypes.map(({ name, definition }) => [name, new RecordSchema(definition)]),
)

/** The data in its stored form, or why the store would refuse it. */
function checkedData(
  type: string,
  given: JsonObject,
  { recordMaxBytes }: ConvertOptions,
): { data: JsonObject } | { reason: QuarantineReason; detail: string } {
  const checked = schemas.get(type)?.check(given)
  if (checked?.outcome === 'invalid') {
    const detail = checked.issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
    return { reason: 'does_not_fit', detail }
  }
  const data = checked?.data ?? given
  const unstorable = storableProblem(data)
  if (unstorable !== undefined) {
    return { reason: 'does_not_fit', detail: `${unstorable.path}: ${unstorable.message}` }
  }
  const bytes = Buffer.byteLength(JSON.stringify(data))
  if (bytes <= recordMaxBytes) return { data }
  return {
    reason: 'too_large',
    detail: `the data has ${bytes} bytes; the limit is ${recordMaxBytes}`,
  }
}

function noticesOf(facts: {
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly legacyType: string | null
  readonly conversion: Conversion | undefined
}): Notice[] {
  const { createdAt, updatedAt, legacyType, conversion } = facts
  const notices: Notice[] = []
  if (updatedAt < createdAt) notices.push('updated_before_created')
  const meant = legacyType?.trim().toLowerCase()
  const near = [...conversions.keys()].some((name) => name.toLowerCase() === meant)
  if (conversion === undefined && near) notices.push('type_near_miss')
  return notices
}

/** Whether a record is what a conclusion says, in all that the earlier system said. */
export function sameContent(
  record: { readonly data: JsonObject; readonly lifecycle: Lifecycle },
  concluded: ImportedRecord,
): boolean {
  return (
    record.lifecycle === (concluded.lifecycle ?? 'active') && jsonEqual(record.data, concluded.data)
  )
}
