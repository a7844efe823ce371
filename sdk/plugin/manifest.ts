/** A declared plugin as data. */
import { z } from 'zod'
import { patternsOf } from '../client/open-stream.ts'
import type { Issue } from '../errors.ts'
import { isJsonObject, type JsonObject } from '../json.ts'
import { type PluginManifest, pluginManifest } from '../protocol/plugin-messages.ts'
import { issuesOf } from '../zod-issues.ts'
import type { PluginDeclaration } from './plugin-declaration.ts'

/** What a plugin says of itself, or what is wrong with it. */
export function manifestOf(
  declaration: PluginDeclaration,
):
  | { readonly ok: true; readonly manifest: PluginManifest }
  | { readonly ok: false; readonly issues: readonly Issue[] } {
  const { recordTypes = [], migrations = [], actions = [], hooks = [], on = [] } = declaration
  const { name, apiVersion, version, description, scopes = {} } = declaration
  const said: unknown = JSON.parse(
    JSON.stringify({
      name,
      apiVersion,
      version,
      description,
      scopes,
      recordTypes: recordTypes.map(({ definition }) => definition),
      migrations: [...recordTypes, ...migrations].flatMap((type) =>
        type.migrations === undefined || type.migrations.length === 0
          ? []
          : [{ type: type.name, migrations: type.migrations }],
      ),
      actions: actions.map((action) => ({
        name: action.name,
        description: action.description,
        types: action.types,
        requiresProposal: action.requiresProposal ?? false,
        dangerous: action.dangerous ?? false,
        retriesMax: action.retriesMax ?? 0,
        input: action.inputSchema,
      })),
      hooks: hooks.map(({ type, operations, fail, timeMaxMs }) => ({
        type,
        operations,
        fail,
        timeMaxMs,
      })),
      on: on.map((reaction) => ({
        name: reaction.name,
        patterns: patternsOf(reaction.what, reaction),
      })),
      settings: settingsSchema(declaration),
    }),
  )
  const parsed = pluginManifest.safeParse(said)
  if (parsed.success) return { ok: true, manifest: parsed.data }
  return { ok: false, issues: parsed.error.issues.flatMap(issuesOf) }
}

/** JSON Schema of what may be set; undefined when nothing may be. */
function settingsSchema({ settings }: PluginDeclaration): JsonObject | undefined {
  if (settings === undefined) return undefined
  const schema: unknown = JSON.parse(
    JSON.stringify(z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' })),
  )
  return isJsonObject(schema) ? schema : {}
}
