/**
 * Runs work under one deadline and the caller's own signal.
 *
 * The timer keeps the process alive while the work is waited for, and is gone when the work is done, so that neither a
 * script ends half-way in silence nor a finished one lingers.
 */
export async function withDeadline<T>(
  { deadlineMs, signal }: DeadlineOptions,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const onAbort = () => controller.abort(signal?.reason)
  let passed = false
  const timer = setTimeout(() => {
    passed = true
    controller.abort()
  }, deadlineMs)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  try {
    return await work({ signal: controller.signal, passed: () => passed })
  } catch (error) {
    signal?.throwIfAborted() // Whatever the work made of it: the caller hears its own reason.
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** What bounds a piece of work. */
export interface DeadlineOptions {
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/** One moment for all the steps of a piece of work. */
export interface Deadline {
  /** Aborts when the time is over or the caller aborts, whichever is first. */
  readonly signal: AbortSignal
  /** Whether the time is over, rather than the caller's patience. */
  passed(): boolean
}
