/** Opens a subscription and waits for it. */
import type { JsonObject } from '../json.ts'
import type { RecordType } from '../record-type.ts'
import { EventStream } from './event-stream.ts'
import { Feed } from './feed.ts'
import { clientClosed } from './session-keeper.ts'
import type { SubscriptionHub } from './subscription-hub.ts'
import type { RecordSubscriptionOptions } from './subscription-options.ts'
import { typedError } from './typed-errors.ts'
import { toJsonObject } from './typed-record.ts'

/** What is subscribed to, and how long opening it may take. */
export interface StreamTarget {
  readonly patterns: readonly string[]
  readonly timeoutMs: number
}

/** The patterns of a subscription: those that were given, or those of a record type. */
export function patternsOf(
  what: RecordType | string | readonly string[],
  { operations }: Pick<RecordSubscriptionOptions<RecordType>, 'operations'>,
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
  options: RecordSubscriptionOptions<RecordType>,
): Promise<EventStream<Data>> {
  const { signal, queueMaxEvents = defaultQueueMaxEvents } = options
  const feed: Feed = new Feed({
    from: options.from ?? 'now',
    queueMaxEvents,
    onDrained: () => hub.resume(feed),
  })
  const close = (): Promise<void> => hub.close(feed)
  const abort = (): void => void close()
  if (signal?.aborted) throw cancelled(signal)
  signal?.addEventListener('abort', abort, { once: true })
  void feed.ended.then(() => signal?.removeEventListener('abort', abort))
  const { timeoutMs, patterns } = target
  const timer = setTimeout(() => feed.end(tooLate(timeoutMs)), timeoutMs)
  hub.add(feed, openRequest(patterns, options))
  const outcome = await Promise.race([feed.firstOpened, feed.ended])
  clearTimeout(timer)
  if (outcome !== undefined) throw outcome
  if (feed.state === 'ended') throw signal?.aborted ? cancelled(signal) : clientClosed()
  return new EventStream<Data>({ patterns, feed, close, options })
}

function openRequest(
  patterns: readonly string[],
  options: RecordSubscriptionOptions<RecordType>,
): Parameters<SubscriptionHub['add']>[1] {
  const { where, include, policy, windowEvents, name, allowUnknown } = options
  return {
    patterns: [...patterns],
    where: where === undefined ? undefined : toJsonObject(where),
    include,
    policy,
    windowEvents,
    name,
    allowUnknown,
    // The gap is told in its place; events that are still there are not skipped for it.
    onGap: 'continue',
  }
}

const defaultQueueMaxEvents = 1_000

function cancelled(signal: AbortSignal): Error {
  return typedError('cancelled', 'the subscription was cancelled by its caller', {
    data: {},
    cause: signal.reason,
  })
}

function tooLate(timeoutMs: number): ReturnType<typeof typedError<'timeout'>> {
  const message = `expected the subscription to be open within ${timeoutMs} ms, got no answer`
  return typedError('timeout', message, { data: { timeoutMs } })
}
