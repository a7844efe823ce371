import type { Session } from './session.ts'

/** A way to the owner of a store. The session keeper dials again whenever a session is needed and there is none. */
export interface Dialer {
  /**
   * Opens a session.
   *
   * @throws LaunchError when the daemon can't be found or started; OrionError when it refuses the handshake, or
   * `disconnected` when it went away meanwhile.
   */
  dial(wish: DialWish): Promise<Session>

  /** Whether it makes sense to dial again after a session was lost. */
  readonly redials: boolean

  /** Gives up what the dialer itself holds, after the last session is closed. Safe to repeat. */
  close(): Promise<void>
}

/** How far a dialer may go, and how long. */
export interface DialWish {
  /** `join-only` never starts a daemon. */
  readonly mode: 'start' | 'join-only'
  readonly deadlineMs: number
  readonly signal: AbortSignal
}
