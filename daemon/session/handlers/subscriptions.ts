/** Opening and closing subscriptions, and waiting for them. */
import type { z } from 'zod'
import { OrionError } from '../../../sdk/errors.ts'
import { formatToken, hasControlCharacter, parseToken } from '../../../sdk/model.ts'
import type * as protocol from '../../../sdk/protocol/subscriptions.ts'
import { onlyType } from '../../events/record-topics.ts'
import { type Selection, type SelectionParts, select } from '../../events/subscriber.ts'
import type { TopicPattern } from '../../events/topic-pattern.ts'
import type { PositionOwner } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'
import { assertNamedReadable, readableTypes } from '../rights.ts'
import { type StartPosition, startAt } from '../start-position.ts'

type OpenParams = z.output<typeof protocol.OpenSubscription.params>
type OpenResult = z.output<typeof protocol.OpenSubscription.result>

/** Begins a subscription; its first notification follows this answer. */
export async function open(params: OpenParams, context: RequestContext): Promise<OpenResult> {
  const { store, bus, patterns: compiled } = context.services
  const patterns = compiled.compileAll(params.patterns)
  const reads = readableTypes(context.session.rights)
  assertNamedReadable(patterns, reads)
  if (params.allowUnknown !== true) await bus.knownTopics.assertKnown(patterns, reads)
  const selection = selectionOf(params, patterns, context)
  const owner = ownerOf(params.name, context)
  assertRoom(context)
  const { seq, gap, snapshot } =
    owner === undefined
      ? await startOf(params.from, context)
      : await startOfNamed(owner, params.from, context)
  // Asked again, because others may have opened some meanwhile.
  assertRoom(context)
  const opening = {
    selection,
    seq,
    snapshot,
    ...(gap === undefined ? {} : { gap }),
    ...(params.onGap === undefined ? {} : { onGap: params.onGap }),
  }
  const subscriptionId = context.session.subscriptions.open(opening, owner)
  return { subscriptionId, token: store.tokenAt(seq), patterns: params.patterns }
}

/** Moves a named position to what its subscriber has handled. */
export async function acknowledge(
  params: z.output<typeof protocol.AcknowledgeSubscription.params>,
  context: RequestContext,
): Promise<z.output<typeof protocol.AcknowledgeSubscription.result>> {
  const { subscriptionId, token } = params
  const { store } = context.services
  const { subscriptions } = context.session
  if (!subscriptions.has(subscriptionId)) throw noSubscription(subscriptionId)
  const owner = subscriptions.ownerOf(subscriptionId)
  if (owner === undefined) {
    throw new OrionError('invalid_request', `subscription ${subscriptionId} has no name`, {
      remedy: 'open it with a name; without one its position is the client’s to keep',
    })
  }
  const seq = store.seqOf(token)
  const toldSeq = subscriptions.toldSeq(subscriptionId)
  if (toldSeq === undefined) {
    throw new OrionError('invalid_request', 'a snapshot is handled only when all of it has come', {
      remedy: 'acknowledge its token after subscription/synced',
    })
  }
  if (seq === 'epoch' || seq > toldSeq) {
    throw new OrionError('token_invalid', 'expected a token that this subscription was sent', {
      remedy: 'acknowledge the token of the last notification that was handled',
    })
  }
  return { token: store.tokenAt(await store.positions.keep(owner, seq)) }
}

/** Ends a subscription; nothing of it is written after this answer. */
export function close(
  params: z.output<typeof protocol.CloseSubscription.params>,
  context: RequestContext,
): null {
  const { subscriptionId } = params
  if (!context.session.subscriptions.close(subscriptionId)) throw noSubscription(subscriptionId)
  return null
}

/** Waits until everything up to a position has been written to this connection. */
export async function flush(
  params: z.output<typeof protocol.FlushSubscription.params>,
  context: RequestContext,
): Promise<z.output<typeof protocol.FlushSubscription.result>> {
  const { subscriptionId } = params
  const { store } = context.services
  const { subscriptions } = context.session
  // Asked before the wait for a token, so that a wrong id is told at once.
  if (subscriptions.flush(subscriptionId, 0) === undefined) throw noSubscription(subscriptionId)
  const seq = await seqToReach(params.token, context)
  const written = subscriptions.flush(subscriptionId, seq)
  const cancelled = new Promise<'cancelled'>((resolve) => {
    context.signal.addEventListener('abort', () => resolve('cancelled'), { once: true })
  })
  switch (await Promise.race([written, cancelled])) {
    case true:
      return { token: store.tokenAt(seq) }
    case 'cancelled':
      throw new OrionError('cancelled', 'the wait for the subscription was given up', {})
    default:
      throw noSubscription(subscriptionId)
  }
}

