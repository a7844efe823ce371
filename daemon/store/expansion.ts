/** Fetches what the references of some records name, in the same answer. */
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { invalidAt } from '../../sdk/filter/target.ts'
import type { Expansion, OmittedTarget, Record } from '../../sdk/model.ts'
import {
  type ReferencePlace,
  type ReferenceTarget,
  referencesAt,
  targetOf,
} from '../../sdk/references.ts'
import { AnswerLength } from './answer-length.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'

/**
 * The places that a request wants expanded.
 *
 * @param shown - The fields of the data that the answer has; undefined for all of them.
 * @throws OrionError `invalid_request` for a name that is no reference, or that is not shown.
 */
export function placesToExpand(
  { definition, references }: RecordTypeEntry,
  names: readonly string[] | undefined,
  shown?: readonly string[],
): readonly ReferencePlace[] | undefined {
  return names?.map((name) => {
    const place = references.find(({ path }) => path === name)
    if (place === undefined) {
      const known = references.map(({ path }) => path)
      const has = known.length === 0 ? 'no references' : `the references ${known.join(', ')}`
      const message = `${JSON.stringify(name)} is no reference: ${definition.name} has ${has}`
      throw invalidAt('expand', message, didYouMean(name, known))
    }
    if (shown?.includes(place.field) === false) {
      throw invalidAt('expand', `${name} is expanded, but \`fields\` leaves ${place.field} out`)
    }
    return place
  })
}

/**
 * The records that others name in these places, as they are now, each once. They find room where the answer has some
 * left; when it is full, or has looked for as many as it may, it says that it is incomplete.
 */
export function expand(
  context: StoreContext,
  request: {
    readonly places: readonly ReferencePlace[] | undefined
    readonly records: readonly Record[]
    readonly caller: Caller
  },
): Expansion {
  const { places, records, caller } = request
  if (places === undefined) return {}
  const { answerMaxLength, expandedMax } = context.limits
  const answer = new AnswerLength(answerMaxLength)
  for (const { data } of records) answer.takes(JSON.stringify(data).length)
  const included: Record[] = []
  const omitted: OmittedTarget[] = []
  const seen = new Set<string>()
  for (const target of targetsOf(places, records)) {
    const key = `${target.type}\n${target.id}`
    if (seen.has(key)) continue
    if (seen.size >= expandedMax) return { included, omitted, incomplete: true }
    seen.add(key)
    const found = lookUp(context, target, caller)
    if (typeof found === 'string') omitted.push({ ...target, reason: found })
    else if (answer.takes(found.dataLength)) included.push(found.record)
    else return { included, omitted, incomplete: true }
  }
  return { included, omitted }
}

/** By its type alone is a record forbidden, so that nobody learns whether it is there. */
function lookUp(context: StoreContext, { type, id }: ReferenceTarget, caller: Caller) {
  if (!caller.mayRead(type)) return 'forbidden'
  const entry = context.types.get(type)
  return (entry === undefined ? undefined : context.read(entry, id)) ?? 'absent'
}

function* targetsOf(
  places: readonly ReferencePlace[],
  records: readonly Record[],
): Generator<ReferenceTarget> {
  for (const { data } of records) {
    for (const place of places) {
      for (const value of referencesAt(place, data)) {
        const target = targetOf(place, value)
        if (target !== undefined) yield target
      }
    }
  }
}
