/** What a store was, what somebody wanted of it, and what it is: whether all of that can be true. Nothing here does anything. */
import { jsonEqual } from '../../../sdk/json.ts'
import { type LoggedEvent, logProblems, recordKey, recordProblems } from './history.ts'

/** All that a store says about itself. */
export interface StoreState {
  readonly storeId: string
  readonly epoch: string
  /** Its whole log. */
  readonly events: readonly LoggedEvent[]
  readonly records: ReadonlyMap<string, LoggedEvent['record'] | null>
}

/** A restore that was cut off, and what was found. */
export interface RestoredState {
  readonly before: StoreState
  readonly backup: StoreState
  readonly after: StoreState
  /** Ids that were written while the restore was under way, and those of which that was answered. */
  readonly attempted: ReadonlySet<string>
  readonly acknowledged: ReadonlySet<string>
  /** Whether the restore was answered. */
  readonly wasAnswered: boolean
  /** All epochs that were ever seen. */
  readonly epochs: ReadonlySet<string>
}

/** What can't be: a store that is neither wholly the old nor wholly the restored one, or in a wrong epoch. */
export function restoreProblems(found: RestoredState): string[] {
  const { before, backup, after, wasAnswered, epochs } = found
  const problems = [...logProblems(after.events), ...recordProblems(after.events, after.records)]
  if (after.storeId !== before.storeId) problems.push(`it is the store ${after.storeId} now`)
  if (after.epoch === before.epoch) {
    if (wasAnswered) problems.push('the restore was answered, and the epoch is the old one')
    return [...problems, ...oldProblems(found)]
  }
  if (epochs.has(after.epoch)) problems.push(`the epoch ${after.epoch} comes for the second time`)
  return [...problems, ...differences(backup.events, after.events)]
}

/** In the old epoch: everything that was there or was answered, and nothing that nobody wrote. */
function oldProblems({ before, after, attempted, acknowledged }: RestoredState): string[] {
  const problems = differences(before.events, after.events.slice(0, before.events.length))
  const added = new Set(after.events.slice(before.events.length).map(({ id = '' }) => id))
  for (const id of acknowledged)
    if (!added.has(id)) problems.push(`${id} was answered, and is lost`)
  for (const id of added) if (!attempted.has(id)) problems.push(`nobody wrote ${id}`)
  return problems
}

function differences(wanted: readonly LoggedEvent[], found: readonly LoggedEvent[]): string[] {
  if (wanted.length !== found.length)
    return [`expected ${wanted.length} events, got ${found.length}`]
  return wanted.flatMap((event, index) => {
    const { token: _, ...want } = event
    const { token: __, ...got } = found[index] ?? event
    return jsonEqual(JSON.parse(JSON.stringify(want)), JSON.parse(JSON.stringify(got)))
      ? []
      : [`event ${event.seq} about ${recordKey(event)} is another one`]
  })
}
