import { changesBackTo } from '../data-difference.ts'
import type { Blame, Record, RecordVersion, Referrer, Token, WriteResult } from '../model.ts'
import type { ParamsOf, RequestDefinition, ResultOf } from '../protocol/define.ts'
import { ExplainRecords } from '../protocol/explain.ts'
import * as records from '../protocol/records.ts'
import { RecordReferrers } from '../protocol/references.ts'
import type { RecordData, RecordInput, RecordType } from '../record-type.ts'
import { type BulkOptions, type BulkResult, sendInBulk } from './bulk.ts'
import type { Caller, CallOptions } from './caller.ts'
import type { BasedOn, Update } from './changes.ts'
import { creations, type NewRecord } from './create-many.ts'
import type { ReferenceName, WithExpanded } from './expansion.ts'
import { itemsOfPages } from './pages.ts'
import type {
  CountOptions,
  FoundPage,
  GetOptions,
  ListExplanation,
  ListOptions,
  Page,
  PageOptions,
  RecordCount,
  SearchOptions,
} from './queries.ts'
import { countParams, listParams, referrerParams } from './read-params.ts'
import { type ChangeFunction, updateWithRetry } from './record-update.ts'
import type { ReferrerOptions, ReferrerPage } from './referrers.ts'
import { searchRecords } from './search.ts'
import type { TypeDefiner } from './type-definer.ts'
import { NotFoundError } from './typed-errors.ts'
import {
  parseBlame,
  parseExpanded,
  parsePage,
  parseRecord,
  parseReferrers,
  parseVersion,
  parseWritten,
  toJsonObject,
  toOperators,
} from './typed-record.ts'
import type { FieldName } from './where.ts'
import { type WriteOptions, type Written, wireOptions } from './write-options.ts'

/**
 * The records of one type.
 *
 * Every write names the version it is based on, so that of several writers one wins and the others get a
 * `ConflictError` with what is there now. The type is defined in the store at its first use.
 */
export class Repository<T extends RecordType> {
  readonly type: T
  readonly #caller: Caller
  readonly #definer: TypeDefiner

  /** Made by `client.repository`. */
  constructor(type: T, parts: { readonly caller: Caller; readonly definer: TypeDefiner }) {
    this.type = type
    this.#caller = parts.caller
    this.#definer = parts.definer
  }

