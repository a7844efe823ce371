/** Notices that the process on whose behalf we run is gone. */

/**
 * Calls back once when no process has this id any more; an id that is not known yet is asked for again. An editor that was killed can't close our stdin when a
 * child of it still holds the other end.
 */
export function watchProcess(
  pidOf: () => number | undefined,
  onGone: () => void,
): { dispose(): void } {
  const timer = setInterval(() => {
    const pid = pidOf()
    if (pid === undefined || isAlive(pid)) return
    clearInterval(timer)
    onGone()
  }, lookEveryMs).unref()
  return { dispose: () => clearInterval(timer) }
}

const lookEveryMs = 2_000

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
