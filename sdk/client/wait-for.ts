import type { Event } from '../model.ts'
import type { EventStream } from './event-stream.ts'
import { cancelled } from './open-stream.ts'
import type { WaitOptions } from './queries.ts'
import { clientClosed } from './session-keeper.ts'
import { typedError } from './typed-errors.ts'

/**
 * Opens a stream, gives its first event, and closes it. With a filter, events of records that fit no more do not count.
 *
 * @throws TimeoutError; CancelledError; what ends the stream.
 */
export async function waitForEvent<Data>(
  open: (signal: AbortSignal) => Promise<EventStream<Data>>,
  { timeoutMs, signal }: WaitOptions,
): Promise<Event<Data>> {
  const ending = new AbortController()
  const abort = (): void => ending.abort()
  const timer = timeoutMs === undefined ? undefined : setTimeout(abort, timeoutMs)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  try {
    const stream = await open(ending.signal)
    for await (const event of stream) if (event.match !== 'left') return event
    throw (await stream.closed) ?? clientClosed()
  } catch (error) {
    if (!ending.signal.aborted) throw error
    if (signal?.aborted) throw cancelled(signal)
    const message = `no event that fits came within ${timeoutMs} ms`
    throw typedError('timeout', message, { data: { timeoutMs: timeoutMs ?? 0 } })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
