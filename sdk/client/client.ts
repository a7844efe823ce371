import type { Json, JsonObject } from '../json.ts'
import type { Event } from '../model.ts'
import type { ParamsOf, RequestDefinition, ResultOf } from '../protocol/define.ts'
import { ListEvents, PublishEvent } from '../protocol/events.ts'
import type { InitializeResult } from '../protocol/handshake.ts'
import { Transact, type TransactOperation } from '../protocol/records.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import { type BulkOptions, type BulkResult, sendInBulk } from './bulk.ts'
import type { Caller, CallOptions } from './caller.ts'
import { type EventStream, handleEach, type Subscription } from './event-stream.ts'
import { type GapRepair, GapRepairs, wholeRepair } from './gap-repair.ts'
import type { LiveQuery } from './live-query.ts'
import { openLiveQuery } from './open-live-query.ts'
import { isRecordType, openStream, patternsOf } from './open-stream.ts'
import type {
  FoundPage,
  LiveQueryOptions,
  RecordWaitOptions,
  WaitOptions,
  WideSearchOptions,
} from './queries.ts'
import { Repository } from './repository.ts'
import { searchRecords } from './search.ts'
import type { SessionKeeper } from './session-keeper.ts'
import type { SubscriptionHub } from './subscription-hub.ts'
import type {
  AnySubscriptionOptions,
  HandlerOptions,
  PatternSubscriptionOptions,
  RecordSubscriptionOptions,
} from './subscription-options.ts'
import { Transaction, type TransactResult } from './transaction.ts'
import type { TypeDefiner } from './type-definer.ts'
import {
  checkType,
  type MigratedType,
  type MigrateOptions,
  type MigrationResult,
  migrateType,
  type TypeCheck,
} from './type-migrator.ts'
import { waitForEvent } from './wait-for.ts'
import type { Where } from './where.ts'
import { type WriteOptions, wireOptions } from './write-options.ts'

/**
 * A program's way to one store. It outlives connections and daemons: what is asked of it is sent again after a lost
 * connection, writes with a key that makes repeating safe, and subscriptions go on where they were.
 *
 * Every method rejects with an `OrionError`, of the class that belongs to its kind.
 */
export class Client implements AsyncDisposable {
  readonly #keeper: SessionKeeper
  readonly #caller: Caller
  readonly #hub: SubscriptionHub
  readonly #definer: TypeDefiner
  readonly #repairs: GapRepairs
  #closing: Promise<void> | undefined

  /** Made by `connect`. */
  constructor(parts: ClientParts) {
    this.#keeper = parts.keeper
    this.#caller = parts.caller
    this.#hub = parts.hub
    this.#definer = parts.definer
    this.#repairs = new GapRepairs(parts.caller)
  }

  /** What the daemon said in the newest handshake: store, epoch, principal, scopes, limits. */
  get server(): InitializeResult {
    const session = this.#keeper.newest
    if (session === undefined) throw new Error('expected a client that has been connected')
    return session.welcome
  }

  /** Whether there is a connection now. Requests wait for one if not. */
  get connected(): boolean {
    return this.#keeper.session !== undefined
  }

