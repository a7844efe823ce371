import type { CancellationToken, Disposable } from 'vscode-jsonrpc/node'

/**
 * Cancels one request: the token that the JSON-RPC library watches, and the switch.
 *
 * The library's own source makes an emitter for each token. A request has one listener at most, and there is a token
 * for every request, so this is one object and no closure.
 */
export class Cancellation implements CancellationToken, Disposable {
  #requested = false
  #listener: ((event: unknown) => unknown) | undefined

  get isCancellationRequested(): boolean {
    return this.#requested
  }

  /** Called by the library; what it returns forgets the listener. */
  onCancellationRequested(listener: (event: unknown) => unknown): Disposable {
    this.#listener = listener
    return this
  }

  dispose(): void {
    this.#listener = undefined
  }

  /** Sends `$/cancelRequest` for the request that was given this token, if it still waits. */
  cancel(): void {
    this.#requested = true
    this.#listener?.(undefined)
  }
}
