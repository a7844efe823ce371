/** Every bound of the daemon, with its unit. `initialize` tells clients the ones that concern them. */

import { idMaxBytes } from '../sdk/model.ts'
import { operationsMax, pageMax } from '../sdk/protocol/records.ts'
import { patternsMax } from '../sdk/protocol/subscriptions.ts'
import { fieldsMax } from '../sdk/record-type.ts'

/** The bounds; a test or a configuration may give others. */
export interface Limits {
  readonly headerMaxBytes: number
  /** Frame bodies before `initialize` is answered. */
  readonly bodyBeforeHandshakeMaxBytes: number
  readonly bodyMaxBytes: number
  readonly nestingMax: number
  readonly requestsInFlightMax: number
  readonly handshakeMaxMs: number
  /** Handshakes of one connection that may fail for want of a token, challenges included; then it is closed. */
  readonly handshakeTriesMax: number
  /** How long the answer to a wrong token takes. */
  readonly wrongTokenDelayMs: number
  /** Access tokens of the store, those that have ended included as long as there is room. */
  readonly tokensMax: number
  readonly connectionsMax: number
  readonly subscriptionsPerConnectionMax: number
  /** Subscriptions of all connections together. */
  readonly subscriptionsMax: number
  readonly patternsMax: number
  readonly patternMaxLength: number
  /** JSON text of one record's data. */
  readonly recordMaxBytes: number
  readonly payloadMaxBytes: number
  readonly idMaxBytes: number
  readonly fieldsMax: number
  readonly pageMax: number
  readonly operationsMax: number
  readonly recordTypesMax: number
  /** Writes that wait for their transaction. */
  readonly writeQueueMax: number
  /** Writes of one transaction of the store. */
  readonly groupMax: number
  /** Longest sync that the event loop waits for instead of giving it to another thread. */
  readonly blockingSyncMaxMs: number
  /** How long an idempotency key is kept. */
  readonly idempotencyKeptMs: number
  /** Events kept in memory for subscribers that keep up. */
  readonly logTailMaxEvents: number
  readonly logTailMaxBytes: number
  /** How long each event is served at least. */
  readonly eventsKeptMs: number
  /** How many of the newest events are served at least. */
  readonly eventsKept: number
  /** Most events that are kept, for whatever reason; also those that a subscriber has yet to read. */
  readonly eventsHeldMax: number
  /** How often the log is compacted. */
  readonly compactEveryMs: number
  /** Named positions of the store. */
  readonly positionsMax: number
  /** How long a named position that nobody uses is kept. */
  readonly positionsKeptMs: number
  /** Pages in the write-ahead log that start a checkpoint. */
  readonly checkpointPages: number
  readonly pageCacheKib: number
  readonly statementsMax: number
  /** Records kept decoded, so that what is read or written often is not fetched each time. */
  readonly recordCacheMaxBytes: number
  /** Without connection or work the daemon ends after this long; 0 means never. */
  readonly idleExitMs: number
  /** How long a clean end waits for work under way. */
  readonly drainMaxMs: number
  readonly bookmarkEveryMs: number
  /** How often the daemon looks whether it can be found and still owns its store; else it ends. */
  readonly selfCheckEveryMs: number
  /** Length of the daemon's log that starts a new one; one older log is kept. */
  readonly logFileMaxBytes: number
}

/** The bounds of a daemon that nobody configured. */
export const defaultLimits: Limits = {
  headerMaxBytes: 8 * 1024,
  bodyBeforeHandshakeMaxBytes: 64 * 1024,
  bodyMaxBytes: 16 * 1024 * 1024,
  nestingMax: 200,
  requestsInFlightMax: 1024,
  handshakeMaxMs: 5_000,
  handshakeTriesMax: 4,
  wrongTokenDelayMs: 250,
  tokensMax: 1000,
  connectionsMax: 512,
  subscriptionsPerConnectionMax: 1024,
  subscriptionsMax: 65_536,
  patternsMax,
  patternMaxLength: 256,
  recordMaxBytes: 1024 * 1024,
  payloadMaxBytes: 1024 * 1024,
  idMaxBytes,
  fieldsMax,
  pageMax,
  operationsMax,
  recordTypesMax: 1000,
  writeQueueMax: 10_000,
  groupMax: 512,
  blockingSyncMaxMs: 2,
  idempotencyKeptMs: 48 * 60 * 60 * 1000,
  logTailMaxEvents: 4096,
  logTailMaxBytes: 16 * 1024 * 1024,
  eventsKeptMs: 7 * 24 * 60 * 60 * 1000,
  eventsKept: 100_000,
  eventsHeldMax: 1_000_000,
  compactEveryMs: 60_000,
  positionsMax: 1000,
  positionsKeptMs: 7 * 24 * 60 * 60 * 1000,
  checkpointPages: 2000,
  pageCacheKib: 16 * 1024,
  statementsMax: 256,
  recordCacheMaxBytes: 8 * 1024 * 1024,
  idleExitMs: 10 * 60 * 1000,
  drainMaxMs: 5_000,
  bookmarkEveryMs: 10_000,
  selfCheckEveryMs: 3_000,
  logFileMaxBytes: 4 * 1024 * 1024,
}
