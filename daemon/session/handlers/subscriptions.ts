/** Opening and closing subscriptions. */
import type { z } from 'zod'
import { OrionError } from '../../../sdk/errors.ts'
import { formatToken, parseToken } from '../../../sdk/model.ts'
import type * as protocol from '../../../sdk/protocol/subscriptions.ts'
import { select } from '../../events/subscriber.ts'
import type { RequestContext } from '../request-context.ts'
import { type StartPosition, startAt } from '../start-position.ts'

type OpenParams = z.output<typeof protocol.OpenSubscription.params>
type OpenResult = z.output<typeof protocol.OpenSubscription.result>

/** Begins a subscription; its first notification follows this answer. */
export async function open(params: OpenParams, context: RequestContext): Promise<OpenResult> {
  const { store, bus, patterns: compiled, limits } = context.services
  assertServed(params)
  const patterns = params.patterns.map((text) => compiled.compile(text))
  if (params.allowUnknown !== true) await bus.knownTopics.assertKnown(patterns)
  const start = await startOf(params.from, context)
  const { subscriptions } = context.session
  if (subscriptions.size >= limits.subscriptionsPerConnectionMax) {
    throw new OrionError(
      'too_large',
      `expected at most ${limits.subscriptionsPerConnectionMax} subscriptions of one connection`,
      {
        limit: limits.subscriptionsPerConnectionMax,
        remedy: 'close some, or put several patterns into one subscription',
      },
    )
  }
  const subscriptionId = subscriptions.open({
    selection: select({
      patterns,
      include: params.include ?? 'record',
      windowEvents: params.windowEvents ?? defaultWindowEvents,
    }),
    seq: start.seq,
    ...(start.gap === undefined ? {} : { gap: start.gap }),
  })
  return { subscriptionId, token: store.tokenAt(start.seq), patterns: params.patterns }
}

/** Ends a subscription; nothing of it is written after this answer. */
export function close(
  params: z.output<typeof protocol.CloseSubscription.params>,
  context: RequestContext,
): null {
  const { subscriptionId } = params
  if (!context.session.subscriptions.close(subscriptionId)) {
    throw new OrionError('not_found', `this connection has no subscription ${subscriptionId}`, {
      id: subscriptionId,
    })
  }
  return null
}

const defaultWindowEvents = 256

async function startOf(from: string | undefined, context: RequestContext): Promise<StartPosition> {
  if (from === undefined || from === 'now') {
    return { seq: context.services.store.log.durableSeq, gap: undefined }
  }
  const position = parseToken(from)
  if (position === undefined) {
    throw new OrionError('token_invalid', 'from: expected now, snapshot or a token', {
      remedy: 'pass a token of an earlier answer or event, unchanged',
    })
  }
  return startAt(formatToken(position), context)
}

/** Refuses what this version does not do yet, rather than doing something else in silence. */
function assertServed(params: OpenParams): void {
  const missing =
    params.from === 'snapshot'
      ? 'from: "snapshot"'
      : params.where !== undefined
        ? 'where'
        : params.policy === 'coalesce'
          ? 'policy: "coalesce"'
          : params.name !== undefined
            ? 'name'
            : undefined
  if (missing === undefined) return
  throw new OrionError('invalid_request', `subscription/open: ${missing} is not yet served`, {
    remedy: 'subscribe from now or from a token, list the records, and filter at the client',
  })
}
