/** Who names a record. */
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { invalidAt } from '../../sdk/filter/target.ts'
import type { Lifecycle, Referrer } from '../../sdk/model.ts'
import { AnswerLength } from './answer-length.ts'
import { decodeReferrerCursor, encodeReferrerCursor, type ReferrerKey } from './referrer-cursor.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'

/** Which referrers are wanted. */
export interface ReferrerQuery {
  readonly type: string
  readonly id: string
  readonly from?: string | undefined
  readonly field?: string | undefined
  readonly lifecycle: readonly Lifecycle[]
  readonly limit: number
  readonly after?: string | undefined
}

/** Referrers in the order of their type, field and id. */
export interface ReferrerPage {
  readonly referrers: readonly Referrer[]
  readonly next: string | undefined
}

/**
 * Reads a page of who names a record, for as long as a turn may take: a page may have fewer than were asked for, or
 * none, and go on nevertheless. Types that the caller may not read are passed over.
 *
 * @throws OrionError `unknown_type`, `invalid_request`.
 */
export function readReferrers(
  context: StoreContext,
  query: ReferrerQuery,
  caller: Caller,
): ReferrerPage {
  context.type(query.type)
  const after = query.after === undefined ? undefined : decodeReferrerCursor(query, query.after)
  const places = placesTo(context, query, caller).filter((place) => isAhead(place, after))
  const reading = new ReferrerReading(context, query)
  for (const place of places) {
    const from = isSame(place, after) ? after.id : ''
    const end = reading.read(place, from)
    if (end !== undefined) {
      return { referrers: reading.found, next: encodeReferrerCursor(query, end) }
    }
  }
  return { referrers: reading.found, next: undefined }
}

type Place = Omit<ReferrerKey, 'id'>

/** One page while it is read. */
class ReferrerReading {
  readonly found: Referrer[] = []
  readonly #context: StoreContext
  readonly #query: ReferrerQuery
  readonly #answer: AnswerLength
  readonly #endMs: number

  constructor(context: StoreContext, query: ReferrerQuery) {
    this.#context = context
    this.#query = query
    this.#answer = new AnswerLength(context.limits.answerMaxLength)
    this.#endMs = performance.now() + context.limits.turnMaxMs
  }

  /** Reads those of one place; tells after which the next page goes on, if this one is full. */
  read(place: Place, from: string): ReferrerKey | undefined {
    const { connection } = this.#context
    const { type, id, lifecycle, limit } = this.#query
    for (let after = from; ; ) {
      const rows = connection
        .prepare(rowsOfPlace)
        .all([type, id, place.type, place.field, after, rowsAtOnce])
      for (const row of rows) {
        if (this.found.length >= limit) return { ...place, id: after }
        const by = String(row.id)
        const stored = this.#context.read(this.#context.type(place.type), by)
        if (stored !== undefined && lifecycle.includes(stored.record.lifecycle)) {
          if (!this.#answer.takes(stored.dataLength)) return { ...place, id: after }
          this.found.push({ field: place.field, record: stored.record })
        }
        after = by
      }
      if (rows.length < rowsAtOnce) return undefined
      if (performance.now() > this.#endMs) return { ...place, id: after }
    }
  }
}

/** The places that may name records of the type, in the order of the page. */
function placesTo(context: StoreContext, query: ReferrerQuery, caller: Caller): Place[] {
  const { type, from, field } = query
  const entries = from === undefined ? [...context.types.values()] : [context.type(from)]
  const places = entries
    .filter(({ definition }) => caller.mayRead(definition.name))
    .flatMap(({ definition, references }) =>
      references
        .filter(({ to }) => to === type || to === '*')
        .map(({ path }) => ({ type: definition.name, field: path })),
    )
  if (field !== undefined && !places.some((place) => place.field === field)) {
    const names = [...new Set(places.map((place) => place.field))]
    const who = from === undefined ? 'no type that you may read names' : `${from} does not name`
    const message = `${who} ${type} by a reference ${JSON.stringify(field)}`
    throw invalidAt('field', message, didYouMean(field, names))
  }
  return places
    .filter((place) => field === undefined || place.field === field)
    .sort((left, right) => order(left.type, right.type) || order(left.field, right.field))
}

function isAhead(place: Place, after: ReferrerKey | undefined): boolean {
  if (after === undefined) return true
  return (order(place.type, after.type) || order(place.field, after.field)) >= 0
}

function isSame(place: Place, after: ReferrerKey | undefined): after is ReferrerKey {
  return after !== undefined && place.type === after.type && place.field === after.field
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

const rowsAtOnce = 64
const rowsOfPlace = `SELECT id FROM record_references
  WHERE target_type = ? AND target_id = ? AND type = ? AND field = ? AND id > ? ORDER BY id LIMIT ?`
