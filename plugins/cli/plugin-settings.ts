/** Settings of a plugin as a person gives them: `--set KEY=VALUE`, as often as needed. */
import type { Client } from '../../sdk/client/client.ts'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import type { PluginManifest } from '../../sdk/protocol/plugin-messages.ts'
import { ListPlugins } from '../../sdk/protocol/plugins.ts'
import { parseJson, parseJsonObject } from './parse-flags.ts'
import { UsageError } from './usage-error.ts'

/**
 * Reads settings. A value is a text where the plugin declares one; elsewhere it is JSON, and a text if it is none. A JSON
 * object sets several at once.
 *
 * @param schema - JSON Schema of all settings, as the plugin declares it.
 * @throws UsageError for what is neither.
 */
export function readSettings(
  texts: readonly string[],
  schema: JsonObject | undefined,
): { [name: string]: Json } {
  const settings: [string, Json][] = texts.flatMap((text) => {
    if (text.startsWith('{')) return Object.entries(objectOf(text))
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key !== undefined && value !== undefined) return [[key, settingOf(value, schema, key)]]
    throw new UsageError(`--set: expected KEY=VALUE, got ${JSON.stringify(text.slice(0, 80))}`, {
      remedy: 'for example --set rulesMax=20',
    })
  })
  return Object.fromEntries(settings)
}

/**
 * The settings that a plugin of the store has, and all that it is to have once some are set: those that nobody names stay.
 *
 * @throws UsageError as `readSettings`.
 */
export async function settingsAfter(
  client: Client,
  texts: readonly string[] | undefined,
  manifest: PluginManifest,
): Promise<{ readonly present: JsonObject | undefined; readonly asked: JsonObject | undefined }> {
  const { plugins } = await client.request(ListPlugins, {})
  const present = plugins.find(({ name }) => name === manifest.name)?.settings
  if (texts === undefined) return { present, asked: undefined }
  return { present, asked: { ...present, ...readSettings(texts, manifest.settings) } }
}

function objectOf(text: string): JsonObject {
  try {
    return parseJsonObject(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`--set: ${reason}`, { cause })
  }
}

function settingOf(text: string, schema: JsonObject | undefined, key: string): Json {
  const properties = schema?.properties
  const declared = isJsonObject(properties) ? properties[key] : undefined
  if (isJsonObject(declared) && declared.type === 'string') return text
  try {
    return parseJson(text)
  } catch {
    return text // The plugin checks its settings itself, and says what it expected.
  }
}
