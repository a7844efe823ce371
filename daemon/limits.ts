/** Every bound of the daemon, with its unit. `initialize` tells clients the ones that concern them. */

import {
  filterContainsMaxLength,
  filterDepthMax,
  filterPartsMax,
  filterValuesMax,
} from '../sdk/filter/parse-filter.ts'
import { idMaxBytes } from '../sdk/model.ts'
import { operationsMax, pageMax } from '../sdk/protocol/records.ts'
import { idempotencyKeyMaxLength } from '../sdk/protocol/schemas.ts'
import { alternativesMax, patternMaxLength, patternsMax } from '../sdk/protocol/subscriptions.ts'
import { fieldsMax } from '../sdk/record-type.ts'

/** The bounds; a test or a configuration may give others. */
export interface Limits {
  /** Header of a frame, its empty line included. */
  readonly headerMaxBytes: number
  /** Frame bodies before `initialize` is answered. */
  readonly bodyBeforeHandshakeMaxBytes: number
  /** Frame bodies in either direction afterwards. */
  readonly bodyMaxBytes: number
  /** Levels of objects and lists in a message; the message itself is the first. */
  readonly nestingMax: number
  /** JSON values in one message to the daemon: itself, and what its objects and lists hold at any depth. */
  readonly valuesMax: number
  /** Requests of one connection that are not answered yet. */
  readonly requestsInFlightMax: number
  /** How long a connection may take to shake hands. */
  readonly handshakeMaxMs: number
  /** Handshakes of one connection that may fail for want of a token, challenges included; then it is closed. */
  readonly handshakeTriesMax: number
  /** How long the answer to a wrong token takes. */
  readonly wrongTokenDelayMs: number
  /** Access tokens of the store, those that have ended included as long as there is room. */
  readonly tokensMax: number
  /** Connections; one that has not shaken hands gives way to a newer one. */
  readonly connectionsMax: number
  /** Subscriptions of one connection. */
  readonly subscriptionsPerConnectionMax: number
  /** Subscriptions of all connections together. */
  readonly subscriptionsMax: number
  /** Patterns of one subscription, or of one `event/list`. */
  readonly patternsMax: number
  /** Characters of one pattern. */
  readonly patternMaxLength: number
  /** Alternatives that the braces of those patterns make in all; a pattern without braces is one. */
  readonly alternativesMax: number
  /** Levels of `and`, `or` and `not` in a filter, the outermost object included. */
  readonly filterDepthMax: number
  /** Fields, operators and groups of a filter, all levels together. */
  readonly filterPartsMax: number
  /** Values of all `in` and `notIn` of a filter. */
  readonly filterValuesMax: number
  /** Characters that all `contains` of a filter look for inside of texts. */
  readonly filterContainsMaxLength: number
  /** JSON text of one record's data. */
  readonly recordMaxBytes: number
  /** JSON text of the payload of a client's own event. */
  readonly payloadMaxBytes: number
  /** UTF-8 text of a record's id. */
  readonly idMaxBytes: number
  /** Text of an idempotency key, in characters. */
  readonly idempotencyKeyMaxLength: number
  /** Fields of a record type, those of nested objects included. */
  readonly fieldsMax: number
  /** Indexes of a record type: fields that are unique or indexed, and those over several fields. */
  readonly indexesMax: number
  /** JSON text of a record type's definition. */
  readonly definitionMaxBytes: number
  /** Records, versions or events of one page, and keys of one `record/getMany`. */
  readonly pageMax: number
  /** Text of the records in one answer, in characters: a page ends there, and says where it goes on. */
  readonly answerMaxLength: number
  /** Records that one answer looks up because references name them (`expand`). */
  readonly expandedMax: number
  /** Groups of one count. */
  readonly groupsMax: number
  /** Characters of a search's query. */
  readonly searchQueryMaxLength: number
  /** Words of a search's query; of Korean, Japanese and Chinese, pairs of characters. */
  readonly searchWordsMax: number
  /** Records with the words that begin as one search asks, counted for each word by itself. */
  readonly searchPrefixRecordsMax: number
  /** Levels of parentheses in a search's query. */
  readonly searchDepthMax: number
  /** Operations of one transaction, and records of one import. */
  readonly operationsMax: number
  /** JSON text of all records that one transaction writes. */
  readonly transactionMaxBytes: number
  /** Records that one record names by its references; a request may add and take away twice as many in all. */
  readonly referencesMax: number
  /** Steps of matching a request's texts against the patterns of their fields. */
  readonly matchStepsMax: number
  /** Record types of the store. */
  readonly recordTypesMax: number
  /** Writes that wait for their transaction. */
  readonly writeQueueMax: number
  /** How long a write may wait for its transaction. */
  readonly writeWaitMaxMs: number
  /** Writes of one transaction of the store. */
  readonly groupMax: number
  /** How long a transaction of the store takes more writes: the others wait for the next one. */
  readonly groupMaxMs: number
  /** How long a read or a sweep goes on before everybody else has a turn. */
  readonly turnMaxMs: number
  /** Lists and counts that are read in slices at the same time; the others wait. */
  readonly scansMax: number
  /** Longest sync that the event loop waits for instead of giving it to another thread. */
  readonly blockingSyncMaxMs: number
  /** How long an idempotency key is kept. */
  readonly idempotencyKeptMs: number
  /** Events kept in memory for subscribers that keep up. */
  readonly logTailMaxEvents: number
  /** What those events may take. */
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
  /** SQLite's page cache. */
  readonly pageCacheKib: number
  /** Prepared statements that are kept. */
  readonly statementsMax: number
  /** Records kept decoded, so that what is read or written often is not fetched each time. */
  readonly recordCacheMaxBytes: number
  /** Without connection or work the daemon ends after this long; 0 means never. */
  readonly idleExitMs: number
  /** How long a clean end waits for work under way. */
  readonly drainMaxMs: number
  /** How often a quiet subscription is told its position. */
  readonly bookmarkEveryMs: number
  /** How often the daemon looks whether it can be found and still owns its store; else it ends. */
  readonly selfCheckEveryMs: number
  /** Length of the daemon's log that starts a new one; one older log is kept. */
  readonly logFileMaxBytes: number
  /** How long after the last backup the next one is made, if something has changed; 0 means never. */
  readonly backupEveryMs: number
  /** How many of the newest backups of each reason are kept beside the store. */
  readonly backupsMax: number
  /** How long an action may take to say what it would do. */
  readonly actionMaxMs: number
  /** How often proposals whose time is over are looked for; whoever acts on one is told at once. */
  readonly proposalsLookedAtEveryMs: number
  /** Plugins of the store. */
  readonly pluginsMax: number
  /** How long a plugin may take from its start until it serves. */
  readonly pluginStartMaxMs: number
  /** How long a plugin may take to end when it is asked to; then it is ended. */
  readonly pluginStopMaxMs: number
  /** How often a plugin is asked whether it still answers; one that has not answered by the next time is ended. */
  readonly pluginAskedEveryMs: number
  /** JavaScript values of a plugin. */
  readonly pluginHeapMaxKib: number
  /** Memory of a plugin's process, where the system tells it. */
  readonly pluginMemoryMaxBytes: number
  /** Calls of one plugin, for hooks and actions, that are not answered yet. */
  readonly pluginCallsMax: number
  /** Requests of one plugin that are not answered yet. */
  readonly pluginRequestsInFlightMax: number
  /** The pause before a plugin that crashed is started again; it doubles with each crash. */
  readonly pluginRestartMs: number
  /** Crashes of a plugin within `pluginCrashesWithinMs` that disable it. */
  readonly pluginCrashesMax: number
  /** The time in which crashes of a plugin are counted together. */
  readonly pluginCrashesWithinMs: number
  /** What a plugin may write to its log in a second; the rest is left out, and counted. */
  readonly pluginLogPerSecondMaxBytes: number
  /** Length of a plugin's log that starts a new one; one older log is kept. */
  readonly pluginLogFileMaxBytes: number
  /** How long a hook may take to say something about a write. */
  readonly hookMaxMs: number
  /** How often a write is shown to its hooks again because its record has changed meanwhile. */
  readonly hookRoundsMax: number
  /** Events of plugins that may follow from one another, each the cause of the next. */
  readonly causeDepthMax: number
}

