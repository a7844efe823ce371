/**
 * Rows of the log as events and records. A row that was damaged comes back marked, with what could be read: a stream that
 * ended at it would never get past it.
 */
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import type { Actor, Event, Operation, Record, Seq, Token, Version } from '../../sdk/model.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'
import { unlike } from './field-fit.ts'
import { type Misfit, quarantineOf, rawOf, readLifecycle, readVersion } from './quarantine.ts'

/** Bits of the `flags` column. */
export const logFlags = { imported: 1, redacted: 2 } as const

/** A row of the log as the event it is. */
export function eventOfRow(row: SqlRow, tokenAt: (seq: number) => Token): Event {
  const seq = Number(row.seq) as Seq
  const flags = Number(row.flags)
  const redacted = (flags & logFlags.redacted) !== 0 || row.op === 'purged'
  const record = row.type === null || redacted ? undefined : recordOfRow(row, tokenAt)
  const misfits: Misfit[] = []
  const actor = parsed(row, { name: 'actor', column: 'actor' }, misfits)
  const changedFields =
    row.type === null
      ? undefined
      : parsed(row, { name: 'changedFields', column: 'changed_fields' }, misfits)
  const payload =
    row.type === null ? parsed(row, { name: 'payload', column: 'data' }, misfits) : undefined
  return {
    seq,
    // Without a transaction that can be read it is one of its own.
    txn: (typeof row.txn === 'number' ? row.txn : seq) as Seq,
    topic: row.topic === null ? `${row.type}.${row.op}` : String(row.topic),
    ...(row.type === null
      ? {}
      : {
          type: String(row.type),
          id: String(row.id),
          op: String(row.op) as Operation,
          version: readVersion(row.version) as Version,
          ...(typeof row.previous_version === 'number'
            ? { previousVersion: row.previous_version as Version }
            : {}),
          changedFields: namesIn(changedFields, row, misfits),
        }),
    actor: actorOf(actor, row, misfits),
    at: String(row.at),
    ...(row.reason === null ? {} : { reason: String(row.reason) }),
    ...(row.cause === null ? {} : { cause: String(row.cause) as Token }),
    token: tokenAt(seq),
    ...((flags & logFlags.imported) === 0 ? {} : { imported: true as const }),
    ...(redacted ? { redacted: true as const } : {}),
    ...(record === undefined ? {} : { record }),
    ...(payload === undefined ? {} : { payload }),
    ...(misfits.length === 0 ? {} : { quarantined: quarantineOf(misfits) }),
  }
}

/** The record as of a row of the log; undefined when its values were erased. */
export function recordOfRow(row: SqlRow, tokenAt: (seq: number) => Token): Record | undefined {
  if (row.data === null || row.data === undefined) return undefined
  const data = parseLoggedData(row.data)
  return {
    type: String(row.type),
    id: String(row.id),
    version: readVersion(row.version) as Version,
    createdAt: String(row.created_at),
    createdBy: String(row.created_by),
    updatedAt: String(row.updated_at ?? row.at),
    updatedBy: row.updated_by === null ? principalOf(row) : String(row.updated_by),
    lifecycle: readLifecycle(row.lifecycle),
    token: tokenAt(Number(row.seq)),
    data: data ?? {},
    ...(data === undefined ? { quarantined: quarantineOf([dataMisfit(row)]) } : {}),
  }
}

/** The data of a log row; undefined when it was erased or can't be read. */
export function parseLoggedData(text: SqlValue | undefined): JsonObject | undefined {
  const data = parsedOr(text)
  return isJsonObject(data) ? data : undefined
}

/** The names of the fields that a row of the log changed, as far as they can be read. */
export function changedFieldsOf(row: SqlRow): readonly string[] {
  const names = parsedOr(row.changed_fields)
  return isNames(names) ? names : []
}

/** Stands for somebody whose name can't be read: no principal is called so. */
const unreadableName = '(unreadable)'

function actorOf(value: Json | undefined, row: SqlRow, misfits: Misfit[]): Actor {
  if (isActor(value)) return value
  if (!misfits.some(({ name }) => name === 'actor')) {
    misfits.push(misfit('actor', row.actor, 'an actor'))
  }
  return { principal: unreadableName, client: unreadableName }
}

function namesIn(value: Json | undefined, row: SqlRow, misfits: Misfit[]): readonly string[] {
  if (isNames(value)) return value
  if (value !== undefined)
    misfits.push(misfit('changedFields', row.changed_fields, 'names of fields'))
  return []
}

function isActor(value: unknown): value is Actor {
  return (
    isJsonObject(value) && typeof value.principal === 'string' && typeof value.client === 'string'
  )
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

function principalOf(row: SqlRow): string {
  const actor = parsedOr(row.actor)
  return isActor(actor) ? actor.principal : unreadableName
}

function dataMisfit(row: SqlRow): Misfit {
  return misfit('data', row.data, 'an object as JSON')
}

function misfit(name: string, value: SqlValue | undefined, expected: string): Misfit {
  const raw = rawOf(value)
  return { name, raw, problem: unlike(expected, raw) }
}

/** The JSON in a column; undefined when there is none, which is a misfit only when it can't be read. */
function parsed(
  row: SqlRow,
  { name, column }: { readonly name: string; readonly column: string },
  misfits: Misfit[],
): Json | undefined {
  const value = row[column]
  if (value === null || value === undefined) return undefined
  const found = parsedOr(value)
  if (found === undefined) misfits.push(misfit(name, value, 'JSON'))
  return found
}

function parsedOr(text: SqlValue | undefined): Json | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // Whoever asked marks what it was for.
    return undefined
  }
}
