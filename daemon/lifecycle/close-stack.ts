/** What was opened, and how it is closed: in reverse order, all of it, once. */
import type { Log } from '../log.ts'

/** Collects closers while a daemon starts. */
export class CloseStack {
  readonly #log: Log
  readonly #closers: { readonly name: string; readonly close: () => void | Promise<void> }[] = []
  #closing: Promise<void> | undefined

  constructor(log: Log) {
    this.#log = log
  }

  /** Adds what is closed before everything that was added earlier. */
  push(name: string, close: () => void | Promise<void>): void {
    this.#closers.push({ name, close })
  }

  /** Closes everything, last opened first. A closer that fails is logged, and the next one runs. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      try {
        await closer.close()
      } catch (error) {
        this.#log.error('a part of the daemon did not close', { part: closer.name, error })
      }
    }
  }
}
