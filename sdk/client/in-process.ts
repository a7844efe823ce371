/** A daemon inside the caller's own process: the same engine under the same lock, without a socket. */
import type { StoreLocation } from '../launch/store-location.ts'
import type { Transport } from '../transport/transport.ts'

/** A daemon in this process, with the client's end of a transport to it. */
export interface InProcessDaemon {
  readonly transport: Transport
  /** Lets accepted writes finish, closes the store and releases the lock. Safe to repeat. */
  close(): Promise<void>
}

/**
 * Makes a daemon in this process, if the store has no owner.
 *
 * The sdk never imports the daemon; whoever wants it in process hands this in.
 *
 * @returns `held` when another process owns the store; the client then connects to that owner.
 */
export type InProcessFactory = (
  location: StoreLocation,
  options: { readonly waitMs: number; readonly signal?: AbortSignal },
) => Promise<InProcessDaemon | 'held'>
