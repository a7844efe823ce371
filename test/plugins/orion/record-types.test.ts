import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  JobResult,
  OrionActionLog,
  OrionInsight,
  OrionPattern,
  orionRecordTypes,
  Proposal,
} from '../../../plugins/orion/index.ts'
import type { FieldDefinition, FieldDefinitions } from '../../../sdk/field.ts'
import { RecordSchema } from '../../../sdk/record-schema.ts'
import type { RecordType } from '../../../sdk/record-type.ts'

interface Case {
  readonly type: RecordType
  readonly data: object
}

/** The least that creates a record of each type. */
const least = {
  OrionActionLog: { actionType: 'memory.save_insight', status: 'SUCCESS' },
  JobResult: { jobId: 'build', status: 'SUCCESS' },
  OrionInsight: { summary: '저장소', domain: 'build' },
  OrionPattern: { trigger: 'red build', steps: [] },
  Proposal: { actionType: 'deploy' },
}

function checked({ type, data }: Case): unknown {
  const result = new RecordSchema(type.definition).check(data)
  assert.equal(result.outcome, 'valid', JSON.stringify(result))
  return result.outcome === 'valid' ? result.data : undefined
}

function problemPaths({ type, data }: Case): string[] {
  const result = new RecordSchema(type.definition).check(data)
  return result.outcome === 'invalid' ? result.issues.map((issue) => issue.path) : []
}

const defaults: readonly (Case & { readonly filled: object })[] = [
  {
    type: OrionActionLog,
    data: least.OrionActionLog,
    filled: { agentId: 'Orion-Kernel', parameters: {}, affectedIds: [], durationMs: 0 },
  },
  { type: JobResult, data: least.JobResult, filled: { outputArtifacts: [], metrics: {} } },
  {
    type: OrionInsight,
    data: least.OrionInsight,
    filled: {
      tags: [],
      confidenceScore: 1,
      sourceEpisodicIds: [],
      provenanceMethod: 'unknown',
      supports: [],
      contradicts: [],
      relatedTo: [],
      supersedes: [],
    },
  },
  {
    type: OrionPattern,
    data: least.OrionPattern,
    filled: { antiPatterns: [], frequencyCount: 0, successRate: 0 },
  },
  {
    type: Proposal,
    data: least.Proposal,
    filled: { payload: {}, priority: 'medium', tags: [], status: 'draft' },
  },
]
for (const { type, data, filled } of defaults) {
  test(`${type.name} fills in its defaults and nothing else`, () => {
    assert.deepEqual(checked({ type, data }), { ...data, ...filled })
  })
}

const accepted: readonly (Case & { readonly what: string })[] = [
  { what: 'an outcome in free words', type: OrionActionLog, data: { status: '진행' } },
  { what: 'an agent of 300 characters', type: OrionActionLog, data: { agentId: 'a'.repeat(300) } },
  { what: 'confidence 0', type: OrionInsight, data: { confidenceScore: 0 } },
  { what: 'confidence 1', type: OrionInsight, data: { confidenceScore: 1 } },
  { what: 'any decay factor', type: OrionInsight, data: { decayFactor: -3.5 } },
  { what: 'an empty summary', type: OrionInsight, data: { summary: '' } },
  { what: 'a negative frequency', type: OrionPattern, data: { frequencyCount: -1 } },
  { what: 'an action with dots', type: Proposal, data: { actionType: 'memory.save_insight.v2' } },
  { what: 'an action in Korean', type: Proposal, data: { actionType: '저장_1' } },
  { what: 'an action of 255 letters', type: Proposal, data: { actionType: 'a'.repeat(255) } },
  { what: 'a comment of 2,000', type: Proposal, data: { reviewComment: 'c'.repeat(2000) } },
  ...['SUCCESS', 'FAILURE', 'BLOCKED'].map((status) => ({
    what: `the outcome ${status}`,
    type: JobResult,
    data: { status },
  })),
  {
    what: 'an artifact with all its members',
    type: JobResult,
    data: {
      outputArtifacts: [
        {
          path: 'a',
          description: 'b',
          mimeType: 'text/plain',
          checksum: 'sha256:00',
          sizeBytes: 0,
        },
      ],
    },
  },
]
for (const { what, type, data } of accepted) {
  test(`${type.name} takes ${what}`, () => {
    checked({ type, data: { ...leastOf(type), ...data } })
  })
}

