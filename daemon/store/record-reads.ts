/** The reads of the interface. What they saw is answered only once it is on disk. */
import { OrionError } from '../../sdk/errors.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Record, RecordVersion } from '../../sdk/model.ts'
import type { SqlRow } from './engine/engine.ts'
import { eventOfRow, recordOfRow } from './event-log.ts'
import { decodeHistoryCursor, encodeHistoryCursor, wrongHistoryCursor } from './history-cursor.ts'
import { compileCount, compileList } from './query-sql.ts'
import { newestSeq, rowOfVersion, rowsBackFrom } from './record-history.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import { recordTableName } from './sql.ts'
import type { Caller, StoreReads } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import type { WriteQueue } from './write-queue.ts'

type Params<M extends keyof StoreReads> = Parameters<StoreReads[M]>[0]
type Answer<M extends keyof StoreReads> = ReturnType<StoreReads[M]>

/** Reads records, pages of them, and their old versions. */
export class RecordReads implements StoreReads {
  readonly #context: StoreContext
  readonly #queue: WriteQueue
  readonly #waitFor: (token: Record['token'], caller: Caller) => Promise<void>

  constructor(parts: {
    readonly context: StoreContext
    readonly queue: WriteQueue
    readonly waitFor: (token: Record['token'], caller: Caller) => Promise<void>
  }) {
    this.#context = parts.context
    this.#queue = parts.queue
    this.#waitFor = parts.waitFor
  }

  async get(params: Params<'get'>, caller: Caller): Answer<'get'> {
    const { type, id, version, atLeast } = params
    if (atLeast !== undefined) await this.#waitFor(atLeast, caller)
    const entry = this.#context.type(type)
    const present = this.#context.read(entry, id)
    // Absence may be the work of a commit that is not on disk yet, so it waits for all of them.
    const wait = this.#queue.onDisk(present?.seq ?? this.#context.log.lastSeq)
    if (wait !== undefined) await wait
    if (version !== undefined && version !== present?.record.version) {
      return this.#versionOf(type, id, version)
    }
    if (present === undefined) throw notFound(type, id)
    return present.record
  }

  async getMany(params: Params<'getMany'>, caller: Caller): Answer<'getMany'> {
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const records = params.keys.map(
      ({ type, id }) => this.#context.read(this.#context.type(type), id)?.record ?? null,
    )
    await this.#allOnDisk()
    return { records }
  }

  async list(params: Params<'list'>, caller: Caller): Answer<'list'> {
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const entry = this.#context.type(params.type)
    const limit = params.limit ?? defaultPage
    const query = compileList({
      definition: entry.definition,
      table: recordTableName(params.type),
      where: params.where,
      orderBy: params.orderBy,
      lifecycle: params.lifecycle ?? ['active'],
      after: params.after,
      limit,
    })
    const token = this.#context.tokenAt(this.#context.log.lastSeq)
    const rows = this.#context.connection.prepare(query.sql).all(query.values)
    const page = rows.slice(0, limit).map((row) => this.#decode(entry, row))
    const next = rows.length > limit ? query.cursorAfter(rows[limit - 1] ?? {}) : undefined
    await this.#allOnDisk()
    const records = params.fields === undefined ? page : page.map(onlyFields(entry, params.fields))
    return { records, ...(next === undefined ? {} : { next }), token }
  }

  async count(params: Params<'count'>, caller: Caller): Answer<'count'> {
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const entry = this.#context.type(params.type)
    const query = compileCount({
      definition: entry.definition,
      table: recordTableName(params.type),
      where: params.where,
      groupBy: params.groupBy,
      lifecycle: params.lifecycle ?? ['active'],
    })
    const token = this.#context.tokenAt(this.#context.log.lastSeq)
    const rows = this.#context.connection.prepare(query.sql).all(query.values)
    await this.#allOnDisk()
    const count = rows.reduce((sum, row) => sum + Number(row.count), 0)
    if (params.groupBy === undefined) return { count, token }
    const groups = rows.map((row) => ({ value: query.groupValue(row), count: Number(row.count) }))
    return { count, groups, token }
  }

  async history(params: Params<'history'>, _caller: Caller): Answer<'history'> {
    const { type, id } = params
    this.#context.type(type)
    const limit = params.limit ?? defaultPage
    const from =
      params.after === undefined
        ? newestSeq(this.#context, params)
        : decodeHistoryCursor(params.after)
    const rows = rowsBackFrom(this.#context, from, limit + 1)
    await this.#allOnDisk()
    const newest = rows[0]
    if (newest !== undefined && (newest.id !== id || newest.type !== type))
      throw wrongHistoryCursor()
    if (newest === undefined && params.after === undefined) throw notFound(type, id)
    const versions = rows.slice(0, limit).map((row) => this.#versionOfRow(row))
    const following = rows[limit]
    if (following === undefined) return { versions }
    return { versions, next: encodeHistoryCursor(Number(following.seq)) }
  }

  #versionOfRow(row: SqlRow): RecordVersion {
    const event = eventOfRow(row, this.#context.tokenAt)
    const { version, op, at, actor, changedFields = [], token, reason, record } = event
    if (version === undefined || op === undefined) throw new Error('a record’s event has a version')
    return {
      version,
      op,
      at,
      actor,
      changedFields,
      ...(record === undefined ? {} : { data: record.data }),
      token,
      ...(reason === undefined ? {} : { reason }),
    }
  }

  #versionOf(type: string, id: string, version: number): Record {
    const row = rowOfVersion(this.#context, { type, id }, version)
    const record = row === undefined ? undefined : recordOfRow(row, this.#context.tokenAt)
    if (record !== undefined) return record
    throw new OrionError(
      'not_found',
      `there is no version ${version} of ${type} ${JSON.stringify(id)}`,
      { type, id, remedy: 'It never was, it was purged, or its history is compacted away.' },
    )
  }

  #decode(entry: RecordTypeEntry, row: SqlRow): Record {
    return entry.codec.decode(row, this.#context.tokenAt).record
  }

  async #allOnDisk(): Promise<void> {
    const wait = this.#queue.onDisk(this.#context.log.lastSeq)
    if (wait !== undefined) await wait
  }
}

const defaultPage = 50

function notFound(type: string, id: string): OrionError {
  return new OrionError('not_found', `there is no ${type} ${JSON.stringify(id)}`, { type, id })
}

function onlyFields(entry: RecordTypeEntry, fields: readonly string[]): (record: Record) => Record {
  for (const name of fields) {
    if (Object.hasOwn(entry.definition.fields, name)) continue
    const message = `there is no field ${JSON.stringify(name)}`
    throw new OrionError('invalid_request', `${entry.definition.name}: ${message}`, {
      issues: [{ path: 'fields', message }],
    })
  }
  return (record) => {
    const data: { [field: string]: Json } = {}
    for (const name of fields) {
      const value = (record.data as JsonObject)[name]
      if (value !== undefined) data[name] = value
    }
    return { ...record, data }
  }
}
