/** Time, replaceable in tests. */

/** Where the daemon gets the time from. */
export interface Clock {
  /** Microseconds since 1970. May go back when the system's clock is set. */
  nowMicros(): number
  /** Milliseconds that never go back; only differences mean anything. */
  monotonicMs(): number
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMicros: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  monotonicMs: () => performance.now(),
}
