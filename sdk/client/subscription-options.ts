import type { JsonObject } from '../json.ts'
import type { Operation, Token } from '../model.ts'
import type { RecordType } from '../record-type.ts'
import type { Where } from './where.ts'

/** What a subscription may be told. */
export interface SubscriptionOptions {
  /**
   * Where to begin: with what comes from now on (the default), after a token, or with the records there are. A
   * snapshot gives each record as a synthetic event, whatever its lifecycle, and then what follows, without a hole.
   */
  readonly from?: 'now' | 'snapshot' | Token
  /** How much of each event to send; by default the record as of that event. */
  readonly include?: 'none' | 'changes' | 'record'
  /** `coalesce` sends only the latest event of each record to a reader that is behind. */
  readonly policy?: 'park' | 'coalesce'
  /** Most events in one message; a transaction is not split for it. */
  readonly windowEvents?: number
  /**
   * A named position lasts beyond this client: the next subscription with the name goes on after what this one has
   * handled, wherever it asks to begin. What was being handled when the program ended comes again. One subscription has
   * a name at a time; the one before ends.
   */
  readonly name?: string
  /** Takes patterns that match no topic known so far. */
  readonly allowUnknown?: boolean
  /** Events that wait here for a slow reader before the rest is left to the log; 1000 unless said otherwise. */
  readonly queueMaxEvents?: number
  /** Ends the subscription. */
  readonly signal?: AbortSignal
  /**
   * `none`: nothing is read in the place of events that can't be served any more, for who only wants to know that something
   * changed. Every pattern then counts as `lost`, so that `onGap` has to be there. `snapshot` unless said otherwise.
   */
  readonly repair?: 'snapshot' | 'none'
  /**
   * Called in its place among the events when some can't be served any more. What they did to records is told by
   * synthetic events that follow. If the gap has `lost` patterns, then without this function it ends the subscription
   * with a `GoneError`, because going on in silence would hide a hole.
   */
  readonly onGap?: (gap: Gap) => void | Promise<void>
  /** Called when the events before the start are all delivered, and after each reconnect. */
  readonly onSynced?: (token: Token) => void | Promise<void>
}

/** Options of a subscription to the records of one type. */
export interface RecordSubscriptionOptions<T extends RecordType> extends SubscriptionOptions {
  /** Only events of records that fit before or after; they say which by `match`. */
  readonly where?: Where<T>
  /** Only these; all of them when left out. */
  readonly operations?: readonly Operation[]
}

/** Options of a subscription to patterns. */
export interface PatternSubscriptionOptions extends SubscriptionOptions {
  /** A filter as it travels; the patterns must then be of one record type. */
  readonly where?: JsonObject
}

/** Options of a subscription, whatever it is to. */
export interface AnySubscriptionOptions extends SubscriptionOptions {
  readonly where?: object
  readonly operations?: readonly Operation[]
}

/** Options of a handler. */
export interface HandlerOptions {
  /**
   * Told what the handler throws, and why the subscription ended if it did so by itself; there is no event then. The
   * next event is delivered all the same. Without it the process emits a warning.
   */
  readonly onError?: (error: unknown, event: unknown) => void
}

/** Events before a position can't be served any more. */
export interface Gap {
  /** Compacted away, or of another life of the log. */
  readonly reason: 'compacted' | 'epoch'
  /** The oldest position that is still served. */
  readonly floor: Token
  /** Where the subscription goes on, if no snapshot repairs it. */
  readonly token: Token
  /** Patterns that topics of clients' own may match: events of those are missing for good. */
  readonly lost: readonly string[]
}
