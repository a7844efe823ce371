/**
 * Whether a stored record says all that its row says.
 *
 * It goes the other way than the migration: the record is put back into the old shape and compared, member by member, with
 * the payload as JavaScript's own JSON reader has it. What differs must be a repair that keeps what was there.
 */

import { RawText } from '../../../daemon/store/engine/foreign-file.ts'
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../../sdk/json.ts'
import type { Record } from '../../../sdk/model.ts'
import { renderPayload } from '../convert/render-payload.ts'
import type { Repair } from '../convert/repairs.ts'
import { cellOf, objectsTable, payloadOf, type SourceRow, textAt } from '../convert/source-row.ts'
import { targetIdOf } from '../convert/target-id.ts'
import { textOf } from '../decode/cells.ts'
import { instantOf, readTime } from '../decode/instants.ts'
import { readJson } from '../decode/json-text.ts'
import { LegacyObject } from '../record-types.ts'

/** What the row says and the record does not; empty if it says everything. */
export function differences(row: SourceRow, record: Record, repairs: readonly Repair[]): string[] {
  const source = independentPayload(row)
  if (source === undefined) return ['the payload can’t be read']
  const found = [...envelopeDifferences(row, source, { record, repairs })]
  const comparison = new Comparison(repairs)
  if (record.type === LegacyObject.name) {
    comparison.compare(source, record.data.payload ?? null, [])
  } else {
    const rendered = renderPayload(record)
    comparison.compare(omit(source, headMembers), omit(rendered, headMembers), [])
  }
  return [...found, ...comparison.found]
}

const headMembers = new Set(['id', 'version', 'created_at', 'updated_at', 'type'])

function omit(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)))
}

/** The payload by another reader than the one that brought it over, wherever there is one. */
function independentPayload(row: SourceRow): JsonObject | undefined {
  if (row.table === objectsTable) {
    const cell = cellOf(row, 'data')
    const bytes = cell instanceof RawText ? cell.bytes : cell
    if (bytes instanceof Uint8Array) {
      const encoding = cell instanceof RawText ? row.encoding : 'UTF-8'
      const value = nativeJson(textOf(bytes, encoding)?.replace(/^\ufeff/, '') ?? '')
      const inner = typeof value === 'string' ? nativeJson(value) : value
      if (isJsonObject(inner)) return inner
    }
  }
  const read = payloadOf(row)
  return read.outcome === 'read' ? read.payload : undefined
}

function nativeJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined // Python writes what JSON does not have; then our own reader decides.
  }
}

function envelopeDifferences(
  row: SourceRow,
  source: JsonObject,
  { record, repairs }: { readonly record: Record; readonly repairs: readonly Repair[] },
): string[] {
  const found: string[] = []
  const id = textAt(row, 'id') ?? ''
  const own = record.type === LegacyObject.name && row.table !== objectsTable
  const expectedId = targetIdOf(own ? `${row.table}:${id}` : id)
  if (record.id !== expectedId) found.push(`id: expected ${expectedId}, got ${record.id}`)
  const version = cellOf(row, 'version')
  const kinds = new Set(repairs.map(({ kind }) => kind))
  if (!kinds.has('version_replaced') && version !== BigInt(record.version)) {
    found.push(`version: expected ${String(version)}, got ${record.version}`)
  }
  for (const [column, instant] of [
    ['created_at', record.createdAt],
    ['updated_at', record.updatedAt],
  ] as const) {
    const problem = instantProblem(row, column, instant)
    if (problem !== undefined) found.push(problem)
  }
  for (const [name, author] of [
    ['created_by', record.createdBy],
    ['updated_by', record.updatedBy],
  ] as const) {
    const said = Object.hasOwn(source, name) ? source[name] : undefined
    if (typeof said === 'string' && said !== '' && !author.startsWith(said.slice(0, 255))) {
      found.push(`${name}: expected ${said}, got ${author}`)
    }
  }
  return found
}

