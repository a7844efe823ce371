/** What the payload of each type of the earlier system becomes. */

import type { Instant } from '../../../sdk/instant.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../sdk/json.ts'
import type { Lifecycle } from '../../../sdk/model.ts'
import { instantOf, readTime } from '../decode/instants.ts'
import type { Zone } from '../decode/zone.ts'
import { targetIdOf } from './target-id.ts'
import { asText, type Members, Unfit } from './values.ts'

/** What the type makes of a payload. */
export interface Converted {
  readonly type: string
  readonly data: { [field: string]: Json | undefined }
  readonly lifecycle: Lifecycle
  /** Members of nested objects that have no field, by where they were. */
  readonly extra: { [name: string]: Json }
}

/** What a conversion may need beside the payload. */
export interface ConversionContext {
  /** The id of the row, as it was. */
  readonly id: string
  readonly zone: Zone
  /** Whether the payload is of the older era, which had no status of its own for insights and patterns. */
  readonly older: boolean
}

/** A conversion of one type's payload; the members that all types share are taken already. */
export type Conversion = (payload: Members, context: ConversionContext) => Converted

/** The types of the earlier system that have a record type here, by their old names. */
export const conversions: ReadonlyMap<string, Conversion> = new Map<string, Conversion>([
  ['OrionActionLog', actionLog],
  ['JobResult', jobResult],
  ['OrionInsight', insight],
  ['OrionPattern', pattern],
])

function actionLog(payload: Members): Converted {
  const status = payload.text('status', 'UNKNOWN')
  const data = {
    agentId: defaulted(payload, 'agent_id', 'Orion-Kernel'),
    traceId: payload.text('trace_id'),
    actionType: payload.text('action_type', 'unknown'),
    parameters: payload.object('parameters'),
    status,
    error: payload.text('error'),
    affectedIds: namesOf(payload, 'affected_ids'),
    durationMs: payload.has('duration_ms') ? payload.integer('duration_ms', 0) : 0,
  }
  // A soft delete put its own word in the place of the outcome; which one it was nobody knows.
  return { type: 'OrionActionLog', data, lifecycle: lifecycleNamed(status) ?? 'active', extra: {} }
}

const outcomes = ['SUCCESS', 'FAILURE', 'BLOCKED']

function jobResult(payload: Members, { id }: ConversionContext): Converted {
  const extra: { [name: string]: Json } = {}
  const { status, lifecycle } = outcomeOf(payload)
  const artifacts = artifactsOf(payload)
  if (Object.keys(artifacts.extra).length > 0) extra.output_artifacts = artifacts.extra
  const data = {
    jobId: payload.text('job_id', id),
    status,
    outputArtifacts: artifacts.list,
    metrics: payload.object('metrics'),
  }
  return { type: 'JobResult', data, lifecycle, extra }
}

function outcomeOf(payload: Members): { status: string; lifecycle: Lifecycle } {
  const value = payload.take('status')
  if (value === undefined || value === null) {
    throw new Unfit('outcome_missing', `status: expected ${outcomes.join(', ')}, got nothing`)
  }
  const said = asText(value)
  const status = said.trim().toUpperCase()
  if (outcomes.includes(status)) {
    if (status !== said) payload.repairs.add('outcome_respelled', 'status', value)
    return { status, lifecycle: 'active' }
  }
  const lifecycle = lifecycleNamed(said)
  if (lifecycle === undefined) {
    throw new Unfit(
      'outcome_unknown',
      `status: expected ${outcomes.join(', ')}, got ${said.slice(0, 80)}`,
    )
  }
  payload.repairs.add('outcome_overwritten', 'status', value)
  return { status: 'BLOCKED', lifecycle }
}

interface Artifacts {
  readonly list: JsonObject[]
  readonly extra: { [position: string]: Json }
}

function artifactsOf(payload: Members): Artifacts {
  const value = payload.take('output_artifacts')
  const extra: Artifacts['extra'] = {}
  if (value === undefined) return { list: [], extra }
  const path = payload.at('output_artifacts')
  if (value === null) {
    payload.repairs.add('null_replaced', path, value)
    return { list: [], extra }
  }
  const items: readonly Json[] = Array.isArray(value) ? value : [value]
  if (!Array.isArray(value)) payload.repairs.add('made_list', path, value)
  const list = items.map((item, position) => {
    const { artifact, rest, whole } = artifactOf(item)
    if (!whole) payload.repairs.add('artifact_completed', `${path}.${position}`, item)
    if (Object.keys(rest).length > 0) extra[String(position)] = rest
    return artifact
  })
  return { list, extra }
}

