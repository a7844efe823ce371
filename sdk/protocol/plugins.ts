/** The plugins of a store: what a person grants, and how they are. */
import { z } from 'zod'
import { defineRequest, noParams, noResult } from './define.ts'
import { pluginManifest } from './plugin-messages.ts'
import * as shape from './schemas.ts'

const name = z.string().min(1).max(255)
const digest = z.string().length(64)
const path = z.string().min(1).max(4096)

/** Where a plugin's code lies, and which code it is. */
const code = {
  /** The module that is imported. */
  entry: path,
  /** The directory that belongs to the plugin; absent for a single file. */
  root: path.optional(),
  codeDigest: digest,
}

export const pluginInfo = z.object({
  name: z.string(),
  version: z.string().optional(),
  state: z.enum(['idle', 'starting', 'running', 'waiting', 'failed', 'disabled']),
  /** Why it does not run. */
  reason: z.string().optional(),
  pid: z.int().optional(),
  /** Crashes that are counted together. */
  crashes: z.int(),
})
/** How a plugin is. */
export type PluginInfo = z.output<typeof pluginInfo>

const grantedInfo = pluginInfo.extend({
  ...code,
  grantedAt: z.string(),
  /** What it may do, in words. */
  grants: z.array(z.string()),
  settings: shape.jsonObject,
})

export const ListPlugins = defineRequest('plugin/list', {
  params: noParams,
  result: z.object({ plugins: z.array(grantedInfo) }),
  scope: 'admin',
  summary: 'The plugins that were granted, what they may do, and how they are.',
})

export const InspectPlugin = defineRequest('plugin/inspect', {
  params: z.object({ plugin: path, cwd: path }),
  result: z.object({ ...code, files: z.int() }),
  scope: 'admin',
  summary:
    'Finds a plugin by its path or package, and says which code it is. Nothing of it is run.',
})

export const DescribePlugin = defineRequest('plugin/describe', {
  params: z.object({ ...code, approverSecret: z.string().max(1024).optional() }),
  result: z.object({
    manifest: pluginManifest,
    manifestDigest: digest,
    /** What it would be granted, in words. */
    grants: z.array(z.string()),
    /** What this user has granted to a plugin of this name, in the same words. */
    grantedBefore: z.array(z.string()).optional(),
    /** Why it could not be added as it is. */
    problems: z.array(z.string()),
  }),
  scope: 'admin',
  summary:
    'Runs exactly this code to learn what it asks for, and ends it. For the owner without a token.',
})

export const AddPlugin = defineRequest('plugin/add', {
  params: z.object({
    ...code,
    /** What the person has seen. */
    manifestDigest: digest,
    settings: shape.jsonObject.optional(),
    approverSecret: z.string().max(1024).optional(),
  }),
  result: grantedInfo,
  scope: 'admin',
  summary: 'Grants a plugin what was seen, and starts it. For the owner without a token.',
})

export const EnablePlugin = defineRequest('plugin/enable', {
  params: z.object({ name }),
  result: grantedInfo,
  scope: 'admin',
  summary: 'Starts a plugin again that was disabled, that failed or that crashed too often.',
})

export const DisablePlugin = defineRequest('plugin/disable', {
  params: z.object({ name, reason: z.string().max(1000).optional() }),
  result: grantedInfo,
  scope: 'admin',
  summary:
    'Stops a plugin; its hooks stand before nothing until it is enabled. For the owner without a token.',
})

export const RemovePlugin = defineRequest('plugin/remove', {
  params: z.object({ name }),
  result: noResult,
  scope: 'admin',
  summary: 'Stops a plugin and forgets its grant; its records stay. For the owner without a token.',
})

export const PluginLogs = defineRequest('plugin/logs', {
  params: z.object({
    name,
    bytesMax: z
      .int()
      .min(1)
      .max(1024 * 1024)
      .optional(),
  }),
  result: z.object({ path: z.string(), text: z.string() }),
  scope: 'admin',
  summary: 'The end of what a plugin has printed.',
})
