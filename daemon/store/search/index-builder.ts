/** Builds full-text indexes beside the daemon's other work, a slice in each transaction, and removes those that are over. */
import type { Limits } from '../../limits.ts'
import type { Log } from '../../log.ts'
import type { Connection } from '../engine/engine.ts'
import { recordTableName } from '../sql.ts'
import type { StoreContext } from '../store-context.ts'
import { quoteName } from '../tables.ts'
import type { WriteQueue } from '../write-queue.ts'
import { IndexStatements } from './index-tables.ts'
import type { NotedIndex, SearchIndexes } from './search-indexes.ts'

/** What the builder works with. */
export interface BuilderParts {
  readonly context: StoreContext
  readonly indexes: SearchIndexes
  readonly queue: WriteQueue
  readonly limits: Limits
  readonly log: Log
}

/** Does what is to be done for indexes, one thing after the other, as long as there is any. */
export class IndexBuilder {
  readonly #parts: BuilderParts
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #isClosed = false
  /** Those who wait for an index. */
  #waiting: (() => void)[] = []
  /** Rows that the present slice takes at a time. */
  #rows = rowsAtFirst

  constructor(parts: BuilderParts) {
    this.#parts = parts
    parts.indexes.onWork = (delayMs) => this.wake(delayMs)
  }

  /** Begins, or goes on, after a while. */
  wake(delayMs: number): void {
    if (this.#isClosed || this.#working !== undefined) return
    if (delayMs > 0 && this.#timer !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#begin(), delayMs).unref()
  }

  /** Resolves after the next piece of work, or after a while. */
  async progress(waitMaxMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMaxMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Resolves when a type has the index that it should have. */
  async isDone(type: string): Promise<void> {
    const isBuilding = (): boolean => this.#parts.indexes.of(type)?.next !== undefined
    while (isBuilding() && !this.#isClosed) await this.progress(retryMs)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#working
    this.#tell()
  }

  #begin(): void {
    this.#timer = undefined
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
    })
  }

  async #work(): Promise<void> {
    const { log } = this.#parts
    try {
      while (!this.#isClosed && (await this.#next())) this.#tell()
    } catch (error) {
      if (this.#isClosed) return
      log.warn('a search index could not be built; it is tried again', { reason: String(error) })
      setTimeout(() => this.wake(0), retryMs).unref()
    }
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Does one thing; false when there is none. */
  async #next(): Promise<boolean> {
    const { indexes, context } = this.#parts
    const all = indexes.noted()
    const building = all.find(({ state, type }) => state === 'building' && context.types.has(type))
    if (building !== undefined) return await this.#buildSlice(building)
    const dropped = all.find(({ state }) => state === 'dropped')
    if (dropped !== undefined) return await this.#dropSlice(dropped)
    const stale = all.find((index) => index.stale && index.state === 'used')
    if (stale === undefined) return false
    const { definition } = context.type(stale.type)
    await this.#alone(stale.type, () => indexes.build(definition, 0))
    return true
  }

  async #buildSlice(index: NotedIndex): Promise<boolean> {
    const { indexes, limits, log } = this.#parts
    const { connection } = this.#parts.context
    const statements = indexes.of(index.type)?.next ?? new IndexStatements(connection, index)
    const run = (): boolean => {
      let through = index.builtThrough
      const endMs = performance.now() + limits.turnMaxMs
      do {
        const upTo = this.#upTo(connection, index.type, through)
        if (upTo === undefined) {
          indexes.use(index)
          return true
        }
        const beganMs = performance.now()
        statements.addRange(through, upTo)
        through = upTo
        this.#pace(performance.now() - beganMs, limits.turnMaxMs)
      } while (performance.now() < endMs)
      indexes.setBuiltThrough(index.name, through)
      return false
    }
    if (index.builtThrough === 0) log.info('a search index is being built', { type: index.type })
    const isWhole = await this.#alone(index.type, run)
    if (isWhole) log.info('a search index is built', { type: index.type })
    return true
  }

  /** The words of a purged record are overwritten where they lie; a large index goes piece by piece. */
  async #dropSlice(index: NotedIndex): Promise<boolean> {
    const { indexes } = this.#parts
    const { connection } = this.#parts.context
    const isOwn = index.module === this.#parts.indexes.module
    const run = (): void => {
      connection.exec(`PRAGMA secure_delete = ${index.stale ? 'ON' : 'OFF'}`)
      const part = quoteName(`${index.name}_${index.module === 'fts4' ? 'segments' : 'data'}`)
      const sql = `DELETE FROM ${part} WHERE rowid IN (SELECT rowid FROM ${part} LIMIT ${piecesAtOnce})`
      const removed = isOwn ? connection.prepare(sql).run([]) : 0
      if (removed < piecesAtOnce) indexes.drop(index)
      connection.exec('PRAGMA secure_delete = OFF')
    }
    await this.#alone(index.type, run)
    return true
  }

  async #alone<T>(type: string, run: () => T): Promise<T> {
    const { indexes, queue } = this.#parts
    const committed = (): void => indexes.reload(type)
    return await queue.submit({ undo: 'nothing', alone: true, run, committed }, {})
  }

  /** The last of the next rows; undefined when there are none. */
  #upTo(connection: Connection, type: string, after: number): number | undefined {
    const table = quoteName(recordTableName(type))
    const sql = `SELECT max(row_id) AS row FROM
      (SELECT row_id FROM ${table} WHERE row_id > ? ORDER BY row_id LIMIT ?)`
    const row = connection.prepare(sql).get([after, this.#rows])?.row
    return typeof row === 'number' ? row : undefined
  }

  /** A few statements in a slice: each is as long as its rows are. */
  #pace(tookMs: number, turnMaxMs: number): void {
    if (tookMs > turnMaxMs / 2) this.#rows = Math.max(1, this.#rows >> 1)
    else if (tookMs < turnMaxMs / 8) this.#rows = Math.min(rowsAtMost, this.#rows * 2)
  }
}

const rowsAtFirst = 8
const rowsAtMost = 512
const retryMs = 5000
const piecesAtOnce = 200
