/** Leaves only the latest event of each record, for subscribers that want no more. */
import type { Event } from '../../sdk/model.ts'

/** What is left of some events. Each list has one member for each event. */
export interface Coalesced {
  readonly events: readonly Event[]
  /** The earliest event of the same record: what the record was before all of them. */
  readonly firsts: readonly Event[]
  /** How many events of the same record were left out. */
  readonly skips: readonly number[]
}

/** Keeps, of each record, its last event in its place; events that are about no record stay as they are. */
export function coalesce(events: readonly Event[]): Coalesced {
  const groups = new Map<string, { first: Event; last: Event; count: number }>()
  for (const event of events) {
    const key = keyOf(event)
    const group = groups.get(key)
    if (group === undefined) {
      groups.set(key, { first: event, last: event, count: 1 })
    } else {
      group.last = event
      group.count++
    }
  }
  const kept = [...groups.values()].sort((a, b) => a.last.seq - b.last.seq)
  return {
    events: kept.map(({ last }) => last),
    firsts: kept.map(({ first }) => first),
    skips: kept.map(({ count }) => count - 1),
  }
}

function keyOf({ type, id, seq }: Event): string {
  return type === undefined ? String(seq) : `${type} ${id}`
}
