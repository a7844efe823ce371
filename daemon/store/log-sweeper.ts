/** Deletes what is below the floor of the log and no state at the floor needs. */
import type { Connection, SqlValue } from './engine/engine.ts'
import { readMeta, writeMeta } from './store-meta.ts'
import type { WriteQueue } from './write-queue.ts'

/**
 * Sweeps a stretch of the log at a time, as writes among the others: each stretch and how far the sweep got are one
 * transaction, so that a crash loses neither.
 */
export class LogSweeper {
  readonly #connection: Connection
  readonly #queue: WriteQueue
  readonly #turnMaxMs: number
  /** Seqs of the next stretch: rows of a megabyte take a thousand times as long as most. */
  #stretch = 1

  /** @param turnMaxMs - About how long a stretch may take. */
  constructor(connection: Connection, queue: WriteQueue, turnMaxMs: number) {
    this.#connection = connection
    this.#queue = queue
    this.#turnMaxMs = turnMaxMs
  }

  /**
   * Deletes old versions of records, and below the common bound also clients' own events and what is left of purged
   * records.
   *
   * @param bounds - By record type, up to where; under `undefined` for every type that is not named.
   * @returns How many rows were deleted.
   */
  async sweep(
    bounds: ReadonlyMap<string | undefined, number>,
    isStopped: () => boolean,
  ): Promise<number> {
    let deleted = 0
    const named = [...bounds.keys()].filter((type) => type !== undefined)
    for (const [type, bound] of bounds) {
      const except = type === undefined ? named : []
      for (let from = this.#sweptTo(type); from < bound && !isStopped(); ) {
        const to = Math.min(from + this.#stretch, bound)
        const stage = { type, except, from, to }
        deleted += await this.#queue.submit(
          { undo: 'nothing', run: () => this.#inTime(() => this.#sweepStretch(stage)) },
          {},
        )
        from = to
      }
    }
    return deleted
  }

  /** Makes the next stretch longer or shorter by the time that this one takes. */
  #inTime(sweep: () => number): number {
    const startedMs = performance.now()
    const deleted = sweep()
    const tookMs = performance.now() - startedMs
    if (tookMs > this.#turnMaxMs) this.#stretch = Math.max(1, this.#stretch >> 2)
    else if (tookMs < this.#turnMaxMs / 4) this.#stretch = Math.min(stretchMax, this.#stretch * 2)
    return deleted
  }

  #sweptTo(type: string | undefined): number {
    return Number(readMeta(this.#connection, sweptKey(type)) ?? 0)
  }

  #sweepStretch({ type, except, from, to }: Stretch): number {
    const ofType = type === undefined ? excluding(except) : 'AND new.type = ?'
    const values: SqlValue[] = type === undefined ? [...except] : [type]
    let deleted = this.#connection
      .prepare(
        `DELETE FROM log WHERE seq IN (
           WITH RECURSIVE old (at) AS (
             SELECT new.previous_seq FROM log AS new
             WHERE new.previous_seq IS NOT NULL AND new.seq > ? AND new.seq <= ? ${ofType}
             UNION
             SELECT log.previous_seq FROM old JOIN log ON log.seq = old.at WHERE log.previous_seq IS NOT NULL
           ) SELECT at FROM old)`,
      )
      .run([from, to, ...values])
    if (type === undefined) deleted += this.#connection.prepare(others).run([from, to])
    writeMeta(this.#connection, sweptKey(type), String(to))
    return deleted
  }
}

interface Stretch {
  readonly type: string | undefined
  readonly except: readonly string[]
  readonly from: number
  readonly to: number
}

/** Most seqs of a stretch. */
const stretchMax = 256

/** The newest row stays: it tells the seq and the instant that the next one comes after. */
const others = `DELETE FROM log WHERE seq > ? AND seq <= ? AND (type IS NULL OR op = 'purged')
  AND seq < (SELECT max(seq) FROM log)`

function excluding(types: readonly string[]): string {
  return types.length === 0 ? '' : `AND new.type NOT IN (${types.map(() => '?').join(', ')})`
}

function sweptKey(type: string | undefined): string {
  return type === undefined ? 'sweptSeq' : `sweptSeq:${type}`
}
