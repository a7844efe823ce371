/** What the daemon does about its own bugs that nobody caught. */
import type { Log } from '../log.ts'

/**
 * Logs what was thrown where nobody caught it. After an exception the state of the process is not to be trusted,
 * so `end` is called: the daemon ends in order, and its clients start the next one; a promise that nobody
 * awaited is only logged.
 *
 * @returns What takes the handlers away again.
 */
export function onUncaught(log: Log, end: () => void): { dispose(): void } {
  const onException = (error: unknown): void => {
    log.error('an exception that nobody caught ends the daemon', { error })
    end()
  }
  const onRejection = (error: unknown): void => {
    log.error('a promise failed that nobody awaited', { error })
  }
  process.on('uncaughtException', onException)
  process.on('unhandledRejection', onRejection)
  return {
    dispose: () => {
      process.off('uncaughtException', onException)
      process.off('unhandledRejection', onRejection)
    },
  }
}
