/** The signals that end a daemon. */

/**
 * Calls back at the first SIGTERM, SIGINT or SIGHUP; a second one ends the process at once, which loses nothing
 * that was answered.
 *
 * @returns What takes the handlers away again.
 */
export function onTerminationSignal(begin: (signal: NodeJS.Signals) => void): { dispose(): void } {
  let begun = false
  const handle = (signal: NodeJS.Signals): void => {
    if (begun) process.exit(1)
    begun = true
    begin(signal)
  }
  for (const signal of signals) process.on(signal, handle)
  return {
    dispose: () => {
      for (const signal of signals) process.off(signal, handle)
    },
  }
}

const signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP']
