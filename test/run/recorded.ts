/** What `orion run` has written into the store of a place. */
import assert from 'node:assert/strict'
import type { Place } from '../cli/orion-process.ts'

/** The data of a record, with its id. */
export interface Logged {
  readonly id: string
  readonly [field: string]: unknown
}

/** Every OrionActionLog, oldest first. */
export async function logs(place: Place): Promise<Logged[]> {
  return await recordsOf(place, 'OrionActionLog')
}

/** Every JobResult, oldest first. */
export async function results(place: Place): Promise<Logged[]> {
  return await recordsOf(place, 'JobResult')
}

/** The newest OrionActionLog. */
export async function lastLog(place: Place): Promise<Logged> {
  return last(await logs(place))
}

/** The newest JobResult. */
export async function lastResult(place: Place): Promise<Logged> {
  return last(await results(place))
}

/** A value that is an object. */
export function asRecord(value: unknown): { readonly [name: string]: unknown } {
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}

async function recordsOf(place: Place, type: string): Promise<Logged[]> {
  const page = asRecord(
    await place.json(['list', type, '--order', 'createdAt:asc', '--limit', '1000']),
  )
  assert.ok(Array.isArray(page.records))
  return page.records.map((record) => {
    const { id, data } = asRecord(record)
    return { ...asRecord(data), id: String(id) }
  })
}

function last(records: readonly Logged[]): Logged {
  const record = records.at(-1)
  assert.ok(record, 'expected a record, got none')
  return record
}
