/**
 * Lists and counts over more rows than one turn of the event loop has time for. They are of one position although others
 * write between the slices: a row that was changed after it is taken from the log, as it was then.
 */
import { OrionError } from '../../sdk/errors.ts'
import { filterPredicate, sortKeyOf } from '../../sdk/filter/evaluate.ts'
import { compareSortKeys, compareSortValues, type SortKey } from '../../sdk/filter/order.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import type { Json } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import { Turns } from '../turns.ts'
import { AnswerLength, lengthOf } from './answer-length.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'
import type { PastRecords } from './past-records.ts'
import {
  type CompiledList,
  type CountQuery,
  compileCount,
  compileList,
  type ListQuery,
  type RecordQuery,
  type RowRange,
} from './query-sql.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import { quoteName } from './tables.ts'

/** What a scan is of. */
export interface Scan<Q extends RecordQuery> {
  readonly entry: RecordTypeEntry
  readonly query: Q
  /** The position: at or below the newest event. */
  readonly seq: number
  readonly caller: Caller
}

/** Records in their order, and where the list goes on. */
export interface ScannedPage {
  readonly records: readonly Record[]
  readonly next: string | undefined
}

/** A group of a count. */
export interface Group {
  readonly value: Json
  readonly count: number
}

interface Candidate {
  readonly key: SortKey
  readonly record: Record
  readonly length: number
}

/** Scans the tables of records, slice by slice. */
export class RecordScans {
  readonly #context: StoreContext
  readonly #past: PastRecords
  readonly #turns: Turns

  constructor(context: StoreContext, past: PastRecords) {
    this.#context = context
    this.#past = past
    this.#turns = new Turns(context.limits.turnMaxMs)
  }

  /** @throws OrionError `cancelled`; what `compileList` throws. */
  async list(scan: Scan<ListQuery>): Promise<ScannedPage> {
    const { entry, query } = scan
    const whole = compileList(query)
    let best: readonly Candidate[] = []
    let isCut = false
    await this.#eachSlice(scan, (rows, changed) => {
      const found: Candidate[] = []
      const compiled = compileList({ ...query, rows })
      const page = pageOf(compiled, query.limit, this.#context)
      for (const row of page.rows) {
        const { record } = entry.codec.decode(row, this.#context.tokenAt)
        found.push({ key: compiled.keyOf(row), record, length: lengthOf(row) })
      }
      for (const record of changed) {
        const key = sortKeyOf(whole.order, record)
        if (isBefore(whole, key)) continue
        found.push({ key, record, length: JSON.stringify(record.data).length })
      }
      const kept = this.#firstOf([...best, ...found], whole, query.limit)
      isCut ||= page.more || kept.length < best.length + found.length
      best = kept
    })
    const last = best.at(-1)
    const next = isCut && last !== undefined ? whole.cursorAt(last.key) : undefined
    // The token of a record is that of its last change: a scan is of `seq`, and no record is younger.
    return { records: best.map(({ record }) => record), next }
  }

