/** Waiting until the log has a position. */
import { OrionError } from '../../sdk/errors.ts'
import type { EventLog } from './event-log.ts'
import type { Caller } from './store-api.ts'

/**
 * Resolves when the log has this position on disk.
 *
 * @throws OrionError `token_invalid` when the caller's deadline passes first; `cancelled`.
 */
export function reachSeq(log: EventLog, seq: number, caller: Caller): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      settle()
      reject(
        new OrionError(
          'token_invalid',
          'the token is of the future: the store did not reach it in time',
          {
            remedy: 'Use a token of this store that an answer or an event carried.',
          },
        ),
      )
    }
    const cancelled = (): void => {
      settle()
      reject(new OrionError('cancelled', 'cancelled while waiting for the token', {}))
    }
    const timer = setTimeout(late, Math.min(caller.deadlineMs ?? atLeastMaxMs, atLeastMaxMs))
    const listening = log.onDurable((durable) => {
      if (durable < seq) return
      settle()
      resolve()
    })
    const settle = (): void => {
      clearTimeout(timer)
      listening.dispose()
      caller.signal?.removeEventListener('abort', cancelled)
    }
    caller.signal?.addEventListener('abort', cancelled, { once: true })
  })
}

/** Longest wait for a position that the store does not have yet. */
const atLeastMaxMs = 5_000
