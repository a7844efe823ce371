/** A request of the user to end. */
export interface Ending {
  /** Aborted by the first signal that asks for the end. */
  readonly signal: AbortSignal
  dispose(): void
}

/** Takes Ctrl-C and its like for a wish to end in order; the second one ends the process as if nobody had listened. */
export function untilSignalled(): Ending {
  const controller = new AbortController()
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
