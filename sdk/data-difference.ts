/** Two states of a record's data beside each other. */
import { type Json, type JsonObject, jsonEqual } from './json.ts'

/** One field that differs. A side where it has no value is left out. */
export interface FieldDifference {
  readonly field: string
  readonly before?: Json
  readonly after?: Json
}

/** What differs between two states, in the order of the later one's fields; what it lacks comes last. */
export function differencesBetween(before: JsonObject, after: JsonObject): FieldDifference[] {
  const gone = Object.keys(before).filter((field) => !Object.hasOwn(after, field))
  return [...Object.keys(after), ...gone].flatMap((field) => {
    const old = Object.hasOwn(before, field) ? before[field] : undefined
    const now = Object.hasOwn(after, field) ? after[field] : undefined
    if (jsonEqual(old, now)) return []
    const sides = {
      ...(old === undefined ? {} : { before: old }),
      ...(now === undefined ? {} : { after: now }),
    }
    return [{ field, ...sides }]
  })
}

/** The update that makes `before` into `after`, but for the fields that only their own methods change. */
export function changesBetween(
  before: JsonObject,
  after: JsonObject,
  isManaged: (field: string) => boolean,
): { set: JsonObject; unset: string[] } {
  const set: [field: string, value: Json][] = []
  const unset: string[] = []
  for (const { field, after: value } of differencesBetween(before, after)) {
    if (isManaged(field)) continue
    if (value === undefined) unset.push(field)
    else set.push([field, value])
  }
  // `fromEntries` makes own members, also of one called `__proto__`.
  return { set: Object.fromEntries(set), unset }
}
