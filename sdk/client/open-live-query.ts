/** Opens a live query and waits for its first set. */

import { parseToken } from '../model.ts'
import type { RecordType } from '../record-type.ts'
import type { Caller } from './caller.ts'
import { Feed } from './feed.ts'
import { LiveQuery } from './live-query.ts'
import { liveRule } from './live-rule.ts'
import { cancelled, openFeed } from './open-stream.ts'
import type { ListOptions, LiveQueryOptions } from './queries.ts'
import type { Repository } from './repository.ts'
import { clientClosed } from './session-keeper.ts'
import type { OpenRequest, SubscriptionHub } from './subscription-hub.ts'
import type { TypeDefiner } from './type-definer.ts'
import { pageOf, toWhere } from './typed-record.ts'
import type { FieldName } from './where.ts'

/** What live queries use of a client. */
export interface LiveQueryParts<T extends RecordType> {
  readonly hub: SubscriptionHub
  readonly caller: Caller
  readonly definer: TypeDefiner
  readonly repository: Repository<T>
}

/**
 * Opens a live query. Resolves when its set is there.
 *
 * @throws OrionError `invalid_request` for a filter or an order that the type does not have; `timeout`; `cancelled`.
 */
export async function openLiveQuery<T extends RecordType>(
  { hub, caller, definer, repository }: LiveQueryParts<T>,
  options: LiveQueryOptions<T>,
): Promise<LiveQuery<T>> {
  const { signal, ...selection } = options
  const { type } = repository
  const rule = liveRule(type, options)
  const list = (call: ListOptions<T>) => repository.list<FieldName<T>>({ ...selection, ...call })
  const page = rule.limit === undefined ? undefined : pageOf(await list({ signal }))
  if (page === undefined) await definer.ensure(type, { signal })
  const feed: Feed = new Feed({
    from: page?.token ?? 'snapshot',
    queueMaxEvents,
    rebuilds: page === undefined,
    positions: true,
    onDrained: () => hub.resume(feed),
  })
  const query = new LiveQuery<T>({
    ...{ rule, feed, page, close: () => hub.close(feed) },
    // In another epoch the position means nothing: the newest page there is will do.
    list: async (atLeast) =>
      pageOf(await list(parseToken(atLeast)?.epoch === caller.epoch ? { atLeast } : {})),
  })
  const request = openRequest(type, options)
  await openFeed(hub, feed, { request, timeoutMs: caller.timeoutMs, signal })
  const error = await Promise.race([query.ready, query.closed])
  if (error !== undefined) throw error
  if (feed.state === 'ended') throw signal?.aborted ? cancelled(signal) : clientClosed()
  return query
}

function openRequest<T extends RecordType>(
  { name }: T,
  { where, limit }: LiveQueryOptions<T>,
): OpenRequest {
  return {
    patterns: [`${name}.*`],
    where: where === undefined ? undefined : toWhere(where),
    include: 'record',
    // A limited one lists again by itself.
    onGap: limit === undefined ? 'snapshot' : 'continue',
  }
}

/** Events that may wait while it lists again. */
const queueMaxEvents = 1_000
