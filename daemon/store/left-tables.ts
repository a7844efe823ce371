/** Removes the tables that migrations have replaced or did not finish, a little at a time. */
import type { Log } from '../log.ts'
import type { StoreContext } from './store-context.ts'
import { copyPrefix, leftPrefix } from './table-copy.ts'
import { quoteName } from './tables.ts'
import type { WriteQueue } from './write-queue.ts'

/** Removes tables one after the other, in transactions among the others. */
export class LeftTables {
  readonly #parts: { readonly context: StoreContext; readonly queue: WriteQueue; readonly log: Log }
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(parts: {
    readonly context: StoreContext
    readonly queue: WriteQueue
    readonly log: Log
  }) {
    this.#parts = parts
  }

  /** Finds what an earlier owner of the store has left, and begins to remove it. */
  open(): void {
    const { context } = this.#parts
    const rows = context.connection
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND (substr(name, 1, ?) = ? OR substr(name, 1, ?) = ?)",
      )
      .all([leftPrefix.length, leftPrefix, copyPrefix.length, copyPrefix])
    for (const { name } of rows) this.add(String(name))
  }

  /** Removes a table; a purge reaches into it until it is gone. */
  add(table: string): void {
    const [, type = ''] = table.split('_')
    this.#parts.context.copies.set(table, type)
    this.#running ??= this.#run()
  }

  /** Resolves when nothing is left to be removed. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Stops; what is left is removed when the store is opened again. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #run(): Promise<void> {
    const { context, queue, log } = this.#parts
    await new Promise(setImmediate)
    try {
      for (const table of this.#waiting()) {
        while (!this.#isClosed) {
          const isGone = await queue.submit({ undo: 'nothing', run: () => this.#remove(table) }, {})
          if (isGone) break
        }
        if (this.#isClosed) return
        context.copies.delete(table)
      }
    } catch (error) {
      log.debug('a table that is not needed was not removed', { reason: String(error) })
    } finally {
      this.#running = undefined
    }
  }

  /** Those that come while others are removed too. A copy that is being made is not to be removed. */
  *#waiting(): Iterable<string> {
    for (let found = this.#next(); found !== undefined; found = this.#next()) yield found
  }

  #next(): string | undefined {
    return [...this.#parts.context.copies.keys()].find((table) => !this.#kept.has(table))
  }

  readonly #kept = new Set<string>()

  /** Keeps a copy that is being made from being removed. */
  keep(table: string, type: string): void {
    this.#kept.add(table)
    this.#parts.context.copies.set(table, type)
  }

  /** The copy has taken the place of the record table. */
  release(table: string): void {
    this.#kept.delete(table)
    this.#parts.context.copies.delete(table)
  }

  /** The copy is not needed. */
  abandon(table: string): void {
    this.#kept.delete(table)
    this.add(table)
  }

  /** The values are overwritten, so that a later purge finds none of them in the file. */
  #remove(table: string): boolean {
    const { context } = this.#parts
    const { connection, limits } = context
    const exists = connection.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get([table])
    if (exists === undefined) return true
    const name = quoteName(table)
    const endMs = performance.now() + limits.turnMaxMs
    connection.exec('PRAGMA secure_delete = ON')
    try {
      const rows = connection.prepare(
        `DELETE FROM ${name} WHERE row_id IN (SELECT row_id FROM ${name} ORDER BY row_id LIMIT ${rowsAtOnce})`,
      )
      do {
        if (rows.run([]) > 0) continue
        connection.exec(`DROP TABLE ${name}`)
        return true
      } while (performance.now() < endMs)
      return false
    } finally {
      connection.exec('PRAGMA secure_delete = OFF')
    }
  }
}

const rowsAtOnce = 32
