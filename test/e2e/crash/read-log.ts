/** Reads the whole log of a daemon, and the records it is about, over a plain connection. */
import { z } from 'zod'
import type { PlainConnection } from '../plain-connection.ts'
import { type LoggedEvent, loggedEvent } from './history.ts'

const pageSize = 1000

const eventPage = z.object({ events: z.array(loggedEvent), token: z.string() })

/** The log after a position, or all of it, and the position after that. */
export async function eventsAfter(
  connection: PlainConnection,
  after: string | undefined,
): Promise<{ readonly events: LoggedEvent[]; readonly token: string | undefined }> {
  const events: LoggedEvent[] = []
  let token = after
  for (;;) {
    const params = {
      patterns: ['*'],
      limit: pageSize,
      ...(token === undefined ? {} : { after: token }),
    }
    const page = eventPage.parse(await connection.call('event/list', params))
    events.push(...page.events)
    token = page.token
    if (page.events.length === 0) return { events, token }
  }
}

const recordPage = z.object({ records: z.array(loggedEvent.shape.record.nullable()) })

/** The records that these events are about, as they are now. */
export async function recordsOf(
  connection: PlainConnection,
  named: ReadonlyMap<string, LoggedEvent>,
): Promise<Map<string, LoggedEvent['record'] | null>> {
  const records = new Map<string, LoggedEvent['record'] | null>()
  const entries = [...named]
  while (entries.length > 0) {
    const part = entries.splice(0, 200)
    const keys = part.map(([, { topic, id = '' }]) => ({ type: topic.split('.')[0] ?? '', id }))
    const page = recordPage.parse(await connection.call('record/getMany', { keys }))
    for (const [index, [key]] of part.entries()) records.set(key, page.records[index] ?? null)
  }
  return records
}
