/** What writers did and what a log says, and whether the two can both be true. Nothing here talks to a daemon. */
import { z } from 'zod'
import { type Json, type JsonObject, jsonEqual } from '../../../sdk/json.ts'

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

/** One result of a write. */
export const writeResult = z.object({
  id: z.string(),
  version: z.int(),
  token: z.string(),
  replayed: z.literal(true).optional(),
})
export type WriteResult = z.infer<typeof writeResult>

/** A write that was sent. Its key is its idempotency key, and stands with its events as their reason. */
export interface Attempt {
  readonly key: string
  readonly method: string
  readonly params: JsonObject
  /** The records it writes, one event for each. */
  readonly ids: readonly string[]
}

/** What became of an attempt, as far as its writer knows. */
export type Outcome =
  | { readonly tag: 'acknowledged'; readonly results: readonly WriteResult[] }
  /** `why` begins with the code. */
  | { readonly tag: 'refused'; readonly why: string }
  | { readonly tag: 'unknown' }

/** All attempts with what became of them, by key. */
export type Ledger = ReadonlyMap<string, { readonly attempt: Attempt; readonly outcome: Outcome }>

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

/** What is wrong between writers and log: lost, doubled, halved or invented writes. */
export function effectProblems(ledger: Ledger, events: readonly LoggedEvent[]): string[] {
  const effects = byReason(events)
  const problems: string[] = []
  for (const [key, { attempt, outcome }] of ledger) {
    const found = effects.get(key) ?? []
    effects.delete(key)
    const whole = isWhole(attempt, found)
    if (found.length > 0 && !whole) {
      const ids = found.map(({ id, txn }) => `${id} in ${txn}`).join(', ')
      problems.push(`${key} wrote ${ids} rather than ${attempt.ids.join(', ')} once and together`)
    }
    if (outcome.tag === 'refused' && found.length > 0) {
      problems.push(`${key} was refused (${outcome.why}) and has an effect`)
    }
    if (outcome.tag === 'refused' && !outcome.why.startsWith(conflictCode)) {
      problems.push(`${key} was refused, and not because it lost a race: ${outcome.why}`)
    }
    if (outcome.tag === 'acknowledged') problems.push(...lossProblems(key, outcome.results, found))
  }
  for (const [reason, [first]] of effects) {
    problems.push(`nobody wrote the event ${first?.seq} with the reason ${reason}`)
  }
  return problems
}

const conflictCode = '40900 '

/** What is wrong with an answer to a key that was used before. */
export function repeatProblems(first: Outcome, again: Outcome): string[] {
  if (first.tag !== 'acknowledged') return []
  if (again.tag !== 'acknowledged') return [`was acknowledged, and is ${again.tag} when repeated`]
  return again.results.flatMap((result, index) => {
    const { id, version, token } = first.results[index] ?? {}
    const same = result.id === id && result.version === version && result.token === token
    if (same && result.replayed) return []
    return [`was answered ${id} ${version}, and ${JSON.stringify(result)} when repeated`]
  })
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

function byReason(events: readonly LoggedEvent[]): Map<string | undefined, LoggedEvent[]> {
  const groups = new Map<string | undefined, LoggedEvent[]>()
  for (const event of events) {
    const group = groups.get(event.reason)
    if (group === undefined) groups.set(event.reason, [event])
    else group.push(event)
  }
  return groups
}

function isWhole(attempt: Attempt, found: readonly LoggedEvent[]): boolean {
  const ids = found.map(({ id }) => id)
  return jsonEqual(ids.map(String), attempt.ids) && new Set(found.map(({ txn }) => txn)).size === 1
}

function lossProblems(
  key: string,
  results: readonly WriteResult[],
  found: readonly LoggedEvent[],
): string[] {
  return results.flatMap(({ id, version, token }) => {
    const kept = found.some((event) => event.id === id && event.version === version)
    if (!kept) return [`${key} was acknowledged as ${id} ${version}, and is lost`]
    // A result's token is that of its event or of the end of its transaction.
    const placed = found.some((event) => event.token === token)
    return placed ? [] : [`${key} was acknowledged at ${token}, and is elsewhere in the log`]
  })
}
