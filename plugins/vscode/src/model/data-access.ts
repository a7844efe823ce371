/** Values of records whose type may be newer, older or somebody else's: what is not as expected is as if it were not there. */
import { isJsonObject, type Json, type JsonObject } from '../../../../sdk/json.ts'

/** The text of a field; empty when it is none. */
export function textAt(data: JsonObject, field: string): string {
  const value = valueAt(data, field)
  return typeof value === 'string' ? value : ''
}

/** The number of a field; undefined when it is none. */
export function numberAt(data: JsonObject, field: string): number | undefined {
  const value = valueAt(data, field)
  return typeof value === 'number' ? value : undefined
}

/** The texts of a list; what is no text is left out. */
export function textsAt(data: JsonObject, field: string): string[] {
  const value = valueAt(data, field)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The object of a field; an empty one when it is none. */
export function objectAt(data: JsonObject, field: string): JsonObject {
  const value = valueAt(data, field)
  return isJsonObject(value) ? value : {}
}

function valueAt(data: JsonObject, field: string): Json | undefined {
  return Object.hasOwn(data, field) ? data[field] : undefined
}
