import { setTimeout as sleep } from 'node:timers/promises'

/** Longest wait for anything that another process has to do, in milliseconds: generous, for machines under load. */
export const patienceMs = 120_000

/**
 * Waits for what another process has to do, but not for ever.
 *
 * @throws Error that says what did not come.
 */
export async function patiently<T>(what: string, promise: Promise<T>): Promise<T> {
  const over = new AbortController()
  try {
    const late = sleep(patienceMs, undefined, { ref: false, signal: over.signal }).then(() => {
      throw new Error(`expected ${what} within ${patienceMs / 1000} s, got nothing`)
    })
    return await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}