function artifactOf(item: Json): { artifact: JsonObject; rest: JsonObject; whole: boolean } {
  if (!isJsonObject(item)) {
    return { artifact: { path: asText(item), description: '' }, rest: {}, whole: false }
  }
  const member = (name: string): Json | undefined =>
    Object.hasOwn(item, name) ? item[name] : undefined
  const text = (name: string): string | undefined => {
    const value = member(name)
    return value === undefined || value === null ? undefined : asText(value)
  }
  const known = ['path', 'description', 'mime_type', 'checksum']
  const whole =
    typeof member('path') === 'string' &&
    typeof member('description') === 'string' &&
    ['mime_type', 'checksum'].every((name) =>
      ['string', 'undefined'].includes(typeof (member(name) ?? undefined)),
    )
  const [mimeType, checksum] = [text('mime_type'), text('checksum')]
  return {
    artifact: {
      path: text('path') ?? '',
      description: text('description') ?? '',
      ...(mimeType === undefined ? {} : { mimeType }),
      ...(checksum === undefined ? {} : { checksum }),
    },
    rest: Object.fromEntries(Object.entries(item).filter(([name]) => !known.includes(name))),
    whole,
  }
}

function insight(payload: Members, context: ConversionContext): Converted {
  const said = payload.take('content')
  // A bare sentence is the summary.
  if (typeof said === 'string') payload.repairs.add('made_object', payload.at('content'), said)
  const content = typeof said === 'string' ? undefined : payload.nested('content')
  const provenance = payload.nested('provenance')
  const data = {
    summary: content?.text('summary', '') ?? asText(said ?? ''),
    domain: content?.text('domain', 'unknown') ?? 'unknown',
    tags: content?.texts('tags', ',') ?? [],
    confidenceScore: payload.has('confidence_score') ? payload.share('confidence_score', 1) : 1,
    decayFactor: payload.number('decay_factor'),
    sourceEpisodicIds: namesOf(provenance, 'source_episodic_ids'),
    provenanceMethod: provenance.text('method', 'unknown'),
    supports: referencesOf(payload, 'supports'),
    contradicts: referencesOf(payload, 'contradicts'),
    relatedTo: referencesOf(payload, 'related_to'),
  }
  const extra = restOf({ content, provenance })
  return { type: 'OrionInsight', data, lifecycle: lifecycleOf(payload, context), extra }
}

function pattern(payload: Members, context: ConversionContext): Converted {
  const structure = payload.nested('structure')
  const count = payload.has('frequency_count') ? payload.integer('frequency_count', 0) : 0
  if (count < 0) payload.repairs.add('raised_to_zero', 'frequency_count', count)
  const data = {
    trigger: structure.text('trigger', ''),
    steps: structure.texts('steps'),
    antiPatterns: structure.texts('anti_patterns'),
    frequencyCount: Math.max(0, count),
    successRate: payload.has('success_rate') ? payload.share('success_rate', 0) : 0,
    lastUsed: lastUsedOf(payload, context.zone),
    codeSnippetRef: payload.text('code_snippet_ref'),
  }
  const extra = restOf({ structure })
  return { type: 'OrionPattern', data, lifecycle: lifecycleOf(payload, context), extra }
}

function lastUsedOf(payload: Members, zone: Zone): Instant | undefined {
  const value = payload.take('last_used')
  if (value === undefined || value === null) return undefined
  const time = typeof value === 'string' || typeof value === 'number' ? readTime(value) : undefined
  const instant = time === undefined ? undefined : instantOf(time, zone)
  if (instant === undefined) payload.repairs.add('value_left_out', 'last_used', value)
  else if (typeof value !== 'string') payload.repairs.add('time_rewritten', 'last_used', value)
  return instant
}

/** Where the status only tells whether the object is active. */
export function lifecycleOf(payload: Members, { older }: ConversionContext): Lifecycle {
  const value = payload.take('status')
  if (value === undefined) {
    if (!older) payload.repairs.add('missing_replaced', 'status', value)
    return 'active'
  }
  const known = typeof value === 'string' ? lifecycleNamed(value) : undefined
  if (known !== undefined) return known
  payload.repairs.add(value === null ? 'null_replaced' : 'status_unknown', 'status', value)
  return value === null ? 'active' : 'archived'
}

/** A status that is a lifecycle. */
export function lifecycleNamed(status: string): Lifecycle | undefined {
  return status === 'active' || status === 'archived' || status === 'deleted' ? status : undefined
}

/** Ids of other records; an empty text names none. */
function referencesOf(payload: Members, name: string): string[] {
  return namesOf(payload, name, (id) => id !== '')
}

/** Ids of other objects, as these are called here; what was there is kept where that is not the same. */
function namesOf(members: Members, name: string, isKept = (_: string): boolean => true): string[] {
  const ids = members.texts(name)
  const named = ids.filter(isKept).map(targetIdOf)
  if (named.length < ids.length) members.repairs.add('items_changed', members.at(name), ids)
  else if (named.some((id, at) => id !== ids[at])) {
    members.repairs.add('reference_replaced', members.at(name), ids)
  }
  return named
}

/** A value that the old class filled in when it was missing: that is no repair. */
function defaulted(payload: Members, name: string, value: string): string {
  return payload.has(name) ? payload.text(name, value) : value
}

function restOf(parts: { readonly [name: string]: Members | undefined }): { [name: string]: Json } {
  const extra: { [name: string]: Json } = {}
  for (const [name, members] of Object.entries(parts)) {
    const rest = members?.rest() ?? []
    if (rest.length > 0) extra[name] = Object.fromEntries(rest)
  }
  return extra
}
