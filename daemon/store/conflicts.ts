/** Explains a compare-and-swap that lost: what is there now, who changed it, when, and which fields. */
import { type ConflictData, OrionError } from '../../sdk/errors.ts'
import type { Record } from '../../sdk/model.ts'
import { changedFieldsOf } from './log-row.ts'
import { newestSeq, rowsBackFrom } from './record-history.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'

/** Why a write of records loses. */
type RaceReason = Exclude<ConflictData['reason'], 'state' | 'digest'>

/** What was wanted of which record. */
export interface LostRace {
  readonly reason: RaceReason
  readonly type: string
  readonly id: string
  readonly current: Record | undefined
  readonly expectedVersion?: number | null
}

/** The error that tells the loser of a race everything it may know: without the right to read, the version alone. */
export function conflictError(
  context: StoreContext,
  caller: Caller,
  race: LostRace,
): OrionError<'conflict'> {
  const { reason, type, id, current, expectedVersion } = race
  const shown = caller.mayRead(type)
  const changed =
    !shown || current === undefined || typeof expectedVersion !== 'number'
      ? undefined
      : fieldsChangedSince(context, current, expectedVersion)
  const data: ConflictData = {
    reason,
    type,
    id,
    current: shown
      ? (current ?? null)
      : current === undefined
        ? null
        : { version: current.version },
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...(changed === undefined ? {} : { changedFields: changed }),
    ...(current === undefined || !shown
      ? {}
      : { changedBy: current.updatedBy, changedAt: current.updatedAt }),
    remedy: remedies[reason],
  }
  return new OrionError('conflict', messageOf(race, shown), data)
}

const remedies: { readonly [R in RaceReason]: string } = {
  version: 'Look at `current`, decide again, and write against its version.',
  exists: 'Take another id, or update the record that is there.',
  guard: 'Read the guarded record again and decide anew.',
  epoch: 'The store was restored or copied: read again before you write.',
  referenced: 'Let the referrers name another record first.',
}

function messageOf(race: LostRace, shown: boolean): string {
  const { reason, type, id, current, expectedVersion } = race
  const name = `${type} ${JSON.stringify(id)}`
  const now =
    current === undefined
      ? 'it is gone'
      : `it has version ${current.version}${shown ? `, by ${current.updatedBy}` : ''}`
  switch (reason) {
    case 'exists':
      return `${name} exists: ${now}`
    case 'guard':
      return `the guard on ${name} failed: expected ${
        expectedVersion === null ? 'no record' : `version ${expectedVersion}`
      }, ${now}`
    default:
      return `${name} was changed: expected version ${expectedVersion}, ${now}`
  }
}

/** Looks at the newest thousand changes at most: whoever lost more than that reads all of it anyway. */
function fieldsChangedSince(context: StoreContext, current: Record, version: number): string[] {
  const limit = Math.min(current.version - version, changesMax)
  if (limit <= 0) return []
  const rows = rowsBackFrom(context, newestSeq(context, current), limit)
  const names = new Set<string>()
  for (const row of rows.reverse()) {
    if (Number(row.version) <= version) continue
    for (const name of changedFieldsOf(row)) names.add(name)
  }
  return [...names]
}

const changesMax = 1000