  /**
   * Creates a record.
   *
   * @throws ConflictError `exists` if the id is taken; InvalidRecordError; UniqueViolationError.
   */
  async create<const O extends CreateOptions = CreateOptions>(
    data: RecordInput<T>,
    options?: O,
  ): Promise<Written<T, O>> {
    const { name } = this.type
    const params = {
      ...wireOptions(options),
      type: name,
      id: options?.id,
      data: toJsonObject(data),
    }
    return parseWritten<T, O>(await this.#call(records.CreateRecord, params, options))
  }

  /**
   * Creates many records: in transactions of some hundreds, of which each stands or falls by itself.
   *
   * @throws as `create`; `data.operation` is the index of the record that failed, `data.done` how many were created.
   */
  async createMany(
    records: Iterable<NewRecord<T>> | AsyncIterable<NewRecord<T>>,
    options: BulkOptions = {},
  ): Promise<BulkResult> {
    await this.#definer.ensure(this.type, options)
    return await sendInBulk(this.#caller, creations(this.type, records), options)
  }

  /**
   * One record, whatever its lifecycle, or an old version of it.
   *
   * @throws NotFoundError if there is none.
   */
  async get<const E extends ReferenceName<T> = never>(
    id: string,
    options: GetOptions<E> = {},
  ): Promise<Record<RecordData<T>> & WithExpanded<T, E>> {
    const { version, atLeast, expand } = options
    const params = { type: this.type.name, id, version, expand: expand && [...expand], atLeast }
    const answer = await this.#call(records.GetRecord, params, options)
    return parseExpanded<T, E>(this.type, expand, answer)
  }

  /** One record, whatever its lifecycle; undefined if there is none. */
  async find<const E extends ReferenceName<T> = never>(
    id: string,
    options: GetOptions<E> = {},
  ): Promise<(Record<RecordData<T>> & WithExpanded<T, E>) | undefined> {
    try {
      return await this.get(id, options)
    } catch (error) {
      if (error instanceof NotFoundError) return undefined
      throw error
    }
  }

  /** Records in the order of their ids; undefined where there is none. Long lists are asked for in parts. */
  async getMany(
    ids: readonly string[],
    options: CallOptions & { readonly atLeast?: Token } = {},
  ): Promise<(Record<RecordData<T>> | undefined)[]> {
    const found: (Record<RecordData<T>> | undefined)[] = []
    for (let start = 0; start < ids.length; start += records.pageMax) {
      const part = ids.slice(start, start + records.pageMax)
      const keys = part.map((id) => ({ type: this.type.name, id }))
      const params = { keys, atLeast: options.atLeast }
      const answer = await this.#call(records.GetManyRecords, params, options)
      for (const record of answer.records)
        found.push(record === null ? undefined : parseRecord<T>(record))
    }
    return found
  }

  /** One page of records that fit a filter; active ones unless `lifecycle` says otherwise. */
  async list<const F extends FieldName<T> = FieldName<T>, const E extends ReferenceName<T> = never>(
    options: ListOptions<T, F, E> = {},
  ): Promise<Page<T, F, E>> {
    const { fields, expand, ...asked } = options
    const shown = { fields: fields && [...fields], expand: expand && [...expand] }
    const params = { ...listParams<T>(this.type, asked), ...shown }
    const page = await this.#call(records.ListRecords, params, options)
    return parsePage<T, F, E>(this.type, expand, page)
  }

  /** All records that fit, page by page, each once, while others may write. */
  async *listAll<
    const F extends FieldName<T> = FieldName<T>,
    const E extends ReferenceName<T> = never,
  >(
    options: ListOptions<T, F, E> = {},
  ): AsyncGenerator<Page<T, F, E>['records'][number], void, undefined> {
    const read = (page: { readonly after?: string }) =>
      this.list<F, E>({ limit: allPageSize, ...options, ...page })
    yield* itemsOfPages(options.after, read, ({ records }) => records)
  }

  /** How a list would be answered: through which indexes, how many rows it reads for a page, and what would help. */
  async explain(options: Omit<ListOptions<T>, 'fields' | 'expand'> = {}): Promise<ListExplanation> {
    return await this.#call(ExplainRecords, listParams(this.type, options), options)
  }

  /** How many records fit a filter, in all and by the values of a field. */
  async count(options: CountOptions<T> = {}): Promise<RecordCount> {
    const params = countParams<T>(this.type, options)
    return await this.#call(records.CountRecords, params, options)
  }

  /**
   * Changes a record: once, against a version, or by a function that is asked what to change and, after a lost race,
   * asked again with the record that won. The function may be asynchronous and may run many times; when it returns
   * undefined nothing is written.
   *
   * @throws ConflictError; with a function only when its time is over.
   */
  async update<const O extends WriteOptions = WriteOptions>(
    id: string,
    change: Update<T>,
    options?: O,
  ): Promise<Written<T, O>>
  async update<const O extends UpdateOptions = UpdateOptions>(
    id: string,
    change: ChangeFunction<T>,
    options?: O,
  ): Promise<Written<T, O>>
  async update(
    id: string,
    change: Update<T> | ChangeFunction<T>,
    options: WriteOptions = {},
  ): Promise<WriteResult<RecordData<T>>> {
    if (typeof change !== 'function') return await this.#updateOnce(id, change, options)
    return await updateWithRetry(
      {
        epoch: () => this.#caller.epoch,
        read: (callOptions) => this.get(id, callOptions),
        parse: (record) => parseRecord<T>(record),
        write: ({ changes, expectedVersion, expectedEpoch }, callOptions) => {
          const epoch = expectedEpoch === undefined ? {} : { expectedEpoch }
          const update: Update<T> = { ...changes, expectedVersion }
          return this.#updateOnce(id, update, { ...options, ...callOptions, ...epoch })
        },
      },
      change,
      { signal: options.signal, timeoutMs: options.timeoutMs ?? this.#caller.timeoutMs },
    )
  }

  /** Marks a record deleted; `restore` brings it back. */
  async delete<const O extends MoveOptions>(id: string, options: O): Promise<Written<T, O>> {
    return await this.#move(records.DeleteRecord, id, options)
  }

  /** Makes a deleted or archived record active again. */
  async restore<const O extends MoveOptions>(id: string, options: O): Promise<Written<T, O>> {
    return await this.#move(records.RestoreRecord, id, options)
  }

  /** Puts a record away: lists leave it out unless asked. */
  async archive<const O extends MoveOptions>(id: string, options: O): Promise<Written<T, O>> {
    return await this.#move(records.ArchiveRecord, id, options)
  }

  /** Removes a record for good and erases its values everywhere; needs the scope `admin`. */
  async purge<const O extends MoveOptions>(id: string, options: O): Promise<Written<T, O>> {
    return await this.#move(records.PurgeRecord, id, options)
  }

  /** Searches the records by their words, the best first; the query is as in `client.search`. */
  async search(query: string, options: SearchOptions<T> = {}): Promise<FoundPage<T>> {
    const { where, ...rest } = options
    const parts = { caller: this.#caller, definer: this.#definer }
    const types = [this.type]
    return await searchRecords(parts, query, {
      ...rest,
      types,
      ...(where === undefined ? {} : { where: toJsonObject(where) }),
    })
  }

  /** The versions of a record, newest first, page by page. */
  async *history(
    id: string,
    options: PageOptions = {},
  ): AsyncGenerator<RecordVersion<RecordData<T>>, void, undefined> {
    const read = (page: PageOptions) => this.historyPage(id, { ...options, ...page })
    yield* itemsOfPages(options.after, read, ({ versions }) => versions)
  }

  /** One page of the versions of a record, newest first. */
  async historyPage(
    id: string,
    options: PageOptions = {},
  ): Promise<{
    readonly versions: RecordVersion<RecordData<T>>[]
    readonly next?: string | undefined
  }> {
    const params = { type: this.type.name, id, limit: options.limit, after: options.after }
    const page = await this.#call(records.RecordHistory, params, options)
    return { ...page, versions: page.versions.map((version) => parseVersion<T>(version)) }
  }

  /** The records that name one by a reference, of all types or of one, page by page. */
  async *referrers<From extends RecordType = RecordType>(
    id: string,
    options: ReferrerOptions<From> = {},
  ): AsyncGenerator<Referrer<RecordData<From>>, void, undefined> {
    const read = (page: PageOptions) => this.referrersPage<From>(id, { ...options, ...page })
    yield* itemsOfPages(options.after, read, ({ referrers }) => referrers)
  }

  /** One page of the records that name one by a reference. */
  async referrersPage<From extends RecordType = RecordType>(
    id: string,
    options: ReferrerOptions<From> = {},
  ): Promise<ReferrerPage<From>> {
    const params = referrerParams(this.type, id, options)
    return parseReferrers<From>(await this.#call(RecordReferrers, params, options))
  }

  /**
   * Who gave each field of a record its present value: when, through which client, and why.
   *
   * @throws NotFoundError if there is no such record.
   */
  async blame(
    id: string,
    options: CallOptions & { readonly atLeast?: Token } = {},
  ): Promise<Blame<FieldName<T>>> {
    const params = { type: this.type.name, id, atLeast: options.atLeast }
    return parseBlame<T>(await this.#call(records.BlameRecord, params, options))
  }

  /**
   * Gives a record the values of one of its old versions again, as a new version; managed fields stay as they are.
   * Without `expectedVersion` it is based on the version that is there when this begins.
   *
   * @throws NotFoundError if there is no such record or version, or its values were purged; ConflictError;
   * InvalidRecordError if the old values no longer fit the type.
   */
  async revert<const O extends RevertOptions>(id: string, options: O): Promise<Written<T, O>> {
    const { toVersion, signal, timeoutMs } = options
    const present = await this.get(id, { signal, timeoutMs })
    const old = await this.get(id, { version: toVersion, signal, timeoutMs })
    const { fields } = this.type.definition
    const isManaged = (name: string): boolean =>
      Object.hasOwn(fields, name) && fields[name]?.managed === true
    const params = {
      ...wireOptions({ reason: `back to version ${toVersion}`, ...options }),
      type: this.type.name,
      id,
      expectedVersion: options.expectedVersion ?? present.version,
      ...changesBackTo({ present, old }, isManaged),
    }
    return parseWritten<T, O>(await this.#call(records.UpdateRecord, params, options))
  }

  async #updateOnce<O extends WriteOptions>(
    id: string,
    change: Update<T>,
    options: O | undefined,
  ): Promise<Written<T, O>> {
    const { set, unset, apply, expectedVersion, force } = change
    const params = {
      ...wireOptions(options),
      type: this.type.name,
      id,
      expectedVersion,
      force,
      set: set && toJsonObject(set),
      unset: unset && [...unset],
      apply: apply && toOperators(apply),
    }
    return parseWritten<T, O>(await this.#call(records.UpdateRecord, params, options))
  }

  async #move<O extends MoveOptions>(
    definition: MoveDefinition,
    id: string,
    options: O,
  ): Promise<Written<T, O>> {
    const { expectedVersion, force } = options
    const params = { ...wireOptions(options), type: this.type.name, id, expectedVersion, force }
    return parseWritten<T, O>(await this.#call(definition, params, options))
  }

  async #call<D extends RequestDefinition>(
    definition: D,
    params: ParamsOf<D>,
    options: CallOptions | undefined,
  ): Promise<ResultOf<D>> {
    const { signal, timeoutMs } = options ?? {}
    const defining = this.#definer.ensure(this.type, { signal, timeoutMs })
    if (defining !== undefined) await defining
    return await this.#caller.call(definition, params, { signal, timeoutMs })
  }
}

/** Options of a creation. */
export interface CreateOptions extends WriteOptions {
  /** Any text of 1 to 255 bytes; by default the store makes one that sorts by time. */
  readonly id?: string
}

/** Options of an update by a function; each attempt has a key and an epoch of its own. */
export type UpdateOptions = Omit<WriteOptions, 'idempotencyKey' | 'expectedEpoch'>

/** Options of a write that moves a record between lifecycles, or removes it. */
export type MoveOptions = WriteOptions & BasedOn

/** Options of going back to an old version. */
export interface RevertOptions extends WriteOptions {
  /** The version whose values are taken. */
  readonly toVersion: number
  /** The version that is replaced. */
  readonly expectedVersion?: number
}

type MoveDefinition = typeof records.DeleteRecord

/** How many records `listAll` asks for at a time, in the usual case. */
const allPageSize = 200
