/** Opens a subscription and waits for it. */
import type { JsonObject } from '../json.ts'
import type { RecordType } from '../record-type.ts'
import { EventStream } from './event-stream.ts'
import { Feed } from './feed.ts'
import type { GapRepair } from './gap-repair.ts'
import { clientClosed } from './session-keeper.ts'
import { SnapshotDifference } from './snapshot-difference.ts'
import type { OpenRequest, SubscriptionHub } from './subscription-hub.ts'
import type { AnySubscriptionOptions } from './subscription-options.ts'
import { typedError } from './typed-errors.ts'
import { toWhere } from './typed-record.ts'

/** What is subscribed to, and how long opening it may take. */
export interface StreamTarget {
  readonly patterns: readonly string[]
  readonly repair: GapRepair
  readonly timeoutMs: number
}

/** The patterns of a subscription: those that were given, or those of a record type. */
export function patternsOf(
  what: RecordType | string | readonly string[],
  { operations }: Pick<AnySubscriptionOptions, 'operations'>,
): readonly string[] {
  if (typeof what === 'string') return [what]
  if (!isRecordType(what)) return what
  if (operations === undefined) return [`${what.name}.*`]
  return operations.map((operation) => `${what.name}.${operation}`)
}

/** Tells a record type from patterns. */
export function isRecordType(what: RecordType | string | readonly string[]): what is RecordType {
  return typeof what === 'object' && 'definition' in what
}

/**
 * Opens a stream. Resolves when the daemon has opened it.
 *
 * @throws OrionError of the daemon's; `timeout`; `cancelled` when the signal aborts first.
 */
export async function openStream<Data = JsonObject>(
  hub: SubscriptionHub,
  target: StreamTarget,
  options: AnySubscriptionOptions,
): Promise<EventStream<Data>> {
  const { signal, queueMaxEvents = defaultQueueMaxEvents, from = 'now' } = options
  const { timeoutMs, patterns, repair } = target
  const feed: Feed = new Feed({
    from,
    queueMaxEvents,
    rebuilds: repair.rebuilds,
    onDrained: () => hub.resume(feed),
    ...(options.name !== undefined && { onHandled: () => hub.acknowledge(feed) }),
  })
  await openFeed(hub, feed, { request: openRequest(target, options), timeoutMs, signal })
  const filtered = options.where !== undefined
  const difference = new SnapshotDifference({ filtered, remembers: from === 'snapshot' })
  const close = (): Promise<void> => hub.close(feed)
  return new EventStream<Data>({ patterns, feed, close, options, difference, lost: repair.lost })
}

/**
 * Opens a feed, and closes it when the signal aborts, then or later. Resolves when the daemon has opened it.
 *
 * @throws what `openStream` throws.
 */
export async function openFeed(
  hub: SubscriptionHub,
  feed: Feed,
  opening: {
    readonly request: OpenRequest
    readonly timeoutMs: number
    readonly signal: AbortSignal | undefined
  },
): Promise<void> {
  const { request, timeoutMs, signal } = opening
  const abort = (): void => void hub.close(feed)
  if (signal?.aborted) throw cancelled(signal)
  signal?.addEventListener('abort', abort, { once: true })
  void feed.ended.then(() => signal?.removeEventListener('abort', abort))
  const timer = setTimeout(() => feed.end(tooLate(timeoutMs)), timeoutMs)
  hub.add(feed, request)
  const outcome = await Promise.race([feed.firstOpened, feed.ended])
  clearTimeout(timer)
  if (outcome !== undefined) throw outcome
  if (feed.state === 'ended') throw signal?.aborted ? cancelled(signal) : clientClosed()
}

function openRequest(
  { patterns, repair }: StreamTarget,
  options: AnySubscriptionOptions,
): OpenRequest {
  const { where, include, policy, windowEvents, name, allowUnknown } = options
  return {
    patterns: [...patterns],
    where: where === undefined ? undefined : toWhere(where),
    include,
    policy,
    windowEvents,
    name,
    allowUnknown,
    // Where no snapshot helps, the events that are still there are not skipped for one.
    onGap: repair.rebuilds ? 'snapshot' : 'continue',
  }
}

const defaultQueueMaxEvents = 1_000

/** What a caller is told who cancelled a subscription before it was open. */
export function cancelled(signal: AbortSignal): Error {
  return typedError('cancelled', 'the subscription was cancelled by its caller', {
    data: {},
    cause: signal.reason,
  })
}

function tooLate(timeoutMs: number): ReturnType<typeof typedError<'timeout'>> {
  const message = `expected the subscription to be open within ${timeoutMs} ms, got no answer`
  return typedError('timeout', message, { data: { timeoutMs } })
}
