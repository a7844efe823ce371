/**
 * The record types of the earlier system, as Orion keeps them: what was done, how jobs ended, what was learned,
 * and what waits for somebody's approval. Fields are flat and camelCase; the columns they come from are named
 * alike in snake_case. Texts have a longest length only where the earlier system enforced one.
 */
import {
  enumeration,
  instant,
  integer,
  json,
  list,
  number,
  object,
  reference,
  text,
} from '../../sdk/field.ts'
import { proposalStates } from '../../sdk/proposal-states.ts'
import { defineRecordType, type RecordType } from '../../sdk/record-type.ts'

/** What came from the earlier system and has no field; nothing else writes it. */
const extra = json({
  optional: true,
  description: 'Members of the earlier system that have no field of their own, as they were.',
})

/** One action that somebody carried out, and how it went. */
export const OrionActionLog = defineRecordType('OrionActionLog', {
  description: 'One action that was carried out: what, by whom, with what outcome.',
  fields: {
    agentId: text({
      default: 'Orion-Kernel',
      indexed: true,
      description: 'Who carried the action out, in the words of the program that logged it.',
    }),
    traceId: text({
      optional: true,
      indexed: true,
      description: 'Ties together the actions of one piece of work; read them oldest first.',
    }),
    actionType: text({
      indexed: true,
      searchable: true,
      description: 'Which action it was, such as `memory.save_insight`.',
    }),
    parameters: json({ default: {}, description: 'What the action was given.' }),
    status: text({
      searchable: true,
      description:
        'The outcome, in free words; SUCCESS, FAILURE, ROLLED_BACK and (while it runs) PENDING by custom.',
    }),
    error: text({ optional: true, searchable: true, description: 'Why it failed.' }),
    affectedIds: list(text(), {
      default: [],
      description: 'Ids of the records that the action changed.',
    }),
    durationMs: integer({ default: 0, description: 'How long it took, in milliseconds.' }),
    life: text({
      optional: true,
      managed: true,
      description:
        'Of `action/execute`: the life of the daemon that carries it out. Once that is over, nothing is PENDING in it.',
    }),
    extra,
  },
  indexes: [
    ['actionType', 'status'],
    ['status', 'createdAt'],
  ],
})

const artifact = object({
  path: text({ description: 'Where it lies, relative to the root of the repository.' }),
  description: text({ description: 'What it is, in a few words.' }),
  mimeType: text({ optional: true, description: 'Its media type, such as `application/json`.' }),
  checksum: text({ optional: true, description: 'A digest with its algorithm: `sha256:…`.' }),
  sizeBytes: integer({ optional: true, minimum: 0, description: 'Its size in bytes.' }),
})

/** How one run of a job ended. A job that runs again makes a further result. */
export const JobResult = defineRecordType('JobResult', {
  description:
    'How one run of a job ended. A job may run many times: its newest result is the current one.',
  fields: {
    jobId: text({ indexed: true, description: 'The job; the same for each of its runs.' }),
    runId: text({
      optional: true,
      indexed: true,
      description: 'The run, as the system that started it calls it.',
    }),
    attempt: integer({
      optional: true,
      minimum: 1,
      description: 'Which attempt of the run this was, from 1 up.',
    }),
    status: enumeration(['SUCCESS', 'FAILURE', 'BLOCKED'], {
      description: 'BLOCKED: it could not be started, or was stopped before it could end.',
    }),
    outputArtifacts: list(artifact, { default: [], description: 'The files it left behind.' }),
    metrics: json({ default: {}, description: 'What was measured, by name.' }),
    extra,
  },
  // The newest result of a job is its current one.
  indexes: [['jobId', 'createdAt']],
})

/**
 * Something that was learned, and how far to trust it. What it names is weak: insights come from elsewhere in any order,
 * and the earlier system never looked whether they were there.
 */
export const OrionInsight = defineRecordType('OrionInsight', {
  description: 'Something that was learned: where it holds, where it came from, how sure it is.',
  fields: {
    summary: text({ searchable: 3, description: 'The insight itself, in a sentence or two.' }),
    domain: text({
      indexed: true,
      searchable: true,
      description: 'The field it belongs to, such as `build` or `governance`.',
    }),
    tags: list(text(), { default: [], searchable: 2, description: 'Words to find it by.' }),
    confidenceScore: number({
      default: 1,
      minimum: 0,
      maximum: 1,
      description: 'How sure it is, from 0 (a guess) to 1 (certain).',
    }),
    decayFactor: number({
      optional: true,
      description: 'How fast the confidence fades; its meaning is that of whoever set it.',
    }),
    sourceEpisodicIds: list(text(), {
      default: [],
      description: 'Ids of the episodes it was drawn from.',
    }),
    provenanceMethod: text({
      default: 'unknown',
      description: 'How it was drawn from them, such as `mining` or `review`.',
    }),
    supports: list(reference('self', { weak: true }), {
      default: [],
      description: 'Ids of insights that it backs.',
    }),
    contradicts: list(reference('self', { weak: true }), {
      default: [],
      description: 'Ids of insights that it opposes.',
    }),
    relatedTo: list(reference('self', { weak: true }), {
      default: [],
      description: 'Ids of insights to read beside it.',
    }),
    supersedes: list(reference('self', { weak: true }), {
      default: [],
      description: 'Ids of insights whose place it takes, because they hold no longer.',
    }),
    extra,
  },
  indexes: [['domain', 'confidenceScore'], ['domain', 'createdAt'], ['confidenceScore']],
})

