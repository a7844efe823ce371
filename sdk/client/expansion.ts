/** Records whose references were followed, with the static types of what they name. */
import type { Fields, IsMany, TargetOf } from '../field.ts'
import type { Expansion, OmittedTarget, Record } from '../model.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import { type ReferencePlace, referencePlaces, referencesAt, targetOf } from '../references.ts'

/** The fields of a type that hold references; a reference inside of nested objects by its path, `a.b`. */
export type ReferenceName<T extends RecordType> = string extends keyof T['fields']
  ? string
  : ReferenceFields<T['fields']> | `${string}.${string}`

type ReferenceFields<F extends Fields> = {
  [N in Extract<keyof F, string>]: [TargetOf<F[N]>] extends [never] ? never : N
}[Extract<keyof F, string>]

/**
 * What the references of a record name, by field: a record, or undefined; of a list, and of everything inside of nested
 * objects, those that are there, in order. Deleted and archived records are among them, with their lifecycle.
 */
export type Expanded<T extends RecordType, E extends string> = {
  readonly [N in E]: N extends keyof T['fields']
    ? IsMany<T['fields'][N]> extends true
      ? readonly NamedBy<T, TargetOf<T['fields'][N]>>[]
      : NamedBy<T, TargetOf<T['fields'][N]>> | undefined
    : readonly Record[]
}

/** What following references adds to a record; nothing when none were asked for. */
export type WithExpanded<T extends RecordType, E extends string> = [E] extends [never]
  ? unknown
  : {
      readonly expanded: Expanded<T, E>
      /** What the record names there and is not in `expanded`, and why. */
      readonly omitted: readonly OmittedTarget[]
      /** There was no room to look for all of them. */
      readonly incomplete?: true
    }

type NamedBy<T extends RecordType, To> = To extends 'self'
  ? Record<RecordData<T>>
  : To extends { readonly name: string; readonly fields: infer F extends Fields }
    ? Record<RecordData<RecordType<F>>>
    : Record

/** A record with what it names, before anybody said of which type it is. */
export interface ExpandedRecord extends Record {
  readonly expanded: { readonly [field: string]: Record | readonly Record[] | undefined }
  readonly omitted: readonly OmittedTarget[]
  readonly incomplete?: true
}

/** Puts what an answer included into the records that name it. */
export function expandRecords(
  type: RecordType,
  names: readonly string[],
  answer: Expansion & { readonly records: readonly Record[] },
): ExpandedRecord[] {
  const { records, included = [], omitted = [], incomplete } = answer
  const known = new Map(included.map((record) => [keyOf(record), record]))
  const left = new Map(omitted.map((target) => [keyOf(target), target]))
  const places = referencePlaces(type.definition.fields).filter(({ path }) => names.includes(path))
  return records.map((record) => {
    const expanded: { [field: string]: Record | readonly Record[] | undefined } = {}
    const missing = new Map<string, OmittedTarget>()
    for (const place of places) {
      const targets = keysAt(place, record)
      const found = targets.flatMap((key) => known.get(key) ?? [])
      for (const key of targets) {
        const target = left.get(key)
        if (target !== undefined) missing.set(key, target)
      }
      const isOne = !place.several && place.steps.length === 1
      expanded[place.path] = isOne ? found[0] : found
    }
    const shown = { ...record, expanded, omitted: [...missing.values()] }
    return incomplete ? { ...shown, incomplete } : shown
  })
}

function keysAt(place: ReferencePlace, { data }: Record): string[] {
  return referencesAt(place, data).flatMap((value) => {
    const target = targetOf(place, value)
    return target === undefined ? [] : [keyOf(target)]
  })
}

function keyOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}\n${id}`
}
