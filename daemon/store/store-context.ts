/** What the parts of one open store share. */
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { OrionError } from '../../sdk/errors.ts'
import { type Instant, instantFromMicros } from '../../sdk/instant.ts'
import type { Token } from '../../sdk/model.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Connection } from './engine/engine.ts'
import type { EventLog } from './event-log.ts'
import type { IdempotencyAnswers } from './idempotency.ts'
import { OldShapes } from './old-shapes.ts'
import { RecordCache } from './record-cache.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import type { StoredRecord } from './row-codec.ts'
import type { SearchIndexes } from './search/search-indexes.ts'

/** Which store this is. */
export interface StoreIdentity {
  readonly storeId: string
  readonly epoch: string
}

/** The parts of one open store, for those that read and write records. */
export class StoreContext {
  readonly connection: Connection
  readonly identity: StoreIdentity
  readonly tokenAt: (seq: number) => Token
  readonly limits: Limits
  readonly log: EventLog
  readonly answers: IdempotencyAnswers
  readonly cache: RecordCache
  readonly search: SearchIndexes
  /** Record types by name; replaced entry by entry when a type changes. */
  readonly types = new Map<string, RecordTypeEntry>()
  readonly shapes = new OldShapes()
  /** Copies of record tables, by their names, with the types they are of: a migration makes them, or leaves them. */
  readonly copies = new Map<string, string>()
  /** Names of types that migrations have removed. */
  readonly retiredTypes = new Set<string>()
  readonly #clock: Clock
  #lastMicros: number
  /** The second of the last instant, since 1970, and the instant up to its fraction. */
  #second = -1
  #secondText = ''

  constructor(parts: {
    readonly connection: Connection
    readonly identity: StoreIdentity
    readonly tokenAt: (seq: number) => Token
    readonly limits: Limits
    readonly log: EventLog
    readonly answers: IdempotencyAnswers
    readonly search: SearchIndexes
    readonly clock: Clock
    /** The instant of the newest event: time never goes back behind it. */
    readonly lastMicros: number
  }) {
    this.connection = parts.connection
    this.identity = parts.identity
    this.tokenAt = parts.tokenAt
    this.limits = parts.limits
    this.log = parts.log
    this.answers = parts.answers
    this.search = parts.search
    this.cache = new RecordCache(parts.limits.recordCacheMaxBytes)
    this.log.onReset((type, id) => this.cache.drop(type, id))
    this.#clock = parts.clock
    this.#lastMicros = parts.lastMicros
  }

  /** The present instant, later than every one given before, even if the system's clock was set back. */
  nextInstant(): Instant {
    const micros = Math.max(this.#clock.nowMicros(), this.#lastMicros + 1)
    this.#lastMicros = micros
    const second = Math.floor(micros / 1_000_000)
    if (second !== this.#second) {
      this.#second = second
      this.#secondText = instantFromMicros(second * 1_000_000).slice(0, 20)
    }
    // Six digits of a second: most instants are of the same second as the one before.
    return `${this.#secondText}${String(1_000_000 + (micros - second * 1_000_000)).slice(1)}Z`
  }

  /** What `nextInstant` gave last, in microseconds since 1970. */
  get lastMicros(): number {
    return this.#lastMicros
  }

  /** @throws OrionError `unknown_type`. */
  type(name: string): RecordTypeEntry {
    const entry = this.types.get(name)
    if (entry !== undefined) return entry
    const meant = didYouMean(name, this.types.keys())
    throw new OrionError('unknown_type', `there is no record type ${JSON.stringify(name)}`, {
      type: name,
      ...(meant === undefined ? {} : { didYouMean: meant, remedy: `Did you mean ${meant}?` }),
    })
  }

  /** The record as it is in the open transaction, whatever its lifecycle. */
  read(entry: RecordTypeEntry, id: string): StoredRecord | undefined {
    const remembered = this.cache.get(entry.definition.name, id)
    if (remembered !== undefined) return remembered
    const stored = entry.read(this.connection, id, this.tokenAt)
    if (stored !== undefined) this.cache.put(stored)
    return stored
  }

  /** The last version and event of a purged record. */
  tombstone(
    type: string,
    id: string,
  ): { readonly version: number; readonly seq: number } | undefined {
    const row = this.connection
      .prepare('SELECT version, seq FROM tombstones WHERE type = ? AND id = ?')
      .get([type, id])
    return row === undefined ? undefined : { version: Number(row.version), seq: Number(row.seq) }
  }
}