/** A way of doing things that worked, or did not, often enough to write down. */
export const OrionPattern = defineRecordType('OrionPattern', {
  description: 'A way of doing things: when to use it, its steps, and how well it has worked.',
  fields: {
    trigger: text({ searchable: 3, description: 'The situation that calls for it.' }),
    steps: list(text(), { searchable: true, description: 'What to do, in order.' }),
    antiPatterns: list(text(), { default: [], description: 'What to avoid on the way.' }),
    frequencyCount: integer({
      default: 0,
      indexed: true,
      description: 'How many times it was used.',
    }),
    successRate: number({
      default: 0,
      minimum: 0,
      maximum: 1,
      indexed: true,
      description: 'The share of its uses that succeeded, from 0 to 1.',
    }),
    lastUsed: instant({ optional: true, description: 'When it was used last.' }),
    codeSnippetRef: text({ optional: true, description: 'Where an example of it can be read.' }),
    extra,
  },
})

/** A change that waits for somebody else's approval. */
export const Proposal = defineRecordType('Proposal', {
  description: 'A set of operations that is carried out only after somebody else approved it.',
  fields: {
    actionType: text({
      indexed: true,
      minLength: 1,
      maxLength: 255,
      pattern: '^[\\p{L}\\p{N}_]+(\\.[\\p{L}\\p{N}_]+)*$',
      description:
        'The action proposed: letters, digits and underscores, in segments with dots between them.',
    }),
    payload: json({
      default: {},
      description:
        'What the action would be given; of `record.transact`, its `operations` and `guards`.',
    }),
    reason: text({ optional: true, description: 'Why it should be done.' }),
    // Weak: an address is no record, and what speaks for it may be purged, or may never have been in this store.
    evidence: list(reference('*', { weak: true }), {
      optional: true,
      description: 'What speaks for it: records, as `Type/id`, or addresses.',
    }),
    expiresAt: instant({ optional: true, description: 'When it is void if it was not executed.' }),
    priority: enumeration(['low', 'medium', 'high', 'critical'], {
      default: 'medium',
      description: 'How urgently a decision is wanted.',
    }),
    tags: list(text(), { default: [], description: 'Words to find it by.' }),
    status: enumeration(proposalStates, {
      default: 'draft',
      indexed: true,
      managed: true,
      description: 'How far it has come; moved only by the methods for proposals.',
    }),
    reviewedBy: text({
      optional: true,
      managed: true,
      description: 'The principal who approved or rejected it.',
    }),
    reviewedAt: instant({ optional: true, managed: true, description: 'When that was.' }),
    reviewComment: text({
      optional: true,
      managed: true,
      maxLength: 2000,
      description: 'What the reviewer said, or why it was cancelled.',
    }),
    executorId: text({
      optional: true,
      managed: true,
      description: 'The principal on whose word it was carried out.',
    }),
    executedAt: instant({
      optional: true,
      managed: true,
      description: 'When it was carried out, or failed to be.',
    }),
    executionResult: json({
      optional: true,
      managed: true,
      description: 'What came of it.',
    }),
    digest: text({
      optional: true,
      managed: true,
      description: 'Digest of exactly what was reviewed; an approval holds for nothing else.',
    }),
    operations: list(json(), {
      optional: true,
      managed: true,
      description: 'Exactly what would be done, ids and versions included.',
    }),
    bases: list(json(), {
      optional: true,
      managed: true,
      description: 'The versions it is based on; null where there must be no record.',
    }),
    proposers: list(text(), {
      optional: true,
      managed: true,
      description:
        'By what those who proposed it proved who they are; the same proof never approves.',
    }),
    submittedBy: text({
      optional: true,
      managed: true,
      description: 'The principal who handed it in.',
    }),
    submittedAt: instant({ optional: true, managed: true, description: 'When that was.' }),
    quorum: integer({
      optional: true,
      managed: true,
      minimum: 1,
      description: 'How many had to approve it when it was last looked at.',
    }),
    reviews: list(json(), {
      optional: true,
      managed: true,
      description: 'Every review: by whom, when, what was decided, and the digest of what.',
    }),
    moved: list(json(), {
      optional: true,
      managed: true,
      description: 'What had moved when it became stale.',
    }),
    extra,
  },
})

/** Every record type of this plugin, in the order in which they are defined in a store. */
export const orionRecordTypes: readonly RecordType[] = [
  OrionActionLog,
  JobResult,
  OrionInsight,
  OrionPattern,
  Proposal,
]
