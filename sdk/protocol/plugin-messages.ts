/**
 * What a daemon and one of its plugins say to each other beside what every client says. The plugin registers, then the
 * daemon asks it: it is the only peer that is sent requests.
 */
import { z } from 'zod'
import { migrationShape, migrationsMax } from '../migration.ts'
import { defineRequest, noParams, noResult } from './define.ts'
import { operationsMax, transactOperation } from './records.ts'
import * as shape from './schemas.ts'
import { recordTypeDefinition } from './types.ts'

/** The plugin interfaces that this side speaks. A version is only ever added to. */
export const pluginApiVersions = [1] as const

/** Most parts of each kind that one plugin brings. */
export const pluginPartsMax = 200

/** What a plugin may ask for. What decides about others, and about the store itself, is for people. */
export const pluginScopes = ['read', 'write', 'propose', 'publish'] as const
/** One thing that a plugin may ask for. */
export type PluginScope = (typeof pluginScopes)[number]

/** What a hook may stand before. Purging is for good reasons, and asks nobody; what is imported has happened already. */
export const hookOperations = ['create', 'update', 'delete', 'restore', 'archive'] as const
/** A write that a hook may stand before. */
export type HookOperation = (typeof hookOperations)[number]

const partName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'expected a small letter, then at most 62 small letters, digits and dashes',
  )
const types = z.union([z.literal('all'), z.array(shape.typeName).min(1).max(pluginPartsMax)])

/** A plugin as data: all that a person grants, and all that the daemon has to know. */
export const pluginManifest = z.object({
  name: partName,
  apiVersion: z.int(),
  version: z.string().max(64).optional(),
  description: z.string().max(1000).optional(),
  /** Which record types, or first words of topics, each scope is wanted for. */
  scopes: z.partialRecord(z.enum(pluginScopes), types),
  recordTypes: z.array(recordTypeDefinition).max(pluginPartsMax),
  /** The migrations of its record types, and of those that it had once. */
  migrations: z
    .array(
      z.object({ type: shape.typeName, migrations: z.array(migrationShape).max(migrationsMax) }),
    )
    .max(pluginPartsMax),
  actions: z
    .array(
      z.object({
        name: z.string().min(1).max(255),
        description: z.string().max(1000),
        types: z.array(shape.typeName).min(1).max(pluginPartsMax),
        requiresProposal: z.boolean(),
        dangerous: z.boolean(),
        retriesMax: z.int().min(0).max(100),
        input: shape.jsonObject,
      }),
    )
    .max(pluginPartsMax),
  hooks: z
    .array(
      z.object({
        type: shape.typeName,
        operations: z.array(z.enum(hookOperations)).min(1),
        /** What happens to a write when the hook gives no answer: it is refused, or it goes on. */
        fail: z.enum(['closed', 'open']),
        timeMaxMs: z.int().min(1).optional(),
      }),
    )
    .max(pluginPartsMax),
  on: z
    .array(
      z.object({ name: partName, patterns: z.array(z.string().min(1).max(255)).min(1).max(64) }),
    )
    .max(pluginPartsMax),
  /** JSON Schema of its settings. */
  settings: shape.jsonObject.optional(),
})
/** A plugin as data. */
export type PluginManifest = z.output<typeof pluginManifest>

export const RegisterPlugin = defineRequest('plugin/register', {
  params: z.object({ manifest: pluginManifest }),
  result: z.object({
    /** What a person has set; the plugin checks them itself. */
    settings: shape.jsonObject,
    /** Longest time of a hook, in milliseconds. */
    hookMaxMs: z.int(),
  }),
  summary:
    'What a plugin says first: what it brings. Its rights are those that it declares and a person granted.',
})

export const PluginReady = defineRequest('plugin/ready', {
  params: z.object({ problem: z.string().max(4096).optional() }),
  result: noResult,
  summary: 'The plugin serves from now on, or says why it can’t.',
})

export const ReadForAction = defineRequest('plugin/read', {
  params: z.object({
    /** The call that it is read for. */
    call: z.string().max(64),
    type: shape.typeName,
    id: shape.recordId.optional(),
    where: shape.jsonObject.optional(),
    limit: z.int().min(1).max(1000).optional(),
  }),
  result: z.object({ records: z.array(shape.record) }),
  summary:
    'Records as an action under way sees them, with the rights of whoever asked for the action.',
})

const problem = z.object({ path: z.string(), message: z.string() })

export const RunHook = defineRequest('plugin/hook', {
  params: z.object({
    /** Which of the hooks of the manifest. */
    hook: z.int().min(0),
    op: z.enum(hookOperations),
    type: shape.typeName,
    id: shape.recordId,
    principal: z.string(),
    before: shape.record.nullable(),
    /** The data as it would be; null when the operation is not about data. */
    after: shape.jsonObject.nullable(),
    timeMaxMs: z.int(),
  }),
  result: z.object({
    refuse: problem.partial({ path: true }).optional(),
    set: shape.jsonObject.optional(),
    unset: z.array(shape.fieldName).max(200).optional(),
  }),
  summary: 'Asks a plugin about a write before it is admitted.',
})

const actionCall = {
  call: z.string().max(64),
  action: z.string(),
  params: shape.json.optional(),
  principal: z.string(),
}
export const CheckAction = defineRequest('plugin/checkAction', {
  params: z.object(actionCall).pick({ action: true, params: true }),
  result: z.object({ issues: z.array(problem) }),
  summary: 'Whether an input is one that an action takes.',
})

export const PlanAction = defineRequest('plugin/planAction', {
  params: z.object({ ...actionCall, at: z.string(), step: z.enum(['problems', 'apply']) }),
  result: z.object({
    problems: z.array(problem).optional(),
    operations: z.array(transactOperation).max(operationsMax).optional(),
  }),
  summary: 'What speaks against an action, or what it would do.',
})

export const FollowAction = defineRequest('plugin/followAction', {
  params: z.object({ ...actionCall, results: z.array(shape.writeResult) }).omit({ call: true }),
  result: z.object({ failures: z.array(z.string()) }),
  summary: 'Lets an action do what it does once everything is on disk.',
})

export const StopPlugin = defineRequest('plugin/stop', {
  params: z.object({ reason: z.string() }),
  result: noResult,
  summary: 'Lets a plugin finish what it does; it is given a little time, then it is ended.',
})

export const PingPlugin = defineRequest('plugin/ping', {
  params: noParams,
  result: noResult,
  summary: 'Whether a plugin still answers; one that does not is ended.',
})

/** What a plugin says to the daemon, beside what every client may. */
export const pluginToDaemon = [RegisterPlugin, PluginReady, ReadForAction] as const
/** What the daemon asks of a plugin. */
export const daemonToPlugin = [
  RunHook,
  CheckAction,
  PlanAction,
  FollowAction,
  PingPlugin,
  StopPlugin,
] as const
