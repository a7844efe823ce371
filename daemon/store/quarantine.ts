/** What is told of rows that do not fit their type, and how they are mended. */
import { envelopeMembers } from '../../sdk/data-difference.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { Json } from '../../sdk/json.ts'
import type { Lifecycle, Quarantine, Record } from '../../sdk/model.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'
import { unlike } from './field-fit.ts'

/** One thing that does not fit. */
export interface Misfit {
  /** A field, or a member of the envelope. */
  readonly name: string
  readonly problem: string
  /** As it is stored. */
  readonly raw: Json
}

/** Misfits as a record or an event tells them. */
export function quarantineOf(misfits: readonly Misfit[]): Quarantine {
  return {
    reason: misfits.map(({ name, problem }) => `${name}: ${problem}`).join('; '),
    raw: Object.fromEntries(misfits.map(({ name, raw }) => [name, raw])),
  }
}

/** Several marks of one thing as one. */
export function joinedQuarantine(marks: readonly Quarantine[]): Quarantine {
  return {
    reason: marks.map(({ reason }) => reason).join('; '),
    raw: Object.fromEntries(marks.flatMap(({ raw = {} }) => Object.entries(raw))),
  }
}

/**
 * Of a record that does not fit its type, the fields that an update must replace: what is not known is neither kept nor
 * filled with a default. Nothing of a sound record.
 *
 * @param touched - The fields that the update sets or unsets; operators, which build on what is there, mend nothing.
 * @throws OrionError `invalid_record` naming those that it leaves as they are.
 */
export function mendedFields(record: Record, touched: ReadonlySet<string>): ReadonlySet<string> {
  const { quarantined, type, id } = record
  if (quarantined === undefined) return nothing
  const damaged = Object.keys(quarantined.raw ?? {})
  const left = damaged.filter((name) => !touched.has(name))
  if (left.length === 0) return new Set(damaged)
  throw new OrionError(
    'invalid_record',
    `${type} ${JSON.stringify(id)} does not fit its type, and this would leave it so: ${quarantined.reason}`,
    {
      issues: left.map((path) => ({ path, message: 'does not fit as it is stored' })),
      remedy: remedyFor(left),
    },
  )
}

/** @throws OrionError `invalid_record` for a record that does not fit its type: it is mended before anything else. */
export function assertSound({ quarantined, type, id }: Record, done: string): void {
  if (quarantined === undefined) return
  const left = Object.keys(quarantined.raw ?? {})
  throw new OrionError(
    'invalid_record',
    `${type} ${JSON.stringify(id)} does not fit its type and can't be ${done} before it is mended`,
    {
      issues: left.map((path) => ({ path, message: 'does not fit as it is stored' })),
      remedy: remedyFor(left),
    },
  )
}

const nothing: ReadonlySet<string> = new Set()

function remedyFor(left: readonly string[]): string {
  const goBack = '`orion backup restore FILE` goes back to a good backup'
  const outside = left.filter((name) => envelopeMembers.has(name))
  if (outside.length > 0) return `No update reaches ${outside.join(', ')}: ${goBack}.`
  return `Set ${left.join(', ')} in one update, or unset what is optional; history has the values of before. Else ${goBack}, and a purge removes the record.`
}

/** A stored value as JSON. */
export function rawOf(value: SqlValue | undefined): Json {
  if (value === undefined) return null
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  // JSON has no infinities.
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

const lifecycles: ReadonlySet<unknown> = new Set<Lifecycle>(['active', 'archived', 'deleted'])

/** Whether the envelope of a row holds what it has to. Asked of every row that is read. */
export function isWholeEnvelope(row: SqlRow): boolean {
  return (
    isCount(row.version) &&
    isCount(row.seq) &&
    lifecycles.has(row.lifecycle) &&
    typeof row.id === 'string' &&
    isInstant(row.created_at) &&
    isInstant(row.updated_at) &&
    typeof row.created_by === 'string' &&
    typeof row.updated_by === 'string'
  )
}

/** What is wrong with the envelope of a row. */
export function envelopeMisfits(row: SqlRow): Misfit[] {
  const misfits: Misfit[] = []
  const look = (name: string, value: SqlValue | undefined, fits: boolean, expected: string) => {
    const raw = rawOf(value)
    if (!fits) misfits.push({ name, raw, problem: unlike(expected, raw) })
  }
  look('id', row.id, typeof row.id === 'string', 'a text')
  look('version', row.version, isCount(row.version), 'an integer from 1 up')
  look('token', row.seq, isCount(row.seq), 'the seq of an event')
  look('lifecycle', row.lifecycle, lifecycles.has(row.lifecycle), 'active, archived or deleted')
  look('createdAt', row.created_at, isInstant(row.created_at), 'an instant')
  look('updatedAt', row.updated_at, isInstant(row.updated_at), 'an instant')
  look('createdBy', row.created_by, typeof row.created_by === 'string', 'a text')
  look('updatedBy', row.updated_by, typeof row.updated_by === 'string', 'a text')
  return misfits
}

/** A version to show where there is none. */
export function readVersion(value: SqlValue | undefined): number {
  return isCount(value) ? Number(value) : 1
}

/** A lifecycle to show where there is none. */
export function readLifecycle(value: SqlValue | undefined): Lifecycle {
  return value === 'archived' || value === 'deleted' ? value : 'active'
}

function isCount(value: SqlValue | undefined): boolean {
  return typeof value === 'number' && value >= 1 && Number.isSafeInteger(value)
}

function isInstant(value: SqlValue | undefined): boolean {
  return typeof value === 'string' && value.length === 27
}
