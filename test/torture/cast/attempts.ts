/** What the writers of a torture do: fight for few records, add up, make new ones, several things at once. */
import type { JsonObject } from '../../../sdk/json.ts'
import type { Operation, Shown } from '../journal.ts'

/** A write that is about to be sent, once or again. Its key stands with its events as their reason. */
export interface Attempt {
  readonly key: string
  readonly method: string
  readonly params: object
  readonly operations: readonly Operation[]
}

/** The records that everybody writes to. */
export const contested: readonly string[] = [0, 1, 2, 3].map((n) => `contested-${n}`)
const tallies: readonly string[] = [0, 1].map((n) => `tally-${n}`)
export const contestedType = 'OrionInsight'
const tallyType = 'OrionPattern'

/** Creates what everybody writes to; whoever comes second loses, and that is fine. */
export function preparations(name: string): Attempt[] {
  const insights = contested.map((id) => {
    const key = `${name}-makes-${id}`
    return single(key, { op: 'create', type: contestedType, id, data: insight(key) })
  })
  const patterns = tallies.map((id) => {
    const data = { trigger: id, steps: [], frequencyCount: 0 }
    return single(`${name}-makes-${id}`, { op: 'create', type: tallyType, id, data })
  })
  return [...insights, ...patterns]
}

/** What a writer knows of the records that everybody writes to: the newest that it was shown. */
export type Known = Map<string, Shown>

/** The next thing to do; undefined to look at a record first. */
export function nextAttempt(key: string, known: Known, random: () => number): Attempt | undefined {
  const dice = random()
  if (dice < 0.25) {
    return single(key, { op: 'create', type: contestedType, id: key, data: insight(key) })
  }
  if (dice < 0.4) return single(key, addition(random))
  const id = pick(contested, random)
  const seen = known.get(id)
  if (seen === undefined || dice < 0.5) return undefined
  const change = changeOf(id, seen, { key, isRare: random() < 0.08 })
  if (dice < 0.8) return single(key, change)
  const job = { jobId: key, status: 'SUCCESS' }
  return several(key, [
    { op: 'create', type: 'JobResult', id: `${key}-job`, data: job },
    addition(random),
    ...(dice < 0.92 ? [change] : []),
    { op: 'create', type: contestedType, id: `${key}-insight`, data: insight(key) },
  ])
}

/** What a step of a CI job writes. */
export function jobAttempt(key: string): Attempt {
  const log = { actionType: 'ci.step', status: 'SUCCESS', parameters: { key } }
  return several(key, [
    { op: 'create', type: 'OrionActionLog', id: `${key}-log`, data: log },
    {
      op: 'create',
      type: 'JobResult',
      id: `${key}-job`,
      data: { jobId: 'step', status: 'FAILURE' },
    },
  ])
}

function addition(random: () => number): Operation {
  const apply = [{ field: 'frequencyCount', op: 'increment', value: 1 }]
  return { op: 'update', type: tallyType, id: pick(tallies, random), apply }
}

/** A change of a record against the version that was seen; now and then it is deleted, and then brought back. */
function changeOf(
  id: string,
  { version, lifecycle }: Shown,
  { key, isRare }: { readonly key: string; readonly isRare: boolean },
): Operation {
  const on = { type: contestedType, id, expectedVersion: version } as const
  if (lifecycle !== 'active') return { op: 'restore', ...on }
  if (isRare) return { op: 'delete', ...on }
  return { op: 'update', ...on, set: insight(key) }
}

/** Names others, so that each write changes the table of who names whom. */
function insight(summary: string): JsonObject {
  return { summary, domain: 'torture', supports: contested.slice(1), relatedTo: [summary] }
}

function single(key: string, operation: Operation): Attempt {
  const { op, ...params } = operation
  return attempt(key, `record/${op}`, { params: { ...params }, operations: [operation] })
}

function several(key: string, operations: readonly Operation[]): Attempt {
  const params = { operations: operations.map((operation) => ({ ...operation })) }
  return attempt(key, 'record/transact', { params, operations })
}

function attempt(
  key: string,
  method: string,
  { params, operations }: Pick<Attempt, 'params' | 'operations'>,
): Attempt {
  return { key, method, operations, params: { ...params, idempotencyKey: key, reason: key } }
}

function pick(names: readonly string[], random: () => number): string {
  return names[Math.floor(random() * names.length)] ?? ''
}
