/** The shapes that several messages share. */
import { z } from 'zod'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import {
  type Blame,
  type Event,
  type Expansion,
  idProblem,
  type OmittedTarget,
  type Record,
  type RecordVersion,
  type Seq,
  type Token,
  type Version,
  type WriteResult,
} from '../model.ts'

/** Brands have no run-time form: this gives a checked schema the branded type, and is the only such place. */
function branded<T>(schema: z.ZodType): z.ZodType<T, T> {
  return schema as unknown as z.ZodType<T, T>
}

/** What a connection may do. */
export const scopes = ['read', 'write', 'propose', 'approve', 'publish', 'define', 'admin'] as const
/** One thing a connection may do. */
export type Scope = (typeof scopes)[number]
export const scope = z.enum(scopes)

export const version = branded<Version>(z.int().min(1))
export const seq = branded<Seq>(z.int().min(0))
export const token = branded<Token>(z.string().min(1).max(120))

/** A version that a caller expects: a plain number, so that programs can write one down. */
export const expectedVersion = z.int().min(1)
export const typeName = z.string().min(1).max(64)
export const fieldName = z.string().min(1).max(255)
export const recordId = z.string().check((context) => {
  const problem = idProblem(context.value)
  if (problem !== undefined) {
    context.issues.push({ code: 'custom', message: problem, input: context.value })
  }
})

/**
 * A JSON object that is passed on untouched, own `__proto__` members included; what is in it is checked
 * later, against a record type.
 */
export const jsonObject: z.ZodType<JsonObject, JsonObject> = z
  .custom<JsonObject>(isJsonObject, 'expected an object')
  .meta({ type: 'object' })
export const json: z.ZodType<Json, Json> = z.custom<Json>((value) => value !== undefined).meta({})

export const lifecycle = z.enum(['active', 'archived', 'deleted'])
export const operation = z.enum(['created', 'updated', 'deleted', 'restored', 'archived', 'purged'])

export const claims = z.object({
  agent: z.string().max(255).optional(),
  model: z.string().max(255).optional(),
  run: z.string().max(255).optional(),
  toolCall: z.string().max(255).optional(),
})

export const actor = z.object({
  principal: z.string(),
  client: z.string(),
  scopes: z.array(z.string()).optional(),
  claims: claims.optional(),
})

const quarantined = z.object({ reason: z.string(), raw: jsonObject.optional() }).optional()

const recordShape = z.object({
  type: z.string(),
  id: z.string(),
  version,
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  updatedBy: z.string(),
  lifecycle,
  token,
  data: jsonObject,
  quarantined,
})
export const record = branded<Record>(recordShape)

const omittedTarget = z.object({
  type: z.string(),
  id: z.string(),
  reason: z.enum(['absent', 'forbidden']),
})
/** What an answer with `expand` has beside the records. */
export const expansion = {
  included: branded<readonly Record[]>(z.array(record)).optional(),
  omitted: branded<readonly OmittedTarget[]>(z.array(omittedTarget)).optional(),
  incomplete: z.literal(true).optional(),
}
export const recordWithExpansion = branded<Record & Expansion>(recordShape.extend(expansion))

export const writeResult = branded<WriteResult>(
  z.object({
    type: z.string(),
    id: z.string(),
    version,
    changed: z.boolean(),
    token,
    replayed: z.literal(true).optional(),
    record: record.optional(),
  }),
)

export const recordVersion = branded<RecordVersion>(
  z.object({
    version,
    op: operation,
    at: z.string(),
    actor,
    changedFields: z.array(z.string()),
    /** The schema version of the type when it was written. */
    schemaVersion: z.int().optional(),
    data: jsonObject.optional(),
    token,
    reason: z.string().optional(),
    quarantined,
  }),
)

const fieldChange = z.object({
  version,
  op: operation,
  at: z.string(),
  actor,
  token,
  reason: z.string().optional(),
  cause: token.optional(),
})
export const blame = branded<Blame>(
  z.object({
    type: typeName,
    id: z.string(),
    version,
    fields: z.array(
      z.object({
        field: z.string(),
        origin: z.enum(['change', 'default', 'forgotten']),
        change: fieldChange.optional(),
      }),
    ),
  }),
)

export const event = branded<Event>(
  z.object({
    seq,
    txn: seq,
    topic: z.string(),
    type: z.string().optional(),
    id: z.string().optional(),
    op: operation.optional(),
    version: version.optional(),
    previousVersion: version.optional(),
    changedFields: z.array(z.string()).optional(),
    actor,
    at: z.string(),
    reason: z.string().optional(),
    cause: token.optional(),
    token,
    match: z.enum(['entered', 'stayed', 'left']).optional(),
    skipped: z.int().optional(),
    imported: z.literal(true).optional(),
    redacted: z.literal(true).optional(),
    record: record.optional(),
    payload: json.optional(),
    quarantined,
  }),
)

/** Longest idempotency key, in characters. */
export const idempotencyKeyMaxLength = 255

/** What every write accepts beside its own members. */
export const writeOptions = z.object({
  idempotencyKey: z.string().min(1).max(idempotencyKeyMaxLength).optional(),
  reason: z.string().max(4096).optional(),
  cause: token.optional(),
  expectedEpoch: z.string().max(64).optional(),
  return: z.literal('record').optional(),
  dryRun: z.boolean().optional(),
  /** How long the write may wait for its transaction, in milliseconds; the daemon's own limit if that is shorter. */
  deadlineMs: z.int().min(1).optional(),
  /** What the caller calls the step of its own that made it write; kept among the claims of the event. */
  toolCall: z.string().min(1).max(255).optional(),
  force: z.boolean().optional(),
})
/** What every write accepts beside its own members. */
export type WriteOptions = z.infer<typeof writeOptions>
