import { randomUUID } from 'node:crypto'

/**
 * A new UUID of version 7: 48 bits of the time in milliseconds, then 74 random bits.
 *
 * Ids made later sort later, as text too, as long as the clock does not go back; those of one millisecond are in
 * no order. Records and idempotency keys are named by them, so that neighbours in time are neighbours in an index.
 *
 * @param nowMs - Milliseconds since 1970, whole.
 * Source: RFC 9562, section 5.7.
 */
export function uuidV7(nowMs: number = Date.now()): string {
  const time = nowMs.toString(16).padStart(12, '0')
  // A random UUID has its version at position 14; what follows is random, the variant included in place.
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`
}
