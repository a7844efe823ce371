/** The reads of the interface. What they saw is answered only once it is on disk. */
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { OrionError } from '../../sdk/errors.ts'
import { invalidAt } from '../../sdk/filter/target.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Record, RecordVersion } from '../../sdk/model.ts'
import { AnswerLength, answerTooLong, lengthOf } from './answer-length.ts'
import type { SqlRow } from './engine/engine.ts'
import { expand, placesToExpand } from './expansion.ts'
import { explainList } from './explain-list.ts'
import { decodeHistoryCursor, encodeHistoryCursor, wrongHistoryCursor } from './history-cursor.ts'
import { eventOfRow, recordOfRow } from './log-row.ts'
import type { LongReads } from './long-reads.ts'
import { joinedQuarantine } from './quarantine.ts'
import { type CountQuery, compileCount, compileList, type ListQuery } from './query-sql.ts'
import { blameOf } from './record-blame.ts'
import { newestSeq, rowOfVersion, walkBackFrom } from './record-history.ts'
import {
  pageOf,
  type RecordScans,
  type ScannedGroups,
  type ScannedPage,
  tooManyGroups,
} from './record-scan.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import { readReferrers } from './referrers.ts'
import { recordTableName } from './sql.ts'
import type { Caller, StoreReads } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import { schemaVersionsOf } from './type-history.ts'
import type { WriteQueue } from './write-queue.ts'

type Params<M extends keyof StoreReads> = Parameters<StoreReads[M]>[0]
type Answer<M extends keyof StoreReads> = ReturnType<StoreReads[M]>

/** Reads records, pages of them, and their old versions. */
export class RecordReads implements Omit<StoreReads, 'search'> {
  readonly #context: StoreContext
  readonly #queue: WriteQueue
  readonly #scans: RecordScans
  readonly #longReads: LongReads
  readonly #waitFor: (token: Record['token'], caller: Caller) => Promise<void>

  constructor(parts: {
    readonly context: StoreContext
    readonly queue: WriteQueue
    readonly scans: RecordScans
    readonly longReads: LongReads
    readonly waitFor: (token: Record['token'], caller: Caller) => Promise<void>
  }) {
    this.#context = parts.context
    this.#queue = parts.queue
    this.#scans = parts.scans
    this.#longReads = parts.longReads
    this.#waitFor = parts.waitFor
  }

