import type { CancellationToken, Disposable } from 'vscode-jsonrpc/node'

/**
 * Cancels one request: the token that the JSON-RPC library watches, and the switch.
 *
 * The library's own source makes an emitter for each token; a request has one listener at most.
 */
export class Cancellation implements CancellationToken {
  #requested = false
  #listener: (() => void) | undefined

  get isCancellationRequested(): boolean {
    return this.#requested
  }

  readonly onCancellationRequested = (listener: (event: unknown) => unknown): Disposable => {
    this.#listener = () => void listener(undefined)
    return {
      dispose: () => {
        this.#listener = undefined
      },
    }
  }

  /** Sends `$/cancelRequest` for the request that was given this token, if it still waits. */
  cancel(): void {
    this.#requested = true
    this.#listener?.()
  }
}