const refused: readonly (Case & { readonly path: string })[] = [
  { path: 'status', type: OrionActionLog, data: { status: undefined } },
  { path: 'actionType', type: OrionActionLog, data: { actionType: undefined } },
  { path: 'durationMs', type: OrionActionLog, data: { durationMs: 3.7 } },
  { path: 'parameters', type: OrionActionLog, data: { parameters: [] } },
  { path: 'jobId', type: JobResult, data: { jobId: undefined } },
  { path: 'status', type: JobResult, data: { status: undefined } },
  { path: 'status', type: JobResult, data: { status: 'success' } },
  { path: 'status', type: JobResult, data: { status: 'deleted' } },
  { path: 'attempt', type: JobResult, data: { attempt: 0 } },
  {
    path: 'outputArtifacts.0.description',
    type: JobResult,
    data: { outputArtifacts: [{ path: 'a' }] },
  },
  {
    path: 'outputArtifacts.0.size',
    type: JobResult,
    data: { outputArtifacts: [{ path: 'a', description: 'b', size: 1 }] },
  },
  { path: 'summary', type: OrionInsight, data: { summary: undefined } },
  { path: 'domain', type: OrionInsight, data: { domain: undefined } },
  { path: 'confidenceScore', type: OrionInsight, data: { confidenceScore: 1.5 } },
  { path: 'confidenceScore', type: OrionInsight, data: { confidenceScore: -0.1 } },
  { path: 'tags.1', type: OrionInsight, data: { tags: ['a', 1] } },
  { path: 'steps', type: OrionPattern, data: { steps: undefined } },
  { path: 'successRate', type: OrionPattern, data: { successRate: 87 } },
  { path: 'lastUsed', type: OrionPattern, data: { lastUsed: '2025-12-27 09:00:00' } },
  { path: 'actionType', type: Proposal, data: { actionType: '' } },
  { path: 'actionType', type: Proposal, data: { actionType: 'a'.repeat(256) } },
  ...['.a', 'a.', 'a..b', 'a b', 'a-b', 'a\n'].map((actionType) => ({
    path: 'actionType',
    type: Proposal,
    data: { actionType },
  })),
  { path: 'priority', type: Proposal, data: { priority: 'urgent' } },
  { path: 'status', type: Proposal, data: { status: 'deleted' } },
  { path: 'reviewComment', type: Proposal, data: { reviewComment: 'c'.repeat(2001) } },
]
for (const { path, type, data } of refused) {
  test(`${type.name} refuses ${JSON.stringify(data).slice(0, 60)} at ${path}`, () => {
    const given = Object.entries({ ...leastOf(type), ...data }).filter(
      ([, value]) => value !== undefined,
    )
    assert.deepEqual([...new Set(problemPaths({ type, data: Object.fromEntries(given) }))], [path])
  })
}

test('every type and every field, nested ones included, says what it is', () => {
  for (const type of orionRecordTypes) {
    assert.ok(type.definition.description, type.name)
    assertDescribed(type.definition.fields, type.name)
  }
})

test('the state and the review of a proposal are managed, and the life of a log; all else is not', () => {
  assert.deepEqual(
    namesWhere(Proposal, (field) => field.managed === true),
    [
      'status',
      'reviewedBy',
      'reviewedAt',
      'reviewComment',
      'executorId',
      'executedAt',
      'executionResult',
      'digest',
      ...['operations', 'bases', 'proposers', 'submittedBy', 'submittedAt', 'quorum'],
      ...['reviews', 'moved'],
    ],
  )
  for (const type of orionRecordTypes.filter((other) => other !== Proposal)) {
    assert.deepEqual(
      namesWhere(type, (field) => field.managed === true),
      type === OrionActionLog ? ['life'] : [],
    )
  }
})

test('a job may have many results: its id is indexed and not unique', () => {
  const { jobId } = JobResult.definition.fields
  assert.deepEqual([jobId?.indexed, jobId?.unique], [true, undefined])
})

test('full text covers what the earlier system searched', () => {
  const searchable = orionRecordTypes.map((type) => [
    type.name,
    namesWhere(type, (field) => field.searchable !== undefined),
  ])
  assert.deepEqual(Object.fromEntries(searchable), {
    OrionActionLog: ['actionType', 'status', 'error'],
    JobResult: [],
    OrionInsight: ['summary', 'domain', 'tags'],
    OrionPattern: ['trigger', 'steps'],
    Proposal: [],
  })
})

test('the pattern of an action name takes linear time on a long text that does not match', () => {
  const short = problemPaths({ type: Proposal, data: { actionType: `${'a.'.repeat(127)}!` } })
  assert.ok(short.includes('actionType'))
  assert.ok(
    problemPaths({ type: Proposal, data: { actionType: `${'a.'.repeat(50_000)}!` } }).length > 0,
  )
})

function leastOf(type: RecordType): object {
  return Object.entries(least).find(([name]) => name === type.name)?.[1] ?? {}
}

function namesWhere(type: RecordType, holds: (field: FieldDefinition) => boolean): string[] {
  return Object.entries(type.definition.fields)
    .filter(([, field]) => holds(field))
    .map(([name]) => name)
}

function assertDescribed(fields: FieldDefinitions, where: string): void {
  for (const [name, field] of Object.entries(fields)) {
    assert.ok(field.description, `${where}.${name}`)
    const nested = field.kind === 'list' ? field.items : field
    if (nested.kind === 'object') assertDescribed(nested.fields, `${where}.${name}`)
  }
}
