/** Settings of a plugin as a person gives them: `--set KEY=VALUE`, as often as needed. */
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
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
