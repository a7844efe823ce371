/** An open store: its parts, and its face to the rest of the daemon. */
import { statSync } from 'node:fs'
import { OrionError } from '../../sdk/errors.ts'
import { formatToken, parseToken, type Token } from '../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { Backups } from './backups.ts'
import type { Connection } from './engine/engine.ts'
import { EventLog } from './event-log.ts'
import { IdempotencyAnswers } from './idempotency.ts'
import { IdentityKeeper } from './identity-keeper.ts'
import { LeftTables } from './left-tables.ts'
import { LongReads } from './long-reads.ts'
import { NamedPositions } from './named-positions.ts'
import { PastRecords } from './past-records.ts'
import { reachSeq } from './reach-seq.ts'
import { rebuildDerived } from './rebuild.ts'
import { compileRecordFilter } from './record-filter.ts'
import { RecordReads } from './record-reads.ts'
import { RecordScans } from './record-scan.ts'
import { Retention } from './retention.ts'
import { SearchIndexes } from './search/search-indexes.ts'
import { StoreSearch } from './search/store-search.ts'
import { SnapshotReads } from './snapshot-reads.ts'
import { createSqlCompiler } from './sql.ts'
import type { Caller, StoreApi, StoreStatus } from './store-api.ts'
import { StoreContext } from './store-context.ts'
import { loadIdentity, newestInstant, readMeta } from './store-meta.ts'
import type { StoreOptions } from './store-options.ts'
import { tokensOf } from './tokens.ts'
import { TypeRegistry } from './type-registry.ts'
import { TypeRequests } from './type-requests.ts'
import { WriteQueue } from './write-queue.ts'
import { WriteRequests } from './write-requests.ts'

