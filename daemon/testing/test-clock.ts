/** The clock of a test: it stands still until it is moved. */
import { type Instant, instantFromMicros, instantMicros, parseInstant } from '../../sdk/instant.ts'
import type { Clock } from '../clock.ts'

/** A span of time; what is left out counts nothing. */
export interface Duration {
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly ms?: number
}

/** The time of a test's daemon. What the daemon waits for on sockets and disks goes by the machine's clock. */
export interface TestClock {
  /** The present instant. */
  now(): Instant
  /** Moves on; back is not possible, as it is not for the records. */
  advance(by: Duration): void
}

/** Where time begins when nothing else is said, so that what a test prints is the same every day. */
export const testEpoch: Instant = '2026-01-01T00:00:00.000000Z'

/**
 * Makes a clock that a test moves by hand.
 *
 * @throws TypeError for a beginning that is no instant.
 */
export function handClock(begin: string = testEpoch): Clock & TestClock {
  const instant = parseInstant(begin)
  if (instant === undefined) {
    throw new TypeError(`expected an instant such as ${testEpoch}, got ${begin}`)
  }
  // A whole number of milliseconds, as the machine's clock counts.
  const beginMs = Math.floor(instantMicros(instant) / 1000)
  let passedMs = 0
  return {
    nowMicros: () => (beginMs + passedMs) * 1000,
    monotonicMs: () => passedMs,
    now: () => instantFromMicros((beginMs + passedMs) * 1000),
    advance: (by) => {
      passedMs += millisecondsOf(by)
    },
  }
}

function millisecondsOf({
  days = 0,
  hours = 0,
  minutes = 0,
  seconds = 0,
  ms = 0,
}: Duration): number {
  const total = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms
  if (Number.isFinite(total) && total >= 0) return Math.round(total)
  throw new TypeError(`expected a time span from 0 up, got ${total} ms`)
}
