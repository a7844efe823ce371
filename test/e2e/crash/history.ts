/** What a log and records say, and whether it can be true. Nothing here talks to a daemon. */
import { z } from 'zod'
import { type Json, jsonEqual } from '../../../sdk/json.ts'

const json: z.ZodType<Json> = z.json()

/** An event of the log, as far as it is checked. */
export const loggedEvent = z.object({
  seq: z.int(),
  txn: z.int(),
  topic: z.string(),
  id: z.string().optional(),
  version: z.int().optional(),
  previousVersion: z.int().optional(),
  /** The key of the attempt that made it. */
  reason: z.string().optional(),
  token: z.string(),
  record: z.object({ version: z.int(), data: z.record(z.string(), json) }).optional(),
})
export type LoggedEvent = z.infer<typeof loggedEvent>

/** What is wrong with a log by itself: holes, torn transactions, versions that do not rise by one. */
export function logProblems(events: readonly LoggedEvent[]): string[] {
  const problems: string[] = []
  const versions = new Map<string, number>()
  for (const [index, event] of events.entries()) {
    const { seq, txn, id } = event
    if (seq !== index + 1) problems.push(`expected seq ${index + 1}, got ${seq}`)
    const begins = txn === seq
    if (!begins && events[index - 1]?.txn !== txn) {
      problems.push(`seq ${seq} says it belongs to transaction ${txn}, the one before it does not`)
    }
    if (id === undefined || event.version === undefined) continue
    const key = recordKey(event)
    const previous = versions.get(key) ?? 0
    if (event.version !== previous + 1) {
      problems.push(`expected version ${previous + 1} of ${key}, got ${event.version}`)
    }
    if ((event.previousVersion ?? 0) !== previous) {
      problems.push(`${key} ${event.version} says it follows ${event.previousVersion}`)
    }
    versions.set(key, event.version)
  }
  return problems
}

/** What is wrong with records: each must be as the last event about it left it. */
export function recordProblems(
  events: readonly LoggedEvent[],
  records: ReadonlyMap<string, LoggedEvent['record'] | null>,
): string[] {
  const latest = new Map(events.map((event) => [recordKey(event), event.record]))
  return [...records].flatMap(([key, record]) => {
    const logged = latest.get(key)
    const same = record?.version === logged?.version && jsonEqual(record?.data, logged?.data)
    return same
      ? []
      : [`${key} is ${JSON.stringify(record)}, the log has ${JSON.stringify(logged)}`]
  })
}

/** Names a record over all types. */
export function recordKey({ topic, id }: Pick<LoggedEvent, 'topic' | 'id'>): string {
  return `${topic.split('.')[0]}/${id}`
}