  /** The records of a type, with its static types. */
  repository<T extends RecordType>(type: T): Repository<T> {
    return new Repository(type, { caller: this.#caller, definer: this.#definer })
  }

  /**
   * Searches the records of many types by their words, the best first. Words are all looked for; `OR` makes one enough, `-`
   * before a word means that it must not be there, quotes hold a phrase together, `*` stands for any ending.
   *
   * @throws OrionError `invalid_request` when nothing is looked for, `too_large` for a query that is too long.
   */
  async search<T extends RecordType = RecordType>(
    query: string,
    options: WideSearchOptions<T> = {},
  ): Promise<FoundPage<T>> {
    return await searchRecords({ caller: this.#caller, definer: this.#definer }, query, options)
  }

  /** Collects writes that happen wholly or not at all. */
  transaction(): Transaction {
    return new Transaction({ caller: this.#caller, definer: this.#definer })
  }

  /** Does several operations wholly or not at all, given as they travel; `transaction` has them typed. */
  async transact(
    work: Pick<ParamsOf<typeof Transact>, 'operations' | 'guards'>,
    options: WriteOptions = {},
  ): Promise<TransactResult> {
    return await this.#caller.call(Transact, { ...wireOptions(options), ...work }, options)
  }

  /**
   * Sends many operations, given as they travel, in transactions that follow one another closely; each stands or falls by
   * itself. `repository.createMany` has creations typed.
   *
   * @throws the error of the first that fails; `data.operation` is its index, `data.done` how many stand.
   */
  async bulk(
    operations: Iterable<TransactOperation> | AsyncIterable<TransactOperation>,
    options: BulkOptions = {},
  ): Promise<BulkResult> {
    return await sendInBulk(this.#caller, operations, options)
  }

  /** Puts an event of the program's own into the log, such as `Build.finished`. */
  async publish(
    topic: string,
    payload?: Json,
    options: WriteOptions = {},
  ): Promise<ResultOf<typeof PublishEvent>> {
    return await this.#caller.call(
      PublishEvent,
      { ...wireOptions(options), topic, payload },
      options,
    )
  }

  /** A page of events after a position; with `waitMs` it waits for the first one. */
  async events(
    query: ParamsOf<typeof ListEvents> = {},
    options: CallOptions = {},
  ): Promise<ResultOf<typeof ListEvents>> {
    const timeoutMs = options.timeoutMs ?? this.#caller.timeoutMs + (query.waitMs ?? 0)
    return await this.#caller.call(ListEvents, query, { ...options, timeoutMs })
  }

  /**
   * Opens a subscription for one `for await` loop. Resolves when it is open: what is committed from now on is in it.
   *
   * @throws OrionError if the daemon refuses the patterns.
   */
  async subscribe<T extends RecordType>(
    type: T,
    options?: RecordSubscriptionOptions<T>,
  ): Promise<EventStream<RecordData<T>>>
  async subscribe(
    patterns: string | readonly string[],
    options?: PatternSubscriptionOptions,
  ): Promise<EventStream>
  async subscribe(
    what: RecordType | string | readonly string[],
    options: AnySubscriptionOptions = {},
  ): Promise<EventStream<JsonObject>> {
    return await this.#stream(what, options)
  }

  /**
   * Calls a handler for each event, one at a time, in order; the next one waits until its promise is settled.
   * Resolves when the subscription is open.
   */
  async on<T extends RecordType>(
    type: T,
    handler: (event: Event<RecordData<T>>) => void | Promise<void>,
    options?: RecordSubscriptionOptions<T> & HandlerOptions,
  ): Promise<Subscription>
  async on(
    patterns: string | readonly string[],
    handler: (event: Event) => void | Promise<void>,
    options?: PatternSubscriptionOptions & HandlerOptions,
  ): Promise<Subscription>
  async on(
    what: RecordType | string | readonly string[],
    handler: (event: Event<never>) => void | Promise<void>,
    options: AnySubscriptionOptions & HandlerOptions = {},
  ): Promise<Subscription> {
    const stream: EventStream<never> = await this.#stream(what, options)
    void handleEach(stream, handler, options.onError)
    return stream
  }

  /**
   * Opens a result set that is always current: at its `token` it is what a list of the same query answers. Resolves
   * when the set is there.
   *
   * @throws OrionError `invalid_request` for a filter or an order that the type does not have.
   */
  async liveQuery<T extends RecordType>(
    type: T,
    options: LiveQueryOptions<T> = {},
  ): Promise<LiveQuery<T>> {
    const repository = this.repository(type)
    const parts = { hub: this.#hub, caller: this.#caller, definer: this.#definer, repository }
    return await openLiveQuery(parts, options)
  }

  /**
   * Waits for the first event of some patterns, from now on or after a position. With `where` its record fits. An event
   * that can't be served any more is told by a synthetic one, if a record says that there was one.
   *
   * @throws TimeoutError when the time runs out first; GoneError when it can't be known whether it came.
   */
  async waitFor<T extends RecordType>(
    type: T,
    where?: Where<T>,
    options?: RecordWaitOptions,
  ): Promise<Event<RecordData<T>>>
  async waitFor(
    patterns: string | readonly string[],
    where?: JsonObject,
    options?: WaitOptions,
  ): Promise<Event>
  async waitFor(
    what: RecordType | string | readonly string[],
    where?: object,
    options: RecordWaitOptions = {},
  ): Promise<Event> {
    const { after, timeoutMs, allowUnknown, operations } = options
    const asked: AnySubscriptionOptions = {
      ...(after && { from: after }),
      ...(where && { where }),
      ...(allowUnknown && { allowUnknown }),
      ...(operations && { operations }),
    }
    const open = (signal: AbortSignal): Promise<EventStream> =>
      this.#stream(what, { ...asked, signal }, timeoutMs)
    return await waitForEvent(open, options)
  }

  /** Sends any request of the protocol by its declaration, and sees it through as it does its own. */
  async request<D extends RequestDefinition>(
    definition: D,
    params: ParamsOf<D>,
    options: CallOptions = {},
  ): Promise<ResultOf<D>> {
    return await this.#caller.call(definition, params, options)
  }

  /** Makes sure that the store knows a record type; repositories do it by themselves. */
  async define(type: RecordType, options: CallOptions = {}): Promise<void> {
    await this.#definer.ensure(type, options)
  }

  /** Holds declared types against the store's, and says what differs; nothing is changed. */
  async checkTypes(types: readonly RecordType[], options: CallOptions = {}): Promise<TypeCheck[]> {
    return await Promise.all(types.map((type) => checkType(this.#caller, type, options)))
  }

  /**
   * Runs the migrations of a type that the store lacks, or goes back; with `dryRun` it tells what would happen.
   *
   * @throws MigrationRequiredError when the store has another past; InvalidRecordError naming records that do not fit.
   */
  async migrate(type: MigratedType, options: MigrateOptions = {}): Promise<MigrationResult> {
    return await migrateType(this.#caller, type, options)
  }

  /**
   * Ends everything: subscriptions end, requests that wait are rejected, writes among them as `outcome_unknown` if
   * they were sent. Afterwards nothing of the client keeps the process alive. Safe to repeat.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #stream<Data>(
    what: RecordType | string | readonly string[],
    options: AnySubscriptionOptions,
    timeoutMs = this.#caller.timeoutMs,
  ): Promise<EventStream<Data>> {
    const { signal } = options
    const patterns = patternsOf(what, options)
    if (isRecordType(what)) await this.#definer.ensure(what, { signal })
    const repair = await this.#repairOf(what, patterns, options)
    return await openStream(this.#hub, { patterns, repair, timeoutMs }, options)
  }

  async #repairOf(
    what: RecordType | string | readonly string[],
    patterns: readonly string[],
    { repair, signal }: AnySubscriptionOptions,
  ): Promise<GapRepair> {
    if (repair === 'none') return { rebuilds: false, lost: patterns }
    return isRecordType(what) ? wholeRepair : await this.#repairs.of(patterns, { signal })
  }

  async #close(): Promise<void> {
    this.#hub.closeAll()
    this.#caller.close()
    await this.#keeper.close()
  }
}

/** What a client is made of. */
export interface ClientParts {
  readonly keeper: SessionKeeper
  readonly caller: Caller
  readonly hub: SubscriptionHub
  readonly definer: TypeDefiner
}
