/** Positions that last: how far a named subscriber has handled the log, kept in the store. */
import { OrionError } from '../../sdk/errors.ts'
import type { Clock } from '../clock.ts'
import type { Connection } from './engine/engine.ts'
import type { NamedPosition, PositionOwner, StorePositions } from './store-api.ts'
import type { WriteQueue } from './write-queue.ts'

/** What named positions are made of. */
export interface NamedPositionsParts {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly clock: Clock
  /** The present life of the log. */
  readonly epoch: string
  readonly positionsMax: number
  /** How long a position that nobody uses is kept. */
  readonly positionsKeptMs: number
}

/** All of them are in memory too: there are few, and compaction asks for the lowest. */
export class NamedPositions implements StorePositions {
  readonly #parts: NamedPositionsParts
  readonly #positions = new Map<string, NamedPosition & PositionOwner & { readonly at: number }>()
  /** Ends the use of a position by the one who has it. */
  readonly #users = new Map<string, () => void>()

  constructor(parts: NamedPositionsParts) {
    this.#parts = parts
    const rows = parts.connection.prepare('SELECT * FROM positions').all()
    for (const row of rows) {
      const owner = { principal: String(row.principal), name: String(row.name) }
      const position = { epoch: String(row.epoch), seq: Number(row.seq), at: Number(row.at_ms) }
      this.#positions.set(keyOf(owner), { ...owner, ...position })
    }
  }

  find(owner: PositionOwner): NamedPosition | undefined {
    return this.#positions.get(keyOf(owner))
  }

  async keep(owner: PositionOwner, seq: number): Promise<number> {
    const { connection, queue, epoch, positionsMax } = this.#parts
    const key = keyOf(owner)
    // The time of the request, not that of its commit: a late one would give it a longer life.
    const at = this.#nowMs()
    const run = (): number => {
      const known = this.#positions.get(key)
      if (known === undefined && this.#positions.size >= positionsMax) throw tooMany(positionsMax)
      const { principal, name } = owner
      // From the table: another write of the same batch may have moved it already.
      const row = connection.prepare(current).get([principal, name, epoch])
      const newest = Math.max(Number(row?.seq ?? seq), seq)
      connection.prepare(put).run([principal, name, epoch, newest, at])
      return newest
    }
    const committed = (newest: number): void => {
      this.#positions.set(key, { ...owner, epoch, seq: newest, at })
    }
    return queue.submit({ undo: 'nothing', run, committed }, {})
  }

  use(owner: PositionOwner, onTaken: () => void): { dispose(): void } {
    const key = keyOf(owner)
    const before = this.#users.get(key)
    this.#users.set(key, onTaken)
    before?.()
    return {
      dispose: () => {
        if (this.#users.get(key) !== onTaken) return
        this.#users.delete(key)
        const position = this.#positions.get(key)
        if (position === undefined) return
        // Its time to live begins now. If that can't be stored any more, it began when it was last moved.
        this.#positions.set(key, { ...position, at: this.#nowMs() })
        this.keep(owner, position.seq).catch(() => {})
      },
    }
  }

  list(): readonly (NamedPosition & PositionOwner & { readonly inUse: boolean })[] {
    return [...this.#positions].map(([key, { principal, name, epoch, seq }]) => ({
      principal,
      name,
      epoch,
      seq,
      inUse: this.#users.has(key),
    }))
  }

  /** What compaction may not pass: the lowest position; without any, more than every position. */
  get lowestSeq(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const { epoch, seq } of this.#positions.values()) {
      if (epoch === this.#parts.epoch) lowest = Math.min(lowest, seq)
    }
    return lowest
  }

  /** Forgets the positions that nobody has used for too long; those in use begin a new time to live. */
  async expire(): Promise<void> {
    const before = this.#nowMs() - this.#parts.positionsKeptMs
    const due = [...this.#positions].filter(([, { at }]) => at < before)
    for (const [key, { principal, name, seq }] of due) {
      if (this.#users.has(key)) await this.keep({ principal, name }, seq)
      else await this.#forget(key, { principal, name })
    }
  }

  async #forget(key: string, { principal, name }: PositionOwner): Promise<void> {
    const { connection, queue } = this.#parts
    const run = (): number => connection.prepare(remove).run([principal, name])
    const committed = (): void => void this.#positions.delete(key)
    await queue.submit({ undo: 'nothing', run, committed }, {})
  }

  #nowMs(): number {
    return Math.floor(this.#parts.clock.nowMicros() / 1000)
  }
}

const put =
  'INSERT OR REPLACE INTO positions (principal, name, epoch, seq, at_ms) VALUES (?, ?, ?, ?, ?)'
const current = 'SELECT seq FROM positions WHERE principal = ? AND name = ? AND epoch = ?'
const remove = 'DELETE FROM positions WHERE principal = ? AND name = ?'

/** Neither principals nor names hold a line break. */
function keyOf({ principal, name }: PositionOwner): string {
  return `${principal}\n${name}`
}

function tooMany(limit: number): OrionError {
  return new OrionError('too_large', `the store has ${limit} named positions already`, {
    limit,
    actual: limit + 1,
    remedy: 'use fewer names; one that nobody uses is forgotten after its time to live',
  })
}