async function seqToReach(
  token: Parameters<RequestContext['services']['store']['waitFor']>[0] | undefined,
  context: RequestContext,
): Promise<number> {
  const { store } = context.services
  if (token === undefined) return store.log.durableSeq
  await store.waitFor(token, context)
  const seq = store.seqOf(token)
  return seq === 'epoch' ? store.log.durableSeq : seq
}

function noSubscription(subscriptionId: string): OrionError {
  return new OrionError('not_found', `this connection has no subscription ${subscriptionId}`, {
    id: subscriptionId,
  })
}

const defaultWindowEvents = 256

function selectionOf(
  params: OpenParams,
  patterns: readonly TopicPattern[],
  context: RequestContext,
): Selection {
  const parts: SelectionParts = {
    patterns,
    include: params.include ?? 'record',
    policy: params.policy ?? 'park',
    windowEvents: params.windowEvents ?? defaultWindowEvents,
    reads: readableTypes(context.session.rights),
  }
  const { where } = params
  if (where === undefined) return select(parts)
  const records = context.services.store.recordFilter(filteredType(patterns, context), where)
  return select({ ...parts, filter: { where: JSON.stringify(where), records } })
}

/** The one type that all patterns are about. */
function filteredType(patterns: readonly TopicPattern[], context: RequestContext): string {
  const names = context.services.store.typeNames()
  const types = new Set(patterns.map((pattern) => onlyType(pattern, names)))
  const [type] = types
  if (type !== undefined && types.size === 1) return type
  throw new OrionError('invalid_request', 'where needs patterns of one record type', {
    remedy: 'begin each pattern with the name of the type and a dot, as in OrionInsight.*',
  })
}

async function startOf(
  from: string | undefined,
  context: RequestContext,
): Promise<StartPosition & { readonly snapshot: boolean }> {
  const { log } = context.services.store
  if (from === undefined || from === 'now' || from === 'snapshot') {
    return { seq: log.durableSeq, gap: undefined, snapshot: from === 'snapshot' }
  }
  const position = parseToken(from)
  if (position === undefined) {
    throw new OrionError('token_invalid', 'from: expected now, snapshot or a token', {
      remedy: 'pass a token of an earlier answer or event, unchanged',
    })
  }
  return { ...(await startAt(formatToken(position), context)), snapshot: false }
}

function ownerOf(name: string | undefined, context: RequestContext): PositionOwner | undefined {
  if (name === undefined) return undefined
  if (hasControlCharacter(name)) {
    throw new OrionError('invalid_request', 'name: expected no control characters', {})
  }
  return { principal: context.principal, name }
}

/**
 * Where a named subscription goes on. One that is new begins where it asks to, and lasts from now on; but not before
 * its snapshot is acknowledged, which is sent again as long as it was not handled.
 */
async function startOfNamed(
  owner: PositionOwner,
  from: string | undefined,
  context: RequestContext,
): Promise<StartPosition & { readonly snapshot: boolean }> {
  const { store } = context.services
  const kept = store.positions.find(owner)
  if (kept !== undefined) {
    if (kept.epoch === store.epoch) await store.positions.keep(owner, kept.seq)
    return {
      ...(await startAt(formatToken({ ...kept, storeId: store.storeId }), context)),
      snapshot: false,
    }
  }
  const start = await startOf(from, context)
  if (!start.snapshot) await store.positions.keep(owner, start.seq)
  return start
}

function assertRoom(context: RequestContext): void {
  const { limits, bus } = context.services
  const { subscriptionsPerConnectionMax, subscriptionsMax } = limits
  if (context.session.subscriptions.size >= subscriptionsPerConnectionMax) {
    throw new OrionError(
      'too_large',
      `expected at most ${subscriptionsPerConnectionMax} subscriptions of one connection`,
      {
        limit: subscriptionsPerConnectionMax,
        actual: subscriptionsPerConnectionMax + 1,
        remedy: 'close some, or put several patterns into one subscription',
      },
    )
  }
  if (bus.subscriptionCount < subscriptionsMax) return
  throw new OrionError('overloaded', `the daemon has ${subscriptionsMax} subscriptions already`, {
    retryAfterMs: 1000,
    remedy: 'close some, or put several patterns into one subscription',
  })
}
