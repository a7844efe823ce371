import { RAL } from 'vscode-jsonrpc/node'

/**
 * Makes vscode-jsonrpc dispatch all messages that came in one turn of the event loop in that turn.
 *
 * Unchanged, it handles one message for each turn and connection, so that whatever groups the
 * work of a turn groups one request. This replaces `setImmediate` in its runtime layer, for every
 * connection of the process; the reader bounds the work of one turn instead. Safe to repeat.
 */
export function installSameTurnDispatch(): void {
  const layer = RAL()
  if (layer.timer.setImmediate === soon) return
  RAL.install(Object.freeze({ ...layer, timer: { ...layer.timer, setImmediate: soon } }))
}

/** Runs the callback after the present one, before the event loop goes on. */
const soon: RAL['timer']['setImmediate'] = (callback, ...args) => {
  let due = true
  process.nextTick(() => {
    if (due) callback(...args)
  })
  return {
    dispose: () => {
      due = false
    },
  }
}
