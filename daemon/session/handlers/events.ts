/** Events of clients' own, and reading the log by polling. */
import type { z } from 'zod'
import { OrionError } from '../../../sdk/errors.ts'
import { type Event, firstWord } from '../../../sdk/model.ts'
import type * as protocol from '../../../sdk/protocol/events.ts'
import { narrowEvent } from '../../events/event-encoder.ts'
import type { StoreWrites } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'
import { assertNamedReadable, readableTypes } from '../rights.ts'
import { startAt } from '../start-position.ts'

/** Puts an event of a client's own into the log. */
export const publish = (
  params: Parameters<StoreWrites['publish']>[0],
  context: RequestContext,
): ReturnType<StoreWrites['publish']> => context.services.store.publish(params, context)

type ListParams = z.output<typeof protocol.ListEvents.params>
type ListResult = z.output<typeof protocol.ListEvents.result>

/**
 * Events after a position; without one, from the oldest that is kept. The answer's token is where the next
 * question starts, also when no event was found.
 */
export async function list(params: ListParams, context: RequestContext): Promise<ListResult> {
  const { store, bus, patterns: compiled } = context.services
  const patterns = params.patterns && compiled.compileAll(params.patterns)
  const reads = readableTypes(context.session.rights)
  if (patterns !== undefined) assertNamedReadable(patterns, reads)
  const wanted = ({ topic }: Event): boolean =>
    (reads === undefined || reads.has(firstWord(topic))) &&
    (patterns === undefined || patterns.some((pattern) => pattern.matches(topic)))
  const start =
    params.after === undefined
      ? { seq: store.log.floorSeq, gap: undefined }
      : await startAt(params.after, context)
  const include = params.include ?? 'record'
  const lengthOf = (event: Event): number => bus.encoder.encode(event, include).length
  const search = { after: start.seq, limit: params.limit ?? defaultLimit, wanted, lengthOf }
  let found = await findEvents(search, context)
  const { waitMs = 0 } = params
  if (found.events.length === 0 && waitMs > 0) {
    const timeUp = new AbortController()
    const timer = setTimeout(() => timeUp.abort(), waitMs)
    const signal = AbortSignal.any([context.signal, timeUp.signal])
    await bus.waitForEvent(found.seq, wanted, signal)
    clearTimeout(timer)
    assertWanted(context)
    found = await findEvents({ ...search, after: found.seq }, context)
  }
  return {
    events: found.events.map((event) => narrowEvent(event, include)),
    token: store.tokenAt(found.seq),
    ...(start.gap === undefined ? {} : { gap: { reason: start.gap, floor: store.floor() } }),
  }
}

interface Search {
  readonly after: number
  readonly limit: number
  readonly wanted: (event: Event) => boolean
  /** About how many characters an event takes in the answer. */
  readonly lengthOf: (event: Event) => number
}

/** At most so many events, or all of the transaction that passes the limit; reads in slices that yield. */
async function findEvents(
  search: Search,
  context: RequestContext,
): Promise<{ readonly events: readonly Event[]; readonly seq: number }> {
  const { log } = context.services.store
  const { limits } = context.services
  const events: Event[] = []
  let length = 0
  let seq = search.after
  const slice = context.services.bus.turns.slice()
  // Compaction may overtake it between two slices: it ends there, and the next question is answered with a gap.
  while (events.length < search.limit && seq < log.durableSeq && seq >= log.floorSeq) {
    const batch = log.readEvents(seq, sliceEvents)
    for (const event of batch) {
      const isFull = events.length >= search.limit || length > limits.answerMaxLength
      if (isFull && event.txn !== events.at(-1)?.txn) return { events, seq }
      if (search.wanted(event)) {
        events.push(event)
        length += search.lengthOf(event)
      }
      seq = event.seq
      if (!slice.isOver) continue
      await slice.yield()
      assertWanted(context)
    }
    if (batch.length === 0) break
    await slice.yield()
    assertWanted(context)
  }
  return { events, seq }
}

function assertWanted(context: RequestContext): void {
  if (context.cancelled) throw new OrionError('cancelled', 'the client cancelled the request', {})
}

const defaultLimit = 100
const sliceEvents = 256
