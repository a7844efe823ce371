/** Explains a compare-and-swap that lost: what is there now, who changed it, when, and which fields. */
import { type ConflictData, OrionError } from '../../sdk/errors.ts'
import type { Record, Version } from '../../sdk/model.ts'
import { newestSeq, rowsBackFrom } from './record-history.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'

/** What was wanted of which record. */
export interface LostRace {
  readonly reason: ConflictData['reason']
  readonly type: string
  readonly id: string
  readonly current: Record | undefined
  readonly expectedVersion?: number | null
}

/** The error that tells the loser of a race everything it may know. */
export function conflictError(
  context: StoreContext,
  caller: Caller,
  race: LostRace,
): OrionError<'conflict'> {
  const { reason, type, id, current, expectedVersion } = race
  const changed =
    current === undefined || typeof expectedVersion !== 'number'
      ? undefined
      : fieldsChangedSince(context, current, expectedVersion)
  const data: ConflictData = {
    reason,
    type,
    id,
    current: visible(current, caller),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...(changed === undefined || !caller.mayRead(type) ? {} : { changedFields: changed }),
    ...(current === undefined
      ? {}
      : { changedBy: current.updatedBy, changedAt: current.updatedAt }),
    remedy: remedies[reason],
  }
  return new OrionError('conflict', messageOf(race), data)
}

const remedies: { readonly [R in ConflictData['reason']]: string } = {
  version: 'Look at `current`, decide again, and write against its version.',
  exists: 'Take another id, or update the record that is there.',
  guard: 'Read the guarded record again and decide anew.',
  epoch: 'The store was restored or copied: read again before you write.',
}

function messageOf({ reason, type, id, current, expectedVersion }: LostRace): string {
  const name = `${type} ${JSON.stringify(id)}`
  const now =
    current === undefined
      ? 'it is gone'
      : `it has version ${current.version}, by ${current.updatedBy}`
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

function visible(
  current: Record | undefined,
  caller: Caller,
): Record | { version: Version } | null {
  if (current === undefined) return null
  return caller.mayRead(current.type) ? current : { version: current.version }
}

/** Looks at the newest thousand changes at most: whoever lost more than that reads all of it anyway. */
function fieldsChangedSince(context: StoreContext, current: Record, version: number): string[] {
  const limit = Math.min(current.version - version, changesMax)
  if (limit <= 0) return []
  const rows = rowsBackFrom(context, newestSeq(context, current), limit)
  const names = new Set<string>()
  for (const row of rows.reverse()) {
    if (Number(row.version) <= version) continue
    for (const name of JSON.parse(String(row.changed_fields ?? '[]'))) names.add(String(name))
  }
  return [...names]
}

const changesMax = 1000