  async get(params: Params<'get'>, caller: Caller): Answer<'get'> {
    const { type, id, version, atLeast } = params
    if (atLeast !== undefined) await this.#waitFor(atLeast, caller)
    const entry = this.#context.type(type)
    const places = placesToExpand(entry, params.expand)
    const present = this.#context.read(entry, id)
    // Absence may be the work of a commit that is not on disk yet, so it waits for all of them.
    const wait = this.#queue.onDisk(present?.seq ?? this.#context.log.lastSeq)
    if (wait !== undefined) await wait
    // Of a row that does not fit its type the log still has what was written.
    const isOld =
      version !== undefined &&
      (version !== present?.record.version || present.record.quarantined !== undefined)
    const record = isOld ? this.#versionOf(type, id, version) : present?.record
    if (record === undefined) throw notFound(type, id)
    if (places === undefined) return record
    const expansion = expand(this.#context, { places, records: [record], caller })
    await this.#allOnDisk()
    return { ...record, ...expansion }
  }

  async getMany(params: Params<'getMany'>, caller: Caller): Answer<'getMany'> {
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const { answerMaxLength } = this.#context.limits
    const answer = new AnswerLength(answerMaxLength)
    const records = params.keys.map(({ type, id }) => {
      const stored = this.#context.read(this.#context.type(type), id)
      if (stored !== undefined && !answer.takes(stored.dataLength)) {
        throw answerTooLong(answerMaxLength, 'ask for fewer records at a time')
      }
      return stored?.record ?? null
    })
    await this.#allOnDisk()
    return { records }
  }

  async list(params: Params<'list'>, caller: Caller): Answer<'list'> {
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const entry = this.#context.type(params.type)
    const { fields } = params
    const show = fields === undefined ? undefined : onlyFields(entry, fields)
    const places = placesToExpand(entry, params.expand, fields)
    const query: ListQuery = {
      definition: entry.definition,
      table: recordTableName(params.type),
      where: params.where,
      orderBy: params.orderBy,
      lifecycle: params.lifecycle ?? ['active'],
      after: params.after,
      limit: params.limit ?? defaultPage,
    }
    const { records, next, seq } = await this.#longReads.run(
      {
        attempt: () => this.#listAtOnce(entry, query),
        open: () => this.#scans.list(entry, query),
      },
      caller,
    )
    const expansion = expand(this.#context, { places, records, caller })
    await this.#queue.onDisk(places === undefined ? seq : this.#context.log.lastSeq)
    const token = this.#context.tokenAt(seq)
    const shown = show === undefined ? [...records] : records.map(show)
    return { records: shown, ...(next === undefined ? {} : { next }), token, ...expansion }
  }

  async referrers(params: Params<'referrers'>, caller: Caller): Answer<'referrers'> {
    const { lifecycle = ['active'], limit = defaultPage, atLeast, ...question } = params
    if (atLeast !== undefined) await this.#waitFor(atLeast, caller)
    const query = { ...question, lifecycle, limit }
    const { referrers, next } = readReferrers(this.#context, query, caller)
    const seq = this.#context.log.lastSeq
    await this.#allOnDisk()
    const token = this.#context.tokenAt(seq)
    return { referrers: [...referrers], ...(next === undefined ? {} : { next }), token }
  }

  async count(params: Params<'count'>, caller: Caller): Answer<'count'> {
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const entry = this.#context.type(params.type)
    const query: CountQuery = {
      definition: entry.definition,
      table: recordTableName(params.type),
      where: params.where,
      groupBy: params.groupBy,
      lifecycle: params.lifecycle ?? ['active'],
    }
    const { groups, seq } = await this.#longReads.run(
      {
        attempt: () => this.#countAtOnce(query),
        open: () => this.#scans.count(entry, query),
      },
      caller,
    )
    await this.#queue.onDisk(seq)
    const token = this.#context.tokenAt(seq)
    const count = groups.reduce((sum, group) => sum + group.count, 0)
    return params.groupBy === undefined ? { count, token } : { count, groups: [...groups], token }
  }

  async explain(params: Params<'explain'>, caller: Caller): Answer<'explain'> {
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const { definition } = this.#context.type(params.type)
    const query: ListQuery = {
      definition,
      table: recordTableName(params.type),
      where: params.where,
      orderBy: params.orderBy,
      lifecycle: params.lifecycle ?? ['active'],
      after: params.after,
      limit: params.limit ?? defaultPage,
    }
    const attempt = () => ({ ...explainList(this.#context, query), seq: this.#context.log.lastSeq })
    // It takes no longer than an attempt may, so that there is nothing to go on with.
    const read = { attempt, open: () => ({ step: attempt, close: () => {} }) }
    const { seq, ...explanation } = await this.#longReads.run(read, caller)
    await this.#queue.onDisk(seq)
    return { ...explanation, token: this.#context.tokenAt(seq) }
  }

  /** A list whose statement ends in the time of one turn, as it does on an index or a small table. */
  #listAtOnce(entry: RecordTypeEntry, query: ListQuery): ScannedPage | undefined {
    const compiled = compileList(query)
    let page: ScannedPage | undefined
    this.#inTime(() => {
      const { rows, more } = pageOf(compiled, query.limit, this.#context)
      const next = more ? compiled.cursorAt(compiled.keyOf(rows.at(-1) ?? {})) : undefined
      const records = rows.map((row) => this.#decode(entry, row))
      page = { records, next, seq: this.#context.log.lastSeq }
    })
    return page
  }

  /** A count whose statement ends in the time of one turn. */
  #countAtOnce(query: CountQuery): ScannedGroups | undefined {
    const { sql, values, groupValue } = compileCount(query)
    const { connection, limits, log } = this.#context
    let counted: ScannedGroups | undefined
    this.#inTime(() => {
      const rows: SqlRow[] = []
      connection.prepare(sql).walk(values, (row) => rows.push(row) <= limits.groupsMax)
      if (rows.length > limits.groupsMax) throw tooManyGroups(limits.groupsMax)
      const groups = rows.map((row) => ({ value: groupValue(row), count: Number(row.count) }))
      counted = { groups, seq: log.lastSeq }
    })
    return counted
  }

  /** Refuses the lists and counts under way: the connection is about to close. */
  close(): void {
    this.#longReads.close()
  }

  #inTime(run: () => void): boolean {
    const { connection, limits } = this.#context
    return connection.runUntil(performance.now() + limits.turnMaxMs, run)
  }

  async history(params: Params<'history'>, _caller: Caller): Answer<'history'> {
    const { type, id } = params
    this.#context.type(type)
    const limit = params.limit ?? defaultPage
    const from =
      params.after === undefined
        ? newestSeq(this.#context, params)
        : decodeHistoryCursor(params.after)
    const { rows, following } = this.#pageOfHistory(from, limit)
    await this.#allOnDisk()
    const newest = rows[0]
    if (newest !== undefined && (newest.id !== id || newest.type !== type))
      throw wrongHistoryCursor()
    if (newest === undefined && params.after === undefined) throw notFound(type, id)
    const versionAt = schemaVersionsOf(this.#context.connection, type)
    const versions = rows.map((row) => this.#versionOfRow(row, versionAt))
    if (following === undefined) return { versions }
    return { versions, next: encodeHistoryCursor(following) }
  }

  async blame(params: Params<'blame'>, caller: Caller): Answer<'blame'> {
    const { type, id, atLeast } = params
    if (atLeast !== undefined) await this.#waitFor(atLeast, caller)
    const present = this.#context.read(this.#context.type(type), id)
    await this.#queue.onDisk(present?.seq ?? this.#context.log.lastSeq)
    if (present === undefined) throw notFound(type, id)
    return await blameOf(this.#context, present, caller)
  }

  /** The rows of a page of history, and the seq of the first that found no room. */
  #pageOfHistory(
    from: number | undefined,
    limit: number,
  ): { readonly rows: SqlRow[]; readonly following: number | undefined } {
    const answer = new AnswerLength(this.#context.limits.answerMaxLength)
    const rows: SqlRow[] = []
    let following: number | undefined
    walkBackFrom(this.#context, from, (row) => {
      if (rows.length >= limit || !answer.takes(lengthOf(row))) following = Number(row.seq)
      else rows.push(row)
      return following === undefined
    })
    return { rows, following }
  }

  #versionOfRow(row: SqlRow, schemaVersionAt: (seq: number) => number | undefined): RecordVersion {
    const event = eventOfRow(row, this.#context.tokenAt)
    const { version, op, at, actor, changedFields = [], token, reason, record } = event
    const marks = [event.quarantined, record?.quarantined].filter((mark) => mark !== undefined)
    if (version === undefined || op === undefined) throw new Error('a record’s event has a version')
    const schemaVersion = schemaVersionAt(event.seq)
    return {
      version,
      op,
      at,
      actor,
      changedFields,
      ...(schemaVersion === undefined ? {} : { schemaVersion }),
      ...(record === undefined || record.quarantined !== undefined ? {} : { data: record.data }),
      token,
      ...(reason === undefined ? {} : { reason }),
      ...(marks.length === 0 ? {} : { quarantined: joinedQuarantine(marks) }),
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
    const { definition } = entry
    const meant = didYouMean(name, Object.keys(definition.fields))
    throw invalidAt('fields', `${definition.name} has no field ${JSON.stringify(name)}`, meant)
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
