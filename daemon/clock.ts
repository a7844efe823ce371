/** Time, replaceable in tests. */

/** Where the daemon gets the time from. */
export interface Clock {
  /** Microseconds since 1970, in whole milliseconds. Goes back when the system's clock is set back. */
  nowMicros(): number
  /** Milliseconds that never go back; only differences mean anything. */
  monotonicMs(): number
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMicros: () => Date.now() * 1000,
  monotonicMs: () => performance.now(),
}
