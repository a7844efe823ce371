import type { Client } from '../../../../sdk/client/client.ts'
import { instantFromMicros, instantMicros } from '../../../../sdk/instant.ts'
import type { Record } from '../../../../sdk/model.ts'
import { ListRecords } from '../../../../sdk/protocol/records.ts'
import { numberAt, objectAt, textAt } from './data-access.ts'

/**
 * The log of the run that ended with a result, in which the end of its error output stands; undefined if there is none. Looked
 * for among the logs of that time with that outcome, so that it costs the same however many there are.
 */
export async function runLogOf(client: Client, result: Record): Promise<Record | undefined> {
  const { id, createdAt, data } = result
  const durationMs = numberAt(objectAt(data, 'metrics'), 'durationMs') ?? 0
  const ended = instantMicros(createdAt)
  const from = instantFromMicros(ended - Math.ceil(durationMs + startMaxMs) * 1_000)
  const { records } = await client.request(ListRecords, {
    type: 'OrionActionLog',
    where: {
      actionType: 'run',
      status: textAt(data, 'status'),
      createdAt: { between: [from, createdAt] },
      affectedIds: { contains: id },
    },
    limit: 1,
  })
  return records[0]
}

/** A run may have waited so long for a daemon before it was written down that it had begun, in milliseconds. */
const startMaxMs = 60_000
