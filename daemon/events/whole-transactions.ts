/** Cutting events between transactions. */
import type { Event } from '../../sdk/model.ts'

/** The events up to a position, but no transaction in parts: the first is taken whole if the position is inside it. */
export function wholeUpTo(events: readonly Event[], stop: number): readonly Event[] {
  let count = events.findIndex((event) => event.seq > stop)
  if (count === -1) return events
  const txn = events[count]?.txn
  while (count > 0 && events[count - 1]?.txn === txn) count--
  return count === 0 ? events : events.slice(0, count)
}