/**
 * Bounds that are part of the protocol: both sides check them by the same declaration, so that no configuration
 * changes them.
 */
export const fixedLimits: ReadonlySet<keyof Limits> = new Set([
  'patternsMax',
  'patternMaxLength',
  'alternativesMax',
  'filterDepthMax',
  'filterPartsMax',
  'filterValuesMax',
  'filterContainsMaxLength',
  'idMaxBytes',
  'idempotencyKeyMaxLength',
  'fieldsMax',
  'pageMax',
])

/** The bounds of a daemon that nobody configured. */
export const defaultLimits: Limits = {
  headerMaxBytes: 8 * 1024,
  bodyBeforeHandshakeMaxBytes: 64 * 1024,
  bodyMaxBytes: 16 * 1024 * 1024,
  nestingMax: 200,
  valuesMax: 100_000,
  requestsInFlightMax: 1024,
  handshakeMaxMs: 5_000,
  handshakeTriesMax: 4,
  wrongTokenDelayMs: 250,
  tokensMax: 1000,
  connectionsMax: 512,
  subscriptionsPerConnectionMax: 1024,
  subscriptionsMax: 65_536,
  patternsMax,
  patternMaxLength,
  alternativesMax,
  filterDepthMax,
  filterPartsMax,
  filterValuesMax,
  filterContainsMaxLength,
  recordMaxBytes: 1024 * 1024,
  payloadMaxBytes: 1024 * 1024,
  idMaxBytes,
  idempotencyKeyMaxLength,
  fieldsMax,
  indexesMax: 64,
  definitionMaxBytes: 128 * 1024,
  pageMax,
  answerMaxLength: 4 * 1024 * 1024,
  expandedMax: 1000,
  groupsMax: 1000,
  searchQueryMaxLength: 2000,
  searchWordsMax: 64,
  searchPrefixRecordsMax: 250_000,
  searchDepthMax: 8,
  operationsMax,
  transactionMaxBytes: 16 * 1024 * 1024,
  referencesMax: 10_000,
  matchStepsMax: 1_000_000,
  recordTypesMax: 1000,
  writeQueueMax: 10_000,
  writeWaitMaxMs: 10_000,
  groupMax: 512,
  groupMaxMs: 25,
  turnMaxMs: 10,
  scansMax: 4,
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
  backupEveryMs: 24 * 60 * 60 * 1000,
  backupsMax: 7,
  actionMaxMs: 10_000,
  proposalsLookedAtEveryMs: 60_000,
  pluginsMax: 32,
  pluginStartMaxMs: 10_000,
  pluginStopMaxMs: 2_000,
  pluginAskedEveryMs: 10_000,
  pluginHeapMaxKib: 256 * 1024,
  pluginMemoryMaxBytes: 512 * 1024 * 1024,
  pluginCallsMax: 64,
  pluginRequestsInFlightMax: 256,
  pluginRestartMs: 500,
  pluginCrashesMax: 3,
  pluginCrashesWithinMs: 5 * 60 * 1000,
  pluginLogPerSecondMaxBytes: 64 * 1024,
  pluginLogFileMaxBytes: 1024 * 1024,
  hookMaxMs: 2_000,
  hookRoundsMax: 3,
  causeDepthMax: 16,
}