/** One open store. */
export class Store implements StoreApi {
  readonly log: EventLog
  readonly #options: StoreOptions
  readonly #connection: Connection
  readonly #context: StoreContext
  readonly #queue: WriteQueue
  readonly #types: TypeRequests
  readonly #writes: WriteRequests
  readonly #reads: RecordReads
  readonly #search: StoreSearch
  readonly #past: PastRecords
  readonly #snapshots: SnapshotReads
  readonly positions: NamedPositions
  readonly identity: IdentityKeeper
  readonly backups: Backups
  readonly #retention: Retention
  readonly #housekeeping: NodeJS.Timeout
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
      search: new SearchIndexes(connection, options.engine.fullText),
      clock,
      lastMicros,
    })
    const { onFailure = () => {} } = options
    this.#queue = new WriteQueue({ connection, events: this.log, limits, log, onFailure })
    const registry = new TypeRegistry(this.#context, compiler)
    registry.load()
    this.#writes = new WriteRequests(this.#context, this.#queue)
    const waitFor = (token: Token, caller: Caller): Promise<void> => this.waitFor(token, caller)
    this.#past = new PastRecords(this.#context)
    const longReads = new LongReads(limits)
    const shared = { context: this.#context, queue: this.#queue, longReads, waitFor }
    this.#reads = new RecordReads({ ...shared, scans: new RecordScans(this.#context, this.#past) })
    this.#search = new StoreSearch({ ...shared, log })
    this.#snapshots = new SnapshotReads(this.#context, this.#past)
    const { positionsMax, positionsKeptMs } = limits
    const { epoch } = identity
    const queue = this.#queue
    const named = { connection, queue, clock, epoch, positionsMax, positionsKeptMs }
    this.positions = new NamedPositions(named)
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
    this.identity = new IdentityKeeper({
      connection,
      queue,
      events: this.log,
      identity,
      memory: options.memory,
    })
    this.backups = this.#openBackups()
    this.#types = this.#openTypes(registry, longReads)
    this.#housekeeping = setInterval(() => void this.#forgetOldAnswers(), housekeepingMs).unref()
  }

  #openTypes(registry: TypeRegistry, longReads: LongReads): TypeRequests {
    const { log, bundledTypes } = this.#options
    return new TypeRequests({
      context: this.#context,
      queue: this.#queue,
      registry,
      backups: this.backups,
      left: new LeftTables({ context: this.#context, queue: this.#queue, log }),
      log,
      bundled: bundledTypes,
      interruptReads: () => longReads.interrupt(),
      count: async (type, caller) => (await this.count({ type }, caller)).count,
    })
  }

  #openBackups(): Backups {
    const { clock, limits, log, verifyCopy, onWork = () => {} } = this.#options
    return new Backups({
      connection: this.#connection,
      queue: this.#queue,
      events: this.log,
      nextInstant: () => this.#context.nextInstant(),
      clock,
      limits,
      log,
      verify: verifyCopy,
      onChange: onWork,
    })
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
  readonly search: StoreApi['search'] = (params, caller) => this.#search.search(params, caller)
  readonly history: StoreApi['history'] = (params, caller) => this.#reads.history(params, caller)
  readonly explain: StoreApi['explain'] = (params, caller) => this.#reads.explain(params, caller)
  readonly blame: StoreApi['blame'] = (params, caller) => this.#reads.blame(params, caller)
  readonly referrers: StoreApi['referrers'] = (params, caller) =>
    this.#reads.referrers(params, caller)
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
  readonly manage: StoreApi['manage'] = (request, caller) => this.#writes.manage(request, caller)
  readonly tryOut: StoreApi['tryOut'] = (run, caller) => this.#writes.tryOut(run, caller)

  readonly defineType: StoreApi['defineType'] = (params, caller) =>
    this.#types.define(params, caller)
  readonly migrateType: StoreApi['migrateType'] = (params, caller, onProgress) =>
    this.#types.migrate(params, caller, onProgress)
  readonly typeHistory: StoreApi['typeHistory'] = (params) => this.#types.history(params)
  readonly listTypes: StoreApi['listTypes'] = (params, caller) => this.#types.list(params, caller)

  getType(name: string): ReturnType<StoreApi['getType']> {
    return this.#types.get(name)
  }

  /** Defines the types that come with Orion, and begins to clear away what migrations have left. */
  async begin(): Promise<void> {
    await this.#types.begin()
  }

  typeDefinition(name: string): RecordTypeDefinition | undefined {
    return this.#context.types.get(name)?.definition
  }

  typeNames(): readonly string[] {
    return [...this.#context.types.keys()]
  }

  readonly recordFilter: StoreApi['recordFilter'] = (type, where) =>
    compileRecordFilter(() => this.#context.type(type).definition, where, this.#past)

  readonly readSnapshot: StoreApi['readSnapshot'] = (request) => this.#snapshots.read(request)

  async backup(path: string | undefined, signal?: AbortSignal): ReturnType<StoreApi['backup']> {
    const made = await this.backups.make(path, 'asked', signal)
    return { path: made.path, sizeBytes: made.sizeBytes, token: this.tokenAt(made.seq) }
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

  readonly rebuild: StoreApi['rebuild'] = (what) =>
    rebuildDerived({ context: this.#context, queue: this.#queue, search: this.#search }, what)

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
      log: {
        seq: this.log.durableSeq,
        floorSeq: this.log.floorSeq,
        events: this.log.durableSeq - this.log.floorSeq,
      },
      ...this.#backupStatus(),
    }
  }

  #backupStatus(): Pick<StoreStatus, 'lastBackup' | 'backups'> {
    const { last, problem } = this.backups
    const { backupEveryMs, backupsMax } = this.#options.limits
    return {
      ...(last === undefined ? {} : { lastBackup: last }),
      backups: {
        everyMs: backupEveryMs,
        kept: backupsMax,
        running: this.backups.isRunning,
        next: this.backups.next(),
        ...(problem === undefined ? {} : { problem }),
      },
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#housekeeping)
    this.#reads.close()
    // The queue at once: what comes from here on is refused, also while a backup ends.
    const parts = [this.#queue, this.backups, this.#retention, this.#search, this.#types]
    await Promise.all(parts.map((part) => part.close()))
    this.identity.close()
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
