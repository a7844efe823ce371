/** Which columns a list of a record type shows. */
import type { Json, JsonObject } from '../../../sdk/json.ts'
import { isJsonObject } from '../../../sdk/json.ts'
import type { Record } from '../../../sdk/model.ts'
import { cellText } from './cell.ts'
import { age, duration } from './time.ts'

/** One column: its title, and the text of a record's cell. */
export interface Column {
  readonly title: string
  readonly text: (record: Record, now: number) => string
  readonly kind: 'text' | 'number' | 'outcome'
}

/** The columns for these records: chosen ones for types that are known, else the first simple fields of the data. */
export function columnsFor(type: string, records: readonly Record[]): readonly Column[] {
  const own = chosen[type] ?? simpleFields(records).map((name) => field(name))
  return [id, version, ...own, updated]
}

/** The columns for these fields, in this order. */
export function columnsOf(names: readonly string[]): readonly Column[] {
  return [id, version, ...names.map((name) => field(name)), updated]
}

const id: Column = { title: 'id', kind: 'text', text: (record) => cellText(record.id) }
const version: Column = { title: 'v', kind: 'number', text: (record) => String(record.version) }
const updated: Column = {
  title: 'updated',
  kind: 'text',
  text: ({ updatedAt, lifecycle, quarantined }, now) => {
    const state = quarantined === undefined ? lifecycle : 'quarantined'
    return `${age(updatedAt, now)}${state === 'active' ? '' : ` (${state})`}`
  },
}

function field(name: string, title = name, kind: Column['kind'] = 'text'): Column {
  return { title, kind, text: ({ data }) => cellText(memberOf(data, name)) }
}

/** A span in milliseconds, such as `durationMs` or `metrics.durationMs`. */
function span(path: string): Column {
  const text = ({ data }: Record): string => {
    const value = path.split('.').reduce<Json | undefined>(memberOf, data)
    return typeof value === 'number' ? duration(value) : ''
  }
  return { title: 'took', kind: 'number', text }
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

const chosen: { readonly [type: string]: readonly Column[] } = {
  JobResult: [
    field('jobId', 'job'),
    field('status', 'status', 'outcome'),
    field('attempt', 'attempt', 'number'),
    {
      title: 'exit',
      kind: 'number',
      text: ({ data }) => cellText(memberOf(data.metrics, 'exitCode')),
    },
    span('metrics.durationMs'),
  ],
  OrionActionLog: [
    field('actionType', 'action'),
    field('status', 'status', 'outcome'),
    field('agentId', 'agent'),
    span('durationMs'),
    field('error'),
  ],
  OrionInsight: [
    field('summary'),
    field('domain'),
    field('confidenceScore', 'confidence', 'number'),
    field('tags'),
  ],
  OrionPattern: [
    field('trigger'),
    field('frequencyCount', 'used', 'number'),
    field('successRate', 'success', 'number'),
  ],
  Proposal: [
    field('actionType', 'action'),
    field('status', 'status', 'outcome'),
    field('priority'),
    field('reviewedBy', 'reviewed by'),
  ],
}

const simpleFieldsMax = 4

function simpleFields(records: readonly Record[]): string[] {
  const names = new Set<string>()
  for (const { data } of records) {
    for (const name of Object.keys(data)) if (isSimple(data, name)) names.add(name)
  }
  return [...names].slice(0, simpleFieldsMax)
}

function isSimple(data: JsonObject, name: string): boolean {
  return typeof data[name] !== 'object' || Array.isArray(data[name])
}
