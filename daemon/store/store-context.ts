/** What the parts of one open store share. */
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { OrionError } from '../../sdk/errors.ts'
import { type Instant, instantFromMicros } from '../../sdk/instant.ts'
import { formatToken, type Token } from '../../sdk/model.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Connection } from './engine/engine.ts'
import type { EventLog } from './event-log.ts'
import type { IdempotencyAnswers } from './idempotency.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import type { StoredRecord } from './row-codec.ts'

/** Which store this is. */
export interface StoreIdentity {
  readonly storeId: string
  readonly epoch: string
}

/** The parts of one open store, for those that read and write records. */
export class StoreContext {
  readonly connection: Connection
  readonly identity: StoreIdentity
  readonly limits: Limits
  readonly log: EventLog
  readonly answers: IdempotencyAnswers
  /** Record types by name; replaced entry by entry when a type changes. */
  readonly types = new Map<string, RecordTypeEntry>()
  readonly #clock: Clock
  #lastMicros: number

  constructor(parts: {
    readonly connection: Connection
    readonly identity: StoreIdentity
    readonly limits: Limits
    readonly log: EventLog
    readonly answers: IdempotencyAnswers
    readonly clock: Clock
    /** The instant of the newest event: time never goes back behind it. */
    readonly lastMicros: number
  }) {
    this.connection = parts.connection
    this.identity = parts.identity
    this.limits = parts.limits
    this.log = parts.log
    this.answers = parts.answers
    this.#clock = parts.clock
    this.#lastMicros = parts.lastMicros
  }

  /** The present instant, later than every one given before, even if the system's clock was set back. */
  nextInstant(): Instant {
    this.#lastMicros = Math.max(this.#clock.nowMicros(), this.#lastMicros + 1)
    return instantFromMicros(this.#lastMicros)
  }

  readonly tokenAt = (seq: number): Token => formatToken({ ...this.identity, seq })

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
    return entry.read(this.connection, id, this.tokenAt)
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
