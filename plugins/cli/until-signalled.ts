/** A request of the user to end. */
export interface Ending {
  /** Aborted by the first signal that asks for the end. */
  readonly signal: AbortSignal
  dispose(): void
}

/**
 * Takes Ctrl-C and its like for a wish to end in order; the second one ends the process as if nobody had listened.
 *
 * @param gone - Another reason to end, such as that nobody reads the output any more.
 */
export function untilSignalled(gone?: AbortSignal): Ending {
  const controller = new AbortController()
  gone?.addEventListener('abort', () => controller.abort(), { once: true })
  const dispose = (): void => {
    for (const name of endingSignals) process.off(name, onSignal)
  }
  const onSignal = (): void => {
    controller.abort()
    dispose()
  }
  for (const name of endingSignals) process.on(name, onSignal)
  return { signal: controller.signal, dispose }
}

const endingSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
