import type { SqlRow, SqlValue, Statement } from './engine.ts'
import { NativeStatement } from './native-statement.ts'
import type { SqliteHandle } from './sqlite-handle.ts'

const noValues: readonly SqlValue[] = []

/**
 * Prepared statements by their text, at most `statementsMax` of them; the one used longest ago
 * makes room.
 *
 * What `prepare` returns stays usable for as long as the connection is open: if its statement had
 * to go, the next call prepares it again. No statement goes during its use, because a use begins
 * and ends within one call.
 */
export class StatementCache {
  readonly #handle: SqliteHandle
  readonly #statementsMax: number
  readonly #entries = new Map<string, CachedStatement>()
  #uses = 0

  constructor(handle: SqliteHandle, statementsMax: number) {
    this.#handle = handle
    this.#statementsMax = statementsMax
  }

  /** How many statements are prepared now. */
  get size(): number {
    return this.#entries.size
  }

  prepare(sql: string): Statement {
    const known = this.#entries.get(sql)
    if (known !== undefined) return known
    const native = this.#makeNative(sql)
    const statement = new CachedStatement(this, native)
    this.#entries.set(sql, statement)
    return statement
  }

  /** The native statement for one that was dropped from the cache. */
  revive(dropped: CachedStatement): NativeStatement {
    const known = this.#entries.get(dropped.sql)
    if (known !== undefined) return known.native
    const native = this.#makeNative(dropped.sql)
    this.#entries.set(dropped.sql, dropped)
    return native
  }

  nextUse(): number {
    this.#uses += 1
    return this.#uses
  }

  /** Finalizes all statements. */
  clear(): void {
    for (const { native } of this.#entries.values()) native.finalize()
    this.#entries.clear()
  }

  #makeNative(sql: string): NativeStatement {
    this.#handle.assertOpen()
    const native = new NativeStatement(this.#handle, sql)
    native.lastUsed = this.nextUse()
    if (this.#entries.size >= this.#statementsMax) this.#dropOldest()
    return native
  }

  /**
   * A walk over all entries: dropping is rare, and so a use costs no more than a number written.
   */
  #dropOldest(): void {
    let oldest: CachedStatement | undefined
    for (const entry of this.#entries.values()) {
      if (oldest === undefined || entry.native.lastUsed < oldest.native.lastUsed) oldest = entry
    }
    if (oldest === undefined) return
    this.#entries.delete(oldest.sql)
    oldest.native.finalize()
  }
}

/** What users of a connection hold: a text, and its native statement while the cache has it. */
class CachedStatement implements Statement {
  native: NativeStatement
  readonly #cache: StatementCache

  constructor(cache: StatementCache, native: NativeStatement) {
    this.#cache = cache
    this.native = native
  }

  get sql(): string {
    return this.native.sql
  }

  get columns(): readonly string[] {
    return this.native.columns
  }

  run(values: readonly SqlValue[] = noValues): number {
    return this.#live().run(values)
  }

  get(values: readonly SqlValue[] = noValues): SqlRow | undefined {
    return this.#live().get(values)
  }

  all(values: readonly SqlValue[] = noValues): SqlRow[] {
    return this.#live().all(values)
  }

  walk(values: readonly SqlValue[], take: (row: SqlRow) => boolean): void {
    this.#live().walk(values, take)
  }

  #live(): NativeStatement {
    if (this.native.isFinalized) this.native = this.#cache.revive(this)
    this.native.lastUsed = this.#cache.nextUse()
    return this.native
  }
}
