/** Who gave each field of a record its present value. */
import { setImmediate } from 'node:timers/promises'
import { OrionError } from '../../sdk/errors.ts'
import type { Blame, Event, FieldChange, FieldOrigin } from '../../sdk/model.ts'
import { eventOfRow } from './log-row.ts'
import { changesBackFrom, rowBefore } from './record-history.ts'
import type { StoredRecord } from './row-codec.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'

/**
 * Walks the changes of a record back from its newest until every field has been met, and lets others have a turn on the
 * way: a field that was set at the beginning of a long life is far back. What is written meanwhile does not matter,
 * because the walk only goes into the past.
 *
 * @throws OrionError `cancelled`.
 */
export async function blameOf(
  context: StoreContext,
  { record, seq }: StoredRecord,
  caller: Caller,
): Promise<Blame> {
  const open = new Set(Object.keys(record.data))
  const changes = new Map<string, FieldChange>()
  let at: number | undefined = seq
  let isWhole = false
  while (at !== undefined && open.size > 0) {
    const endMs = performance.now() + context.limits.turnMaxMs
    do {
      const rows = changesBackFrom(context, at, rowsAtOnce)
      for (const row of rows) {
        const event = eventOfRow(row, context.tokenAt)
        const met = (event.changedFields ?? []).filter((field) => open.delete(field))
        if (met.length > 0) {
          const change = changeOf(event)
          for (const field of met) changes.set(field, change)
        }
        isWhole = event.op === 'created'
        if (isWhole) break
      }
      at = isWhole ? undefined : rowBefore(rows.at(-1))
    } while (at !== undefined && open.size > 0 && performance.now() < endMs)
    if (at !== undefined && open.size > 0) await setImmediate()
    if (caller.cancelled) throw new OrionError('cancelled', 'cancelled while reading history', {})
  }
  const fields = Object.keys(record.data).map((field): FieldOrigin => {
    const change = changes.get(field)
    if (change !== undefined) return { field, origin: 'change', change }
    return { field, origin: isWhole ? 'default' : 'forgotten' }
  })
  return { type: record.type, id: record.id, version: record.version, fields }
}

function changeOf({ version, op, at, actor, token, reason, cause }: Event): FieldChange {
  if (version === undefined || op === undefined) throw new Error('a record’s event has a version')
  return {
    version,
    op,
    at,
    actor,
    token,
    ...(reason === undefined ? {} : { reason }),
    ...(cause === undefined ? {} : { cause }),
  }
}

/** Some milliseconds of work at most. */
const rowsAtOnce = 128
