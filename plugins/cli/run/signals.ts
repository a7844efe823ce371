import { readFileSync } from 'node:fs'

/** Passes this process's signals on to a child for as long as it runs. */
export interface SignalForwarding {
  /** The last signal that asks a program to end, if one came. */
  readonly stoppedBy: NodeJS.Signals | undefined
  /** The child has ended: such a signal now aborts the controller instead. */
  childEnded(): void
}

/**
 * Passes signals on to a child. None of them ends this process, neither while the child runs nor in the moments after, so
 * that the child's exit code is always told.
 *
 * What the keyboard sends (Ctrl-C, Ctrl-\) the terminal gives to every process of its foreground group, the child
 * included. Passing it on would be a second one, which many programs take for "end at once"; so it is not.
 */
export function forwardSignals(options: {
  readonly send: (signal: NodeJS.Signals) => void
  /** Aborted by a signal that comes when the child has ended and only the record is still being written. */
  readonly afterwards: AbortController
}): SignalForwarding {
  const sentAt = new Map<NodeJS.Signals, number>()
  let stoppedBy: NodeJS.Signals | undefined
  let running = true
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!running) {
      if (endingSignals.has(signal)) options.afterwards.abort()
      return
    }
    if (endingSignals.has(signal)) stoppedBy = signal
    if (keyboardSignals.has(signal) && inForeground()) return
    // `timeout` and the like send to a process and then to its whole group; the child needs one of them.
    const now = performance.now()
    if (now - (sentAt.get(signal) ?? Number.NEGATIVE_INFINITY) < sameSignalMs) return
    sentAt.set(signal, now)
    options.send(signal)
  }
  for (const signal of passedOn) process.on(signal, onSignal)
  return {
    get stoppedBy() {
      return stoppedBy
    },
    childEnded: () => {
      running = false
    },
  }
}

const endingSignals: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
])
const keyboardSignals: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT'])
const passedOn: readonly NodeJS.Signals[] = [...endingSignals, 'SIGUSR1', 'SIGUSR2']
const sameSignalMs = 50

/** Whether this process is in the foreground of a terminal, which sends the keyboard's signals to it and its children. */
function inForeground(): boolean {
  if (process.platform !== 'linux') return process.stdin.isTTY === true
  try {
    // After the name, which may hold anything: state ppid pgrp session tty_nr tpgid …
    const [, , group, , terminal, foregroundGroup] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return terminal !== '0' && group === foregroundGroup
  } catch {
    return process.stdin.isTTY === true
  }
}
