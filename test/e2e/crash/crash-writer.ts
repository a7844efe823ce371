/** Writers that never rest, and keep a ledger of all they sent and what became of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { JsonObject } from '../../../sdk/json.ts'
import { PlainConnection, Refused, Unanswered } from '../plain-connection.ts'
import { type Attempt, type Outcome, writeResult } from './history.ts'

/** Everything that was ever sent to one store, over all lives of its daemon. */
export class WriteLedger extends Map<string, { attempt: Attempt; outcome: Outcome }> {
  /** Sends an attempt for the first time or again; the ledger keeps the newest answer, and the first acknowledgement. */
  async send(connection: PlainConnection, attempt: Attempt): Promise<Outcome> {
    const before = this.get(attempt.key)
    if (before === undefined) this.set(attempt.key, { attempt, outcome: { tag: 'unknown' } })
    const outcome = await outcomeOf(connection, attempt)
    if (before?.outcome.tag !== 'acknowledged') this.set(attempt.key, { attempt, outcome })
    return outcome
  }

  /** Attempts with this outcome. */
  of(tag: Outcome['tag']): Attempt[] {
    return [...this.values()]
      .filter(({ outcome }) => outcome.tag === tag)
      .map(({ attempt }) => attempt)
  }
}

/** Records that writers fight for. */
export const contested: readonly string[] = ['contested-0', 'contested-1', 'contested-2']

/** The record that a life's operators go to. */
export function tallyOf(life: number): string {
  return `tally-${life}`
}

/** Creates what the writers of a life need. */
export function preparations(life: number): Attempt[] {
  const tally = create(`prepare-${life}`, 'OrionPattern', {
    id: tallyOf(life),
    data: { trigger: `life ${life}`, steps: [] },
  })
  if (life > 1) return [tally]
  return [
    tally,
    ...contested.map((id) =>
      create(`prepare-${id}`, 'OrionInsight', { id, data: insight('start') }),
    ),
  ]
}

/** Several writers on one connection, each with one attempt after the other, until the connection ends. */
export async function writeUntilCut(options: WriterOptions): Promise<void> {
  const { path, name, writers } = options
  let connection: PlainConnection
  try {
    connection = await PlainConnection.open(path, name)
  } catch {
    return // The daemon was gone before the connection stood.
  }
  const numbers = Array.from({ length: writers }, (_, index) => index)
  await Promise.all(
    numbers.map((writer) => writeOn(connection, { ...options, name: `${name}-${writer}` })),
  )
}

async function writeOn(connection: PlainConnection, options: WriterOptions): Promise<void> {
  const { ledger, name, random } = options
  for (let number = 1; ; number += 1) {
    const attempt = await nextAttempt(connection, { ...options, key: `${name}-${number}` })
    if (attempt === undefined) return
    const outcome = await ledger.send(connection, attempt)
    if (outcome.tag === 'unknown') return
    // Now and then a writer rests, so that the daemon also meets single writes.
    if (random() < 0.05) await sleep(random() * 10)
  }
}

/** A connection that writes. */
export interface WriterOptions {
  readonly ledger: WriteLedger
  /** The daemon's socket. */
  readonly path: string
  /** Unique over all lives. */
  readonly name: string
  readonly life: number
  readonly writers: number
  readonly random: () => number
}

async function nextAttempt(
  connection: PlainConnection,
  { key, life, random }: WriterOptions & { readonly key: string },
): Promise<Attempt | undefined> {
  const dice = random()
  if (dice < 0.25) return create(key, 'OrionInsight', { id: key, data: naming(key) })
  if (dice < 0.5) {
    const id = contested[Math.floor(random() * contested.length)] ?? ''
    const version = await versionOf(connection, id)
    if (version === undefined) return undefined
    const set = naming(key)
    return update(key, { type: 'OrionInsight', id, expectedVersion: version, set })
  }
  if (dice < 0.75) {
    const apply = [
      { field: 'frequencyCount', op: 'increment', value: 1 },
      { field: 'steps', op: 'append', value: key },
    ]
    return update(key, { type: 'OrionPattern', id: tallyOf(life), apply })
  }
  return transact(key, life)
}

async function versionOf(connection: PlainConnection, id: string): Promise<number | undefined> {
  try {
    return versioned.parse(await connection.call('record/get', { type: 'OrionInsight', id }))
      .version
  } catch (error) {
    if (error instanceof Unanswered) return undefined
    throw error
  }
}

const versioned = z.object({ version: z.int() })

function create(key: string, type: string, more: { id: string; data: JsonObject }): Attempt {
  return attempt(key, 'record/create', { params: { type, ...more }, ids: [more.id] })
}

function update(key: string, params: JsonObject & { readonly id: string }): Attempt {
  return attempt(key, 'record/update', { params, ids: [params.id] })
}

/** Over two types, with an operator on a record that the other writers change too. */
function transact(key: string, life: number): Attempt {
  const [insightId, jobId, tally] = [`${key}-insight`, `${key}-job`, tallyOf(life)]
  const apply = [{ field: 'frequencyCount', op: 'increment', value: 1 }]
  const job = { jobId, status: 'SUCCESS' }
  const operations = [
    { op: 'create', type: 'OrionInsight', id: insightId, data: insight(key) },
    { op: 'update', type: 'OrionPattern', id: tally, apply },
    { op: 'create', type: 'JobResult', id: jobId, data: job },
  ]
  const ids = [insightId, tally, jobId]
  return attempt(key, 'record/transact', { params: { operations }, ids })
}

function attempt(
  key: string,
  method: string,
  { params, ids }: Pick<Attempt, 'params' | 'ids'>,
): Attempt {
  return { key, method, ids, params: { ...params, idempotencyKey: key, reason: key } }
}

function insight(summary: string): JsonObject {
  return { summary, domain: 'crash' }
}

/** Names others, so that each write changes the table of who names whom. */
function naming(key: string): JsonObject {
  return { ...insight(key), supports: [...contested.slice(1)], relatedTo: [key] }
}

async function outcomeOf(connection: PlainConnection, attempt: Attempt): Promise<Outcome> {
  try {
    const answer = await connection.call(attempt.method, attempt.params)
    return { tag: 'acknowledged', results: resultsOf(answer) }
  } catch (error) {
    if (error instanceof Unanswered) return { tag: 'unknown' }
    if (error instanceof Refused) return { tag: 'refused', why: error.message }
    throw error
  }
}

function resultsOf(answer: unknown): z.infer<typeof writeResult>[] {
  const whole = transaction.safeParse(answer)
  if (!whole.success) return [writeResult.parse(answer)]
  const { results, replayed } = whole.data
  return results.map((result) => ({ ...result, ...(replayed === undefined ? {} : { replayed }) }))
}

const transaction = z.object({
  results: z.array(writeResult),
  replayed: z.literal(true).optional(),
})
