/** Two states of a record's data beside each other. */
import { OrionError } from './errors.ts'
import { type Json, type JsonObject, jsonEqual } from './json.ts'
import type { Record } from './model.ts'

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

/**
 * The update that gives a record the values of one of its old versions. It replaces what does not fit the type as it is
 * stored, too.
 *
 * @throws OrionError `invalid_record` if the old version can't be read.
 */
export function changesBackTo(
  { present, old }: { readonly present: Record<object>; readonly old: Record<object> },
  isManaged: (field: string) => boolean,
): { set: JsonObject; unset: string[] } {
  if (old.quarantined !== undefined) {
    const { type, id, version, quarantined } = old
    const message = `version ${version} of ${type} ${JSON.stringify(id)} can't be read: ${quarantined.reason}`
    const remedy = 'Go back to another version: `orion history` lists them.'
    throw new OrionError('invalid_record', message, { issues: [], remedy })
  }
  const values: JsonObject = { ...old.data }
  const { set, unset } = changesBetween({ ...present.data }, values, isManaged)
  // What does not fit is missing in the data, so that its absence would seem to be no difference.
  const damaged = Object.keys(present.quarantined?.raw ?? {}).filter(
    (name) => !isManaged(name) && !Object.hasOwn(values, name) && !envelopeMembers.has(name),
  )
  return { set, unset: [...unset, ...damaged] }
}

/** What the mark of a record may name beside its fields. */
export const envelopeMembers: ReadonlySet<string> = new Set(
  'id version token lifecycle createdAt updatedAt createdBy updatedBy'.split(' '),
)
