import { type Disposable, RAL } from 'vscode-jsonrpc/node'

/**
 * Makes vscode-jsonrpc dispatch all messages that came in one turn of the event loop in that turn, as long as it
 * is not long.
 *
 * Unchanged, it handles one message for each turn and connection, so that whatever groups the
 * work of a turn groups one request. This replaces `setImmediate` in its runtime layer, for every
 * connection of the process. Safe to repeat.
 */
export function installSameTurnDispatch(): void {
  const layer = RAL()
  if (layer.timer.setImmediate === soon) return
  RAL.install(Object.freeze({ ...layer, timer: { ...layer.timer, setImmediate: soon } }))
}

/**
 * Calls that run before the event loop goes on, in the order they came. What is due when the turn has lasted long
 * enough waits for the next one.
 *
 * The library asks for its next call of a connection when it has handled a message, and that one queues behind those
 * of the other connections: a peer that sends many costly requests holds up another peer for one of them, not for all.
 */
export class TurnQueue {
  readonly #turnMaxMs: number
  readonly #now: () => number
  readonly #due: DueCall[] = []
  #state: 'empty' | 'this turn' | 'next turn' = 'empty'
  /** When the first call of this turn came; undefined before it. */
  #turnBeganMs: number | undefined

  constructor(options: { readonly turnMaxMs: number; readonly now?: () => number }) {
    this.#turnMaxMs = options.turnMaxMs
    this.#now = options.now ?? (() => performance.now())
  }

  add(call: DueCall): void {
    this.#due.push(call)
    if (this.#state !== 'empty') return
    this.#noteTurn()
    this.#goOn()
  }

  #noteTurn(): void {
    if (this.#turnBeganMs !== undefined) return
    this.#turnBeganMs = this.#now()
    setImmediate(this.#turnIsOver)
  }

  #goOn(): void {
    if (this.#isLong()) {
      this.#state = 'next turn'
      setImmediate(this.#run)
    } else {
      this.#state = 'this turn'
      process.nextTick(this.#run)
    }
  }

  #isLong(): boolean {
    return this.#now() - (this.#turnBeganMs ?? 0) >= this.#turnMaxMs
  }

  readonly #turnIsOver = (): void => {
    this.#turnBeganMs = undefined
  }

  readonly #run = (): void => {
    this.#noteTurn()
    try {
      // One at least, so that a turn that was long before it came here gets on too.
      do this.#due.shift()?.run()
      while (this.#due.length > 0 && !this.#isLong())
    } finally {
      if (this.#due.length > 0) this.#goOn()
      else this.#state = 'empty'
    }
  }
}

/** How long messages are dispatched before the others have a turn. */
const turnMaxMs = 10

/** One for the process, as the runtime layer is: its connections share the event loop. */
const queue = new TurnQueue({ turnMaxMs })

/** Runs the callback after the present one, before the event loop goes on if there is time. */
const soon: RAL['timer']['setImmediate'] = (callback, ...args) => {
  const call = new DueCall(callback, args)
  queue.add(call)
  return call
}

/** One callback that is due; a class, because a message costs one and closures cost more. */
export class DueCall implements Disposable {
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
