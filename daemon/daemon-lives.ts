/** The lives of a daemon in one process: it may end so that the next one opens the store anew, under the same lock. */
import type { OwnerLock } from '../sdk/launch/owner-lock.ts'
import type { Daemon } from './daemon.ts'

/** Daemons of one store, one after the other. */
export interface DaemonLives {
  readonly first: Daemon
  /** Resolves when the last one has ended and the lock is released; rejects if the next one could not start. */
  readonly ended: Promise<void>
  /** Ends the present one, and there is none after it. */
  close(reason: string): void
}

/**
 * Starts a daemon, and another one whenever one ends to begin anew. No client can come between, because the lock is held
 * all the time: it waits for the next one's discovery file.
 *
 * @param start - Starts one, with a lock whose release does nothing: it is released after the last one.
 */
export async function startLives(
  start: (lock: OwnerLock) => Promise<Daemon>,
  lock: OwnerLock,
): Promise<DaemonLives> {
  const held = { ...lock, release: () => {} }
  let stop: string | undefined
  let daemon: Daemon
  try {
    daemon = await start(held)
  } catch (error) {
    lock.release()
    throw error
  }
  const live = async (): Promise<void> => {
    try {
      for (;;) {
        await daemon.ended
        if (!daemon.begunAnew() || stop !== undefined) return
        daemon = await start(held)
        if (stop !== undefined) void daemon.close(stop)
      }
    } finally {
      lock.release()
    }
  }
  return {
    first: daemon,
    ended: live(),
    close: (reason) => {
      stop ??= reason
      void daemon.close(reason)
    },
  }
}
