/** The id of a request, as the peer chose it. */
export type RequestId = string | number

/**
 * The requests of one peer that still wait for their answers.
 *
 * The reader adds them, the writer settles them. Ids that read the same as text, such as `1` and
 * `"1"`, count as one, because vscode-jsonrpc queues them under one key and would lose the first.
 */
export class PendingRequests {
  readonly #maxRequests: number
  readonly #ids = new Set<string>()
  #whenIdle: (() => void) | undefined

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests
  }

  /** How many requests wait. */
  get size(): number {
    return this.#ids.size
  }

  /** Notes a request, unless its id is taken or too many wait already. */
  add(id: RequestId): 'added' | 'duplicate' | 'full' {
    const key = String(id)
    if (this.#ids.has(key)) return 'duplicate'
    if (this.#ids.size >= this.#maxRequests) return 'full'
    this.#ids.add(key)
    return 'added'
  }

  /** Notes that a request has been answered; an unknown id is ignored. */
  settle(id: RequestId): void {
    this.#ids.delete(String(id))
    if (this.#ids.size > 0 || this.#whenIdle === undefined) return
    const whenIdle = this.#whenIdle
    this.#whenIdle = undefined
    whenIdle()
  }

  /** Calls back once as soon as nothing waits, at once if nothing does; the last caller counts. */
  onIdle(callback: () => void): void {
    if (this.#ids.size === 0) callback()
    else this.#whenIdle = callback
  }
}
