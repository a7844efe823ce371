/** A log in memory, for tests of the events part alone. */
import type { EventSource } from '../../daemon/events/event-source.ts'
import type { SnapshotRequest, SnapshotSlice, StoreLog } from '../../daemon/store/store-api.ts'
import {
  type Event,
  formatToken,
  type Record,
  type Seq,
  type Token,
  type Version,
} from '../../sdk/model.ts'

/** Appends at once, as if on disk; tests decide when it grows and what is compacted. */
export class MemoryLog implements EventSource, StoreLog {
  readonly #events: Event[] = []
  readonly #listeners = new Set<(seq: Seq) => void>()
  readonly #types: readonly string[]
  floorSeq = 0
  /** The lowest position that is still needed, as the bus tells it. */
  held: () => number = () => Number.POSITIVE_INFINITY
  readonly snapshots: SnapshotRequest[] = []
  /** How often it was read. */
  reads = 0

  constructor(types: readonly string[] = ['Note', 'Tally']) {
    this.#types = types
  }

  get log(): StoreLog {
    return this
  }

  get durableSeq(): number {
    return this.#events.length
  }

  typeNames(): readonly string[] {
    return this.#types
  }

  tokenAt(seq: number): Token {
    return formatToken({ storeId: 'memory', epoch: 'test', seq })
  }

  /** One transaction with an event for each topic; what it says is as long as asked. */
  append(topics: readonly string[], textLength = 1): void {
    const txn = (this.#events.length + 1) as Seq
    for (const topic of topics) this.#events.push(this.#event({ topic, txn, textLength }))
    for (const listener of this.#listeners) listener(this.durableSeq as Seq)
  }

  readEvents(after: number, limit: number): readonly Event[] {
    this.reads++
    let end = Math.min(after + limit, this.#events.length)
    const split = this.#events[end]?.txn
    if (split !== undefined) {
      while (end > after && this.#events[end - 1]?.txn === split) end--
      if (end <= after) while (this.#events[end]?.txn === split) end++
    }
    return this.#events.slice(after, end)
  }

  onDurable(listener: (seq: Seq) => void): { dispose(): void } {
    this.#listeners.add(listener)
    return { dispose: () => this.#listeners.delete(listener) }
  }

  holdFloor(lowestSeq: () => number): { dispose(): void } {
    this.held = lowestSeq
    return { dispose: () => {} }
  }

  /** No records: what is tested here is the order of the messages. */
  readSnapshot(request: SnapshotRequest): SnapshotSlice {
    this.snapshots.push(request)
    return { records: [], afterRow: undefined }
  }

  #event(parts: { topic: string; txn: Seq; textLength: number }): Event {
    const seq = (this.#events.length + 1) as Seq
    const token = this.tokenAt(seq)
    const [type = '', op] = parts.topic.split('.')
    const base = { seq, txn: parts.txn, topic: parts.topic, actor, at, token }
    const text = 'x'.repeat(parts.textLength)
    if (!this.#types.includes(type)) return { ...base, payload: text }
    const record: Record = {
      type,
      id: `id${seq}`,
      version: 1 as Version,
      createdAt: at,
      createdBy: 'owner',
      updatedAt: at,
      updatedBy: 'owner',
      lifecycle: 'active',
      token,
      data: { text },
    }
    const operation = op === 'updated' ? 'updated' : 'created'
    return { ...base, type, id: record.id, op: operation, changedFields: ['text'], record }
  }
}

const actor = { principal: 'owner', client: 'test/1' }
const at = '2026-11-22T09:30:12.000000Z'
