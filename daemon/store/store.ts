/** Opens and closes a store, and is its face to the rest of the daemon. */
import { statSync } from 'node:fs'
import { OrionError } from '../../sdk/errors.ts'
import { formatToken, parseToken, type Token } from '../../sdk/model.ts'
import { jsonSchemaOf } from '../../sdk/record-schema.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import { backupStore } from './backup.ts'
import type { Connection, Engine } from './engine/engine.ts'
import { EventLog } from './event-log.ts'
import { prepareFormat } from './format.ts'
import { IdempotencyAnswers } from './idempotency.ts'
import { NamedPositions } from './named-positions.ts'
import { PastRecords } from './past-records.ts'
import { reachSeq } from './reach-seq.ts'
import { compileRecordFilter } from './record-filter.ts'
import { RecordReads } from './record-reads.ts'
import { Retention } from './retention.ts'
import { SnapshotReads } from './snapshot-reads.ts'
import { createSqlCompiler, recordTableName, type SqlCompiler } from './sql.ts'
import { storageError } from './storage-error.ts'
import type { Caller, StoreApi, StoreStatus } from './store-api.ts'
import { StoreContext } from './store-context.ts'
import { isRestoredBackup, loadIdentity, newEpoch, newestInstant, readMeta } from './store-meta.ts'
import { settleInPlace } from './store-place.ts'
import { quoteName } from './tables.ts'
import { tokensOf } from './tokens.ts'
import { TypeRegistry } from './type-registry.ts'
import { WriteQueue } from './write-queue.ts'
import { WriteRequests } from './write-requests.ts'

/** What a store is opened with. The caller holds the owner lock. */
export interface StoreOptions {
  /** Absolute path of the database file. */
  readonly path: string
  readonly engine: Engine
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  /** Types that are there from the first day: defined, or extended, before anybody asks. */
  readonly bundledTypes: readonly RecordTypeDefinition[]
  /** Record types whose history outlives their events, and for how long. */
  readonly historyKeptMs?: Readonly<Record<string, number>>
  /** The store went back to an earlier state: tokens given before are of another epoch. */
  readonly beginEpoch?: boolean
  /** Told when a sync failed: only opening the store again tells what is stored. */
  readonly onFailure?: (failure: Error) => void
}

/**
 * Opens a store, creating it if need be, and recovers what a crash left.
 *
 * @throws OrionError `storage_failed`, `storage_full`: what is wrong with the file and what to do.
 */
export async function openStore(options: StoreOptions): Promise<StoreApi> {
  const connection = openConnection(options)
  try {
    prepareFormat(connection)
    const placement = settleInPlace(connection)
    if (placement !== 'same') options.log.warn('the store has another file', { placement })
    if (options.beginEpoch || isRestoredBackup(connection)) newEpoch(connection)
    const store = new Store(options, connection)
    await store.defineBundled(options.bundledTypes)
    // What a crashed daemon left in the log may be in the kernel's memory alone: it is served only from disk.
    await connection.sync()
    return store
  } catch (error) {
    connection.close()
    throw storageError(error, options.path)
  }
}

function openConnection({ engine, path, limits }: StoreOptions): Connection {
  try {
    return engine.open(path, {
      syncMode: 'grouped',
      cacheKib: limits.pageCacheKib,
      statementsMax: limits.statementsMax,
    })
  } catch (error) {
    throw storageError(error, path)
  }
}

/** One open store. */
class Store implements StoreApi {
  readonly log: EventLog
  readonly #options: StoreOptions
  readonly #connection: Connection
  readonly #context: StoreContext
  readonly #queue: WriteQueue
  readonly #registry: TypeRegistry
  readonly #writes: WriteRequests
  readonly #reads: RecordReads
  readonly #past: PastRecords
  readonly #snapshots: SnapshotReads
  readonly positions: NamedPositions
  readonly #retention: Retention
  readonly #housekeeping: NodeJS.Timeout
  #lastBackup: StoreStatus['lastBackup']
  #closing: Promise<void> | undefined