  /** @throws OrionError `cancelled`, `too_large`; what `compileCount` throws. */
  async count(scan: Scan<CountQuery>): Promise<readonly Group[]> {
    const { query } = scan
    const { connection, limits } = this.#context
    const whole = compileCount(query)
    const groups = new Map<string, { readonly value: SqlValue; count: number }>()
    const add = (value: SqlValue, count: number): void => {
      const name = JSON.stringify(value)
      const group = groups.get(name)
      if (group !== undefined) group.count += count
      else if (groups.size >= limits.groupsMax) throw tooManyGroups(limits.groupsMax)
      else groups.set(name, { value, count })
    }
    await this.#eachSlice(scan, (rows, changed) => {
      const { sql, values } = compileCount({ ...query, rows })
      connection.prepare(sql).walk(values, (row) => {
        add(row.value ?? null, Number(row.count))
        return true
      })
      for (const record of changed) add(whole.valueOf(record), 1)
    })
    return [...groups.values()]
      .filter(({ count }) => count > 0)
      .sort((left, right) => right.count - left.count || compareValues(left.value, right.value))
      .map(({ value, count }) => ({ value: whole.groupValue({ value }), count }))
  }

  /** Hands out ranges of rows, each with the records in it that changed after the position and fitted at it. */
  async #eachSlice(
    { entry, query, seq, caller }: Scan<RecordQuery>,
    take: (rows: RowRange, changed: readonly Record[]) => void,
  ): Promise<void> {
    const fits = filterPredicate(parseFilter(entry.definition, query.where))
    const { connection, log, limits } = this.#context
    const hold = log.holdFloor(() => seq)
    try {
      const end = Number(
        connection.prepare(`SELECT max(row_id) AS row FROM ${quoteName(query.table)}`).get()?.row,
      )
      const slice = this.#turns.slice()
      for (let after = 0, size = rowsAtFirst; after < end; ) {
        const upTo = Math.min(after + size, end)
        const beganMs = performance.now()
        const changed = this.#changed(query, { after, upTo, seq })
        const wanted = changed.filter((record) => query.lifecycle.includes(record.lifecycle))
        take({ after, upTo, seq }, wanted.filter(fits))
        const tookMs = performance.now() - beganMs
        if (tookMs > limits.turnMaxMs / 2) size = Math.max(1, size >> 1)
        else if (tookMs < limits.turnMaxMs / 8) size *= 2
        after = upTo
        if (!slice.isOver) continue
        await slice.yield()
        if (caller.cancelled) throw new OrionError('cancelled', 'cancelled while reading', {})
      }
    } finally {
      hold.dispose()
    }
  }

  /** The records of a range that changed after a position, as they were at it. */
  #changed({ table, definition }: RecordQuery, { after, upTo, seq }: RowRange): Record[] {
    const sql = `SELECT id FROM ${quoteName(table)} WHERE row_id > ? AND row_id <= ? AND seq > ?`
    const rows = this.#context.connection.prepare(sql).all([after, upTo, seq])
    return rows.flatMap(({ id }) => {
      const key = { type: definition.name, id: String(id) }
      return this.#past.at(key, seq) ?? []
    })
  }

  /** The first of them, as many as one answer holds. */
  #firstOf(found: Candidate[], { order }: CompiledList, limit: number): readonly Candidate[] {
    found.sort((left, right) => compareSortKeys(order, left.key, right.key))
    const answer = new AnswerLength(this.#context.limits.answerMaxLength)
    const end = found.findIndex(({ length }, index) => index >= limit || !answer.takes(length))
    return end === -1 ? found : found.slice(0, end)
  }
}

/** The rows of a page, which may end before its limit, and whether there are more. */
export function pageOf(
  query: CompiledList,
  limit: number,
  { connection, limits }: StoreContext,
): { readonly rows: SqlRow[]; readonly more: boolean } {
  const answer = new AnswerLength(limits.answerMaxLength)
  const rows: SqlRow[] = []
  let more = false
  connection.prepare(query.sql).walk(query.values, (row) => {
    more = rows.length >= limit || !answer.takes(lengthOf(row))
    if (!more) rows.push(row)
    return !more
  })
  return { rows, more }
}

/** The error for a count with more groups than an answer may have. */
export function tooManyGroups(limit: number): OrionError {
  return new OrionError('too_large', `expected at most ${limit} groups, got more`, {
    limit,
    actual: limit + 1,
    remedy: 'group by a field with fewer values, or count with a filter',
  })
}

/** Few, and then twice as many each time: what a row costs is seen only while it is paid. */
const rowsAtFirst = 16

/** Whether a key lies on an earlier page. */
function isBefore({ order, afterKey }: CompiledList, key: SortKey): boolean {
  return afterKey !== undefined && compareSortKeys(order, key, afterKey) <= 0
}

function compareValues(left: SqlValue, right: SqlValue): number {
  if (left instanceof Uint8Array || right instanceof Uint8Array) return 0
  return compareSortValues(left, right)
}
