/** A record in the shape that its object had in the earlier system: what was taken over, the other way round. */
import { isJsonObject, type Json, type JsonObject } from '../../../sdk/json.ts'
import type { Record } from '../../../sdk/model.ts'
import { unknownAuthor } from './head.ts'

/** The payload of a record of the earlier system's types; what `extra` has stands where it was. */
export function renderPayload(record: Record): JsonObject {
  const { data } = record
  const shape = shapes.get(record.type)
  const body = shape === undefined ? data : shape(reader(data), record)
  const head = {
    id: record.id,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    created_by: author(record.createdBy),
    updated_by: author(record.updatedBy),
    status: 'status' in body ? body.status : record.lifecycle,
    version: record.version,
  }
  const extra = data.extra
  return isJsonObject(extra) ? merged({ ...head, ...body }, extra) : { ...head, ...body }
}

type Reader = (field: string) => Json
type Shape = (field: Reader, record: Record) => { readonly [name: string]: Json }

const shapes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  [
    'OrionActionLog',
    (field) => ({
      status: field('status'),
      agent_id: field('agentId'),
      trace_id: field('traceId'),
      action_type: field('actionType'),
      parameters: field('parameters'),
      error: field('error'),
      affected_ids: field('affectedIds'),
      duration_ms: field('durationMs'),
    }),
  ],
  [
    'JobResult',
    (field) => ({
      status: field('status'),
      job_id: field('jobId'),
      output_artifacts: artifacts(field('outputArtifacts')),
      metrics: field('metrics'),
    }),
  ],
  [
    'OrionInsight',
    (field) => ({
      confidence_score: field('confidenceScore'),
      decay_factor: field('decayFactor'),
      provenance: {
        source_episodic_ids: field('sourceEpisodicIds'),
        method: field('provenanceMethod'),
      },
      content: { summary: field('summary'), domain: field('domain'), tags: field('tags') },
      supports: field('supports'),
      contradicts: field('contradicts'),
      related_to: field('relatedTo'),
      supersedes: field('supersedes'),
    }),
  ],
  [
    'OrionPattern',
    (field) => ({
      frequency_count: field('frequencyCount'),
      success_rate: field('successRate'),
      last_used: field('lastUsed'),
      structure: {
        trigger: field('trigger'),
        steps: field('steps'),
        anti_patterns: field('antiPatterns'),
      },
      code_snippet_ref: field('codeSnippetRef'),
    }),
  ],
  [
    'Proposal',
    (field) => ({
      status: field('status'),
      action_type: field('actionType'),
      payload: field('payload'),
      priority: field('priority'),
      reviewed_by: field('reviewedBy'),
      reviewed_at: field('reviewedAt'),
      review_comment: field('reviewComment'),
      executor_id: field('executorId'),
      executed_at: field('executedAt'),
      execution_result: field('executionResult'),
    }),
  ],
])

function reader(data: JsonObject): Reader {
  return (field) => (Object.hasOwn(data, field) ? (data[field] ?? null) : null)
}

function author(name: string): string | null {
  return name === unknownAuthor ? null : name
}

function artifacts(list: Json): Json {
  if (!Array.isArray(list)) return list
  return list.map((item: Json) => {
    const field = reader(isJsonObject(item) ? item : {})
    return {
      path: field('path'),
      description: field('description'),
      mime_type: field('mimeType'),
      checksum: field('checksum'),
    }
  })
}

/** What is in `extra` stands where it was; members of lists go by their position. */
function merged(base: Json, extra: JsonObject): JsonObject {
  const own = (isJsonObject(base) || Array.isArray(base) ? Object.entries(base) : []) as [
    string,
    Json,
  ][]
  const result = new Map<string, Json>(own)
  for (const [name, value] of Object.entries(extra)) {
    const present = result.get(name)
    const inside = isJsonObject(value) && (isJsonObject(present) || Array.isArray(present))
    result.set(name, inside ? mergedLike(present, value) : value)
  }
  return Object.fromEntries(result)
}

function mergedLike(base: Json, extra: JsonObject): Json {
  const result = merged(base, extra)
  return Array.isArray(base) ? Object.values(result) : result
}
