/**
 * Lists and counts over more rows than one turn of the event loop has time for. They are of one position although others
 * write between the slices: a row that was changed after it is taken from the log, as it was then.
 */
import { OrionError } from '../../sdk/errors.ts'
import { filterPredicate, type Predicate, sortKeyOf } from '../../sdk/filter/evaluate.ts'
import { compareSortKeys, compareSortValues, type SortKey } from '../../sdk/filter/order.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import type { Json } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import { AnswerLength, lengthOf } from './answer-length.ts'
import { BestRecords, type Candidate } from './best-records.ts'
import type { SqlRow, SqlValue } from './engine/engine.ts'
import type { SteppedRead } from './long-reads.ts'
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
import type { StoreContext } from './store-context.ts'
import { quoteName } from './tables.ts'

/** Records in their order, and where the list goes on. */
export interface ScannedPage {
  readonly records: readonly Record[]
  readonly next: string | undefined
  /** The position that they are as of. */
  readonly seq: number
}

/** The groups of a count, the largest first; one alone if there was nothing to group by. */
export interface ScannedGroups {
  readonly groups: readonly { readonly value: Json; readonly count: number }[]
  /** The position that they are as of. */
  readonly seq: number
}

/** Scans the tables of records, slice by slice. */
export class RecordScans {
  readonly #context: StoreContext
  readonly #past: PastRecords

  constructor(context: StoreContext, past: PastRecords) {
    this.#context = context
    this.#past = past
  }

  /** Begins to list as of the newest event. Its steps throw what `compileList` throws. */
  list(entry: RecordTypeEntry, query: ListQuery): SteppedRead<ScannedPage> {
    const { connection, tokenAt, limits } = this.#context
    const whole = compileList(query)
    const maxLength = limits.answerMaxLength
    const best = new BestRecords(whole.order, { limit: query.limit, maxLength })
    const slices = this.#slices(entry, query, (rows, changed) => {
      const found: Candidate[] = []
      let total = 0
      const { sql, values, keyOf } = compileList({ ...query, rows })
      connection.prepare(sql).walk(values, (row) => {
        const key = keyOf(row)
        if (best.isOut(key)) return false
        const length = lengthOf(row)
        found.push({ key, record: entry.codec.decode(row, tokenAt).record, length })
        total += length
        // Of two that are too long together one is dropped, which is what tells that there are more.
        return found.length < 2 || total <= maxLength
      })
      for (const record of changed) {
        const key = sortKeyOf(whole.order, record)
        const length = JSON.stringify(record.data).length
        if (!isBefore(whole, key)) found.push({ key, record, length })
      }
      return () => {
        for (const candidate of found) best.add(candidate)
      }
    })
    return steppedBy(slices, () => {
      const { records, nextKey } = best
      const next = nextKey === undefined ? undefined : whole.cursorAt(nextKey)
      return { records, next, seq: slices.seq }
    })
  }

  /** Begins to count as of the newest event. Its steps throw `too_large`, and what `compileCount` throws. */
  count(entry: RecordTypeEntry, query: CountQuery): SteppedRead<ScannedGroups> {
    const { connection, limits } = this.#context
    const whole = compileCount(query)
    const groups = new Map<SqlValue, number>()
    const add = (value: SqlValue, count: number): void => {
      const before = groups.get(value)
      if (before === undefined && groups.size >= limits.groupsMax) {
        throw tooManyGroups(limits.groupsMax)
      }
      groups.set(value, (before ?? 0) + count)
    }
    const slices = this.#slices(entry, query, (rows, changed) => {
      const { sql, values } = compileCount({ ...query, rows })
      const found: SqlRow[] = []
      connection.prepare(sql).walk(values, (row) => found.push(row) <= limits.groupsMax)
      return () => {
        for (const row of found) add(row.value ?? null, Number(row.count))
        for (const record of changed) add(whole.valueOf(record), 1)
      }
    })
    return steppedBy(slices, () => ({
      groups: [...groups]
        .filter(([, count]) => count > 0)
        .sort(([a, left], [b, right]) => right - left || compareValues(a, b))
        .map(([value, count]) => ({ value: whole.groupValue({ value }), count })),
      seq: slices.seq,
    }))
  }

  #slices(entry: RecordTypeEntry, query: RecordQuery, look: LookAt): Slices {
    return new Slices({ context: this.#context, past: this.#past, entry, query, look })
  }
}

/**
 * Looks at a range of rows, and at the records in it that changed after the position and fitted at it. It may have to
 * do so again with fewer of them, so what it found counts only when what it gives is called.
 */
type LookAt = (rows: RowRange, changed: readonly Record[]) => () => void

interface SliceParts {
  readonly context: StoreContext
  readonly past: PastRecords
  readonly entry: RecordTypeEntry
  readonly query: RecordQuery
  readonly look: LookAt
}

/** The slices of one table, as of the newest event when it begins. */
class Slices {
  readonly seq: number
  readonly #parts: SliceParts
  readonly #fits: Predicate
  readonly #hold: { dispose(): void }
  readonly #end: number
  /** Rows up to this one were looked at. */
  #after = 0
  #size = rowsAtFirst

  constructor(parts: SliceParts) {
    const { context, entry, query } = parts
    const seq = context.log.lastSeq
    this.seq = seq
    this.#parts = parts
    this.#fits = filterPredicate(parseFilter(entry.definition, query.where))
    const sql = `SELECT max(row_id) AS row FROM ${quoteName(query.table)}`
    this.#end = Number(context.connection.prepare(sql).get()?.row ?? 0)
    this.#hold = context.log.holdFloor(() => seq)
  }

  close(): void {
    this.#hold.dispose()
  }

  /** Looks at a slice, for about so long; tells whether that was the last. */
  step(turnMaxMs: number): boolean {
    if (this.#after >= this.#end) return true
    const { context, query, look } = this.#parts
    const rows = {
      after: this.#after,
      upTo: Math.min(this.#after + this.#size, this.#end),
      seq: this.seq,
    }
    const beganMs = performance.now()
    // One row is looked at however long it takes: less can't be done.
    const endMs = this.#size === 1 ? Number.POSITIVE_INFINITY : beganMs + turnMaxMs
    const changed = this.#changed(query, rows)
    let keep = (): void => {}
    const isWhole = context.connection.runUntil(endMs, () => {
      keep = look(rows, changed)
    })
    const tookMs = performance.now() - beganMs
    if (tookMs > turnMaxMs / 2) this.#size = Math.max(1, this.#size >> (isWhole ? 1 : 2))
    else if (tookMs < turnMaxMs / 8) this.#size *= 2
    if (!isWhole) return false
    keep()
    this.#after = rows.upTo
    return this.#after >= this.#end
  }

  /** The records of a range that changed after a position, as they were at it, if they fitted. */
  #changed(
    { table, definition, lifecycle }: RecordQuery,
    { after, upTo, seq }: RowRange,
  ): Record[] {
    const { context, past } = this.#parts
    const sql = `SELECT id FROM ${quoteName(table)} WHERE row_id > ? AND row_id <= ? AND seq > ?`
    return context.connection
      .prepare(sql)
      .all([after, upTo, seq])
      .flatMap(({ id }) => past.at({ type: definition.name, id: String(id) }, seq) ?? [])
      .filter((record) => lifecycle.includes(record.lifecycle) && this.#fits(record))
  }
}

function steppedBy<T>(slices: Slices, answer: () => T): SteppedRead<T> {
  return {
    step: (turnMaxMs) => (slices.step(turnMaxMs) ? answer() : undefined),
    close: () => slices.close(),
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