  constructor(options: StoreOptions, connection: Connection) {
    const { limits, log, clock } = options
    const compiler = createSqlCompiler()
    const identity = loadIdentity(connection)
    const tokenAt = tokensOf(identity)
    this.#options = options
    this.#connection = connection
    this.log = new EventLog({
      connection,
      compiler,
      tokenAt,
      tailMaxEvents: limits.logTailMaxEvents,
      tailMaxBytes: limits.logTailMaxBytes,
      floorSeq: Number(readMeta(connection, 'floorSeq') ?? 0),
    })
    const answers = new IdempotencyAnswers(connection, compiler)
    const lastMicros = newestInstant(connection)
    this.#context = new StoreContext({
      connection,
      identity,
      tokenAt,
      limits,
      log: this.log,
      answers,
      clock,
      lastMicros,
    })
    const { onFailure = () => {} } = options
    this.#queue = new WriteQueue({ connection, events: this.log, limits, log, onFailure })
    this.#registry = this.#loadTypes(compiler)
    this.#writes = new WriteRequests(this.#context, this.#queue)
    const waitFor = (token: Token, caller: Caller): Promise<void> => this.waitFor(token, caller)
    this.#reads = new RecordReads({ context: this.#context, queue: this.#queue, waitFor })
    this.#past = new PastRecords(this.#context)
    this.#snapshots = new SnapshotReads(this.#context, this.#past)
    const { positionsMax, positionsKeptMs } = limits
    const { epoch } = identity
    const queue = this.#queue
    this.positions = new NamedPositions({
      connection,
      queue,
      clock,
      epoch,
      positionsMax,
      positionsKeptMs,
    })
    this.#retention = new Retention({
      connection,
      queue,
      events: this.log,
      positions: this.positions,
      clock,
      limits,
      log,
      historyKeptMs: options.historyKeptMs ?? {},
    })
    this.#housekeeping = setInterval(() => void this.#forgetOldAnswers(), housekeepingMs).unref()
  }

  #loadTypes(compiler: SqlCompiler): TypeRegistry {
    const registry = new TypeRegistry(this.#context, compiler)
    registry.load()
    return registry
  }

  get storeId(): string {
    return this.#context.identity.storeId
  }

  get epoch(): string {
    return this.#context.identity.epoch
  }

  token(): Token {
    return this.tokenAt(this.log.durableSeq)
  }

  floor(): Token {
    return this.tokenAt(this.log.floorSeq)
  }

  tokenAt(seq: number): Token {
    return this.#context.tokenAt(seq)
  }

  seqOf(token: Token): number | 'epoch' {
    const position = parseToken(token)
    if (position === undefined || position.storeId !== this.storeId) {
      const problem = position === undefined ? 'is no token' : 'is a token of another store'
      throw new OrionError('token_invalid', `${JSON.stringify(token)} ${problem}`, {
        remedy: 'Use a token that an answer or an event of this store carried.',
      })
    }
    return position.epoch === this.epoch ? position.seq : 'epoch'
  }

  async waitFor(token: Token, caller: Caller): Promise<void> {
    const seq = this.seqOf(token)
    if (seq === 'epoch') {
      throw new OrionError('token_invalid', 'the token is of an earlier epoch of this store', {
        remedy: 'The store was restored or copied: read again without `atLeast`.',
      })
    }
    if (seq <= this.log.durableSeq) return
    await reachSeq(this.log, seq, caller)
  }

  readonly get: StoreApi['get'] = (params, caller) => this.#reads.get(params, caller)
  readonly getMany: StoreApi['getMany'] = (params, caller) => this.#reads.getMany(params, caller)
  readonly list: StoreApi['list'] = (params, caller) => this.#reads.list(params, caller)
  readonly count: StoreApi['count'] = (params, caller) => this.#reads.count(params, caller)
  readonly history: StoreApi['history'] = (params, caller) => this.#reads.history(params, caller)
  readonly create: StoreApi['create'] = (params, caller) => this.#writes.create(params, caller)
  readonly update: StoreApi['update'] = (params, caller) => this.#writes.update(params, caller)
  readonly delete: StoreApi['delete'] = (params, caller) => this.#writes.delete(params, caller)
  readonly restore: StoreApi['restore'] = (params, caller) => this.#writes.restore(params, caller)
  readonly archive: StoreApi['archive'] = (params, caller) => this.#writes.archive(params, caller)
  readonly purge: StoreApi['purge'] = (params, caller) => this.#writes.purge(params, caller)
  readonly transact: StoreApi['transact'] = (params, caller) =>
    this.#writes.transact(params, caller)
  readonly import: StoreApi['import'] = (params, caller) => this.#writes.import(params, caller)
  readonly publish: StoreApi['publish'] = (params, caller) => this.#writes.publish(params, caller)

  /** Defines types in transactions of their own; reads and writes use them once they are on disk. */
  defineType: StoreApi['defineType'] = async ({ definition, dryRun }, caller) => {
    const { entry, changes } = await this.#queue.submit(
      {
        undo: dryRun ? 'always' : 'on-refusal',
        alone: true,
        ...(caller === daemonCaller ? {} : { waitMaxMs: this.#context.limits.writeWaitMaxMs }),
        run: () => this.#registry.define(definition),
        committed: (outcome) => {
          if (!dryRun) this.#registry.adopt(outcome.entry)
        },
      },
      caller,
    )
    return {
      name: entry.definition.name,
      schemaVersion: entry.schemaVersion,
      changes: [...changes],
      changed: changes.length > 0,
    }
  }

  async defineBundled(definitions: readonly RecordTypeDefinition[]): Promise<void> {
    for (const definition of definitions) {
      const known = this.#context.types.get(definition.name)
      if (JSON.stringify(known?.definition) === JSON.stringify(definition)) continue
      await this.defineType({ definition }, daemonCaller)
    }
  }

  listTypes: StoreApi['listTypes'] = async ({ count, only }) => {
    const all = [...this.#context.types.values()]
    const told = all.filter(({ definition }) => only?.has(definition.name) ?? true)
    const types = told.map(({ definition, schemaVersion }) => ({
      name: definition.name,
      schemaVersion,
      ...(definition.description === undefined ? {} : { description: definition.description }),
      ...(count ? { count: this.#countAll(definition.name) } : {}),
    }))
    await this.#queue.onDisk(this.log.lastSeq)
    return { types: types.sort((a, b) => (a.name < b.name ? -1 : 1)) }
  }

  #countAll(type: string): number {
    const table = quoteName(recordTableName(type))
    const row = this.#connection
      .prepare(`SELECT count(*) AS count FROM ${table} WHERE lifecycle = 'active'`)
      .get()
    return Number(row?.count ?? 0)
  }

  getType(name: string): ReturnType<StoreApi['getType']> {
    const { definition, schemaVersion } = this.#context.type(name)
    const { description, fields, indexes } = definition
    return {
      name: definition.name,
      schemaVersion,
      ...(description === undefined ? {} : { description }),
      fields: JSON.parse(JSON.stringify(fields)),
      ...(indexes === undefined ? {} : { indexes: indexes.map((index) => [...index]) }),
      jsonSchema: jsonSchemaOf(definition),
    }
  }

  typeDefinition(name: string): RecordTypeDefinition | undefined {
    return this.#context.types.get(name)?.definition
  }

  typeNames(): readonly string[] {
    return [...this.#context.types.keys()]
  }

  readonly recordFilter: StoreApi['recordFilter'] = (type, where) =>
    compileRecordFilter(this.#context.type(type).definition, where, this.#past)

  readonly readSnapshot: StoreApi['readSnapshot'] = (request) => this.#snapshots.read(request)

  async backup(path: string | undefined, signal?: AbortSignal): ReturnType<StoreApi['backup']> {
    const at = this.#context.nextInstant()
    const { connection } = this.#context
    const made = await backupStore({
      connection,
      queue: this.#queue,
      path,
      at,
      ...(signal === undefined ? {} : { signal }),
    })
    this.#lastBackup = { path: made.path, at }
    return { ...made, token: this.token() }
  }

  async compact(before: Token | undefined): ReturnType<StoreApi['compact']> {
    const seq = before === undefined ? undefined : this.seqOf(before)
    if (seq === 'epoch' || (seq ?? 0) > this.log.durableSeq) {
      throw new OrionError('token_invalid', 'before: expected a position that this store has had', {
        remedy: 'Use a token that an answer or an event of this store carried.',
      })
    }
    const { floorSeq, deleted } = await this.#retention.compact(seq)
    return { floor: this.tokenAt(floorSeq), deleted }
  }

  status(): StoreStatus {
    const { engine, path } = this.#options
    const { state, failure } = this.#queue
    return {
      store: {
        path,
        storeId: this.storeId,
        epoch: this.epoch,
        sizeBytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
        logPages: this.#connection.walPages(),
        state: state === 'ready' ? 'ready' : state === 'failed' ? 'failed' : 'closed',
        ...(failure === undefined ? {} : { problem: failure.message }),
      },
      engine: {
        name: engine.name,
        sqliteVersion: engine.sqliteVersion,
        durability:
          'each answer after fdatasync of the write-ahead log, one for all writes that wait',
      },
      queue: this.#queue.counts,
      positions: this.positions.list().map(({ principal, name, epoch, seq, inUse }) => ({
        principal,
        name,
        token: formatToken({ storeId: this.storeId, epoch, seq }),
        inUse,
      })),
      ...(this.#lastBackup === undefined ? {} : { lastBackup: this.#lastBackup }),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#housekeeping)
    await Promise.all([this.#queue.close(), this.#retention.close()])
    if (this.#queue.state !== 'failed') {
      await this.#connection.checkpoint().catch((error: unknown) => {
        this.#options.log.warn(
          'the last checkpoint failed; the log is replayed at the next start',
          {
            reason: String(error),
          },
        )
      })
    }
    this.#connection.close()
  }

  /** Slice by slice, so that writes go between. */
  async #forgetOldAnswers(): Promise<void> {
    const { clock, limits, log } = this.#options
    const second = Math.floor((clock.nowMicros() / 1000 - limits.idempotencyKeptMs) / 1000)
    const run = (): boolean => this.#context.answers.forgetBefore(second, answersLookedAtAtOnce)
    try {
      while (!(await this.#queue.submit({ undo: 'nothing', run }, {}))) {}
    } catch (error) {
      log.debug('old answers were not forgotten', { reason: String(error) })
    }
  }
}

const housekeepingMs = 60 * 60_000
const answersLookedAtAtOnce = 500

/** Who defines the bundled types. */
const daemonCaller: Caller = { principal: 'daemon', client: 'orion', mayRead: () => true }
