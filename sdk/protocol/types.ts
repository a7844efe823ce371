/** Record types: which there are, what they look like, and how one is defined. */
import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import { markShape, migrationShape, migrationsMax } from '../migration.ts'
import type { RecordTypeDefinition } from '../record-type.ts'
import { defineRequest } from './define.ts'
import * as shape from './schemas.ts'

/** The definition's own rules are checked by `definitionProblems`; here only its outline is. */
export const recordTypeDefinition: z.ZodType<RecordTypeDefinition, RecordTypeDefinition> = z
  .custom<RecordTypeDefinition>(
    (value) => isJsonObject(value) && typeof value.name === 'string' && isJsonObject(value.fields),
    'expected a definition with a name and fields',
  )
  .meta({ type: 'object', required: ['name', 'fields'] })

export const ListTypes = defineRequest('type/list', {
  params: z.object({ count: z.boolean().optional() }).optional(),
  result: z.object({
    types: z.array(
      z.object({
        name: z.string(),
        schemaVersion: z.int(),
        description: z.string().optional(),
        count: z.int().optional(),
      }),
    ),
  }),
  scope: 'read',
  reach: 'some',
  summary: 'The record types of the store; with `count: true` also how many records each has.',
})

export const typeDescription = z.object({
  name: z.string(),
  schemaVersion: z.int(),
  description: z.string().optional(),
  fields: shape.jsonObject,
  indexes: z.array(z.array(z.string())).optional(),
  /** The migrations that the type has behind it, oldest first. */
  migrations: z.array(markShape).optional(),
  jsonSchema: shape.jsonObject,
})
export const GetType = defineRequest('type/get', {
  params: z.object({ type: shape.typeName }),
  result: typeDescription,
  scope: 'read',
  needs: ({ type }) => [{ scope: 'read', type }],
  summary: 'The whole definition of a record type with its JSON Schema.',
})

export const DefineType = defineRequest('type/define', {
  params: z.object({ definition: recordTypeDefinition, dryRun: z.boolean().optional() }),
  result: z.object({
    name: z.string(),
    schemaVersion: z.int(),
    changes: z.array(z.object({ change: z.string(), field: z.string().optional() })),
    changed: z.boolean(),
  }),
  scope: 'define',
  needs: ({ definition }) => [{ scope: 'define', type: definition.name }],
  summary: 'Adds a record type, or fields to one; any other change needs a migration.',
})

/** What a record does not fit, at most a few of many. */
const unfitRecord = z.object({
  id: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })),
})
/** What a migration makes of a record, for people to look at. */
const sample = z.object({ id: z.string(), before: shape.jsonObject, after: shape.jsonObject })

export const MigrateType = defineRequest('type/migrate', {
  params: z.object({
    type: shape.typeName,
    /** All migrations of the type that ever were, oldest first; those that were applied are skipped. */
    migrations: z.array(migrationShape).max(migrationsMax),
    /** What the type is to be afterwards. Refused if the migrations lead elsewhere; what it adds is added. */
    definition: recordTypeDefinition.optional(),
    /** How many of them the type is to have behind it; fewer than now goes back. All by default. */
    to: z.int().min(0).optional(),
    dryRun: z.boolean().optional(),
    /** False leaves out the backup that is made before anything changes. */
    backup: z.boolean().optional(),
    /** Names the `$/progress` notifications that tell how far it is. */
    workDoneToken: z.union([z.string().max(255), z.int()]).optional(),
  }),
  result: z.object({
    type: z.string(),
    direction: z.enum(['up', 'down', 'none']),
    /** The migrations that were applied or undone, in that order. */
    migrations: z.array(z.string()),
    /** What they do, in words. */
    plan: z.array(z.string()),
    schemaVersion: z.int(),
    changed: z.boolean(),
    /** Whether values are lost that only a backup and the history still have. */
    destroys: z.boolean(),
    removed: z.literal(true).optional(),
    records: z.object({ total: z.int(), changed: z.int(), unfit: z.int() }),
    /** Of a dry run: the first records that change, and those that do not fit. */
    samples: z.array(sample).optional(),
    unfit: z.array(unfitRecord).optional(),
    /** The backup that was made before. */
    backup: z.string().optional(),
    token: shape.token.optional(),
  }),
  scope: 'admin',
  needs: ({ type, dryRun }) =>
    dryRun
      ? [
          { scope: 'define', type },
          { scope: 'read', type },
        ]
      : [{ scope: 'admin', type }],
  summary:
    'Runs the migrations that a record type lacks, or goes back, in one decisive step; with `dryRun: true` it tells what would happen.',
})

/** Something that happened to a record type. */
export const typeChange = z.object({
  kind: z.enum(['defined', 'extended', 'migrated', 'reverted', 'removed']),
  schemaVersion: z.int(),
  at: z.string(),
  actor: shape.actor,
  /** The newest event at that time. */
  token: shape.token,
  changes: z.array(z.string()),
  migrations: z.array(markShape).optional(),
  records: z.int().optional(),
  tookMs: z.number().optional(),
  backup: z.string().optional(),
})
export const TypeHistory = defineRequest('type/history', {
  params: z.object({ type: shape.typeName }),
  result: z.object({ changes: z.array(typeChange) }),
  scope: 'read',
  needs: ({ type }) => [{ scope: 'read', type }],
  summary: 'What happened to a record type, newest first: by whom, when, and by which migrations.',
})
