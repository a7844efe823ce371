import { type Disposable, RAL } from 'vscode-jsonrpc/node'

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
  const call = new DueCall(callback, args)
  process.nextTick(runCall, call)
  return call
}

/** One callback that is due; a class, because a message costs one and closures cost more. */
class DueCall implements Disposable {
  #callback: ((...args: unknown[]) => void) | undefined
  readonly #args: unknown[]

  constructor(callback: (...args: unknown[]) => void, args: unknown[]) {
    this.#callback = callback
    this.#args = args
  }

  run(): void {
    this.#callback?.(...this.#args)
  }

  dispose(): void {
    this.#callback = undefined
  }
}

function runCall(call: DueCall): void {
  call.run()
}