/** The digits are the row's own, and the clock they were read from differs from UTC by whole quarters of an hour. */
function instantProblem(row: SourceRow, column: string, instant: string): string | undefined {
  const cell = cellOf(row, column)
  if (cell === null) return undefined
  const written = cell instanceof RawText ? (textAt(row, column) ?? '') : cell
  if (typeof written !== 'string') {
    const time = written instanceof Uint8Array ? undefined : readTime(written)
    const expected = time === undefined ? undefined : instantOf(time, () => 0)
    return expected === instant ? undefined : `${column}: expected ${expected}, got ${instant}`
  }
  const [, date, clock = '00:00', seconds = '00', fraction = '', zone = ''] =
    /^\s*(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(\S*)\s*$/.exec(
      written,
    ) ?? []
  const wallMs = Date.parse(`${date}T${clock}:${seconds}.000Z`)
  const storedMs = Date.parse(`${instant.slice(0, 19)}.000Z`)
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  const aheadMs = wallMs - storedMs
  const rightZone = zone === '' ? aheadMs % 900_000 === 0 : aheadMs === namedOffsetMs(zone)
  const right = rightZone && Math.abs(aheadMs) <= 15 * 3_600_000 && instant.slice(20, 26) === micros
  return right ? undefined : `${column}: ${written} became ${instant}`
}

function namedOffsetMs(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?/.exec(zone) ?? []
  if (sign === undefined) return 0
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? -ms : ms
}

/** Repairs beside which the value still has to be the same. */
const additions: ReadonlySet<Repair['kind']> = new Set<Repair['kind']>([
  'stored_as_blob',
  'byte_order_mark',
  'encoded_twice',
  'duplicate_key',
  'unknown_members',
  'older_shape',
])
/** What the classes of the earlier system filled in where a payload said nothing. */
const defaults: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['agent_id', 'Orion-Kernel'],
  ['parameters', {}],
  ['affected_ids', []],
  ['duration_ms', 0],
  ['output_artifacts', []],
  ['metrics', {}],
  ['content.tags', []],
  ['provenance.source_episodic_ids', []],
  ['confidence_score', 1],
  ['supports', []],
  ['contradicts', []],
  ['related_to', []],
  ['supersedes', []],
  ['structure.steps', []],
  ['structure.anti_patterns', []],
  ['frequency_count', 0],
  ['success_rate', 0],
  ['status', 'active'],
])

class Comparison {
  readonly found: string[] = []
  readonly #repaired = new Map<string, Repair>()

  constructor(repairs: readonly Repair[]) {
    for (const repair of repairs) {
      if (!additions.has(repair.kind)) this.#repaired.set(repair.field, repair)
    }
  }

  compare(source: Json | undefined, stored: Json | undefined, path: readonly string[]): void {
    const at = path.join('.')
    const repair = this.#repaired.get(at)
    if (repair !== undefined) {
      if (!keeps(repair, source)) this.#differ(at, source, stored)
      return
    }
    if (source === undefined) {
      if (!this.#mayBeThere(at, stored)) this.#differ(at, source, stored)
    } else if (isJsonObject(source) && isJsonObject(stored)) {
      for (const name of new Set([...Object.keys(source), ...Object.keys(stored)])) {
        this.compare(own(source, name), own(stored, name), [...path, name])
      }
    } else if (Array.isArray(source) && Array.isArray(stored) && source.length === stored.length) {
      source.forEach((item: Json, index) => {
        this.compare(item, stored[index], [...path, String(index)])
      })
    } else if (!sameValue(source, stored, at)) {
      this.#differ(at, source, stored)
    }
  }

  /** What the row does not say, the record says only by default, or because a repair of its whole object says so. */
  #mayBeThere(at: string, stored: Json | undefined): boolean {
    if (stored === undefined || stored === null) return true
    const inside = [...this.#repaired.keys()].some((field) => field.startsWith(`${at}.`))
    return inside || jsonEqual(defaults.get(at), stored)
  }

  #differ(at: string, source: Json | undefined, stored: Json | undefined): void {
    if (this.found.length < 5)
      this.found.push(`${at}: expected ${shown(source)}, got ${shown(stored)}`)
  }
}

function sameValue(source: Json, stored: Json | undefined, at: string): boolean {
  if (source === null) return stored === undefined || stored === null
  if (jsonEqual(source, stored)) return true
  if (typeof source !== 'string' || typeof stored !== 'string') return false
  if (stored === targetIdOf(source)) return true
  // The same instant, written in another way.
  return (
    /(?:_at|^last_used)$/.test(at) &&
    Math.abs(Date.parse(stored) - Date.parse(asUtc(source))) % 900_000 === 0
  )
}

function asUtc(text: string): string {
  return /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`
}

/** Whether what was there is kept in the repair. */
function keeps({ was }: Repair, source: Json | undefined): boolean {
  if (was === '') return source === undefined
  if (was === 'null') return source === null || source === undefined
  const reading = readJson(was)
  if (reading.outcome === 'malformed') return false
  const [kept] = [reading.value]
  if (source === undefined || jsonEqual(kept, source)) return true
  // Native numbers lose digits, and halves of surrogate pairs are escaped in what is kept.
  return typeof source === 'number'
    ? Number(kept) === source || was.includes('nity')
    : JSON.stringify(source) === was
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80)
}
