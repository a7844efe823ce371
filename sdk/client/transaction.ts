import type { ResultOf } from '../protocol/define.ts'
import { Transact, type TransactOperation } from '../protocol/records.ts'
import type { RecordInput, RecordType } from '../record-type.ts'
import { uuidV7 } from '../uuid-v7.ts'
import type { Caller } from './caller.ts'
import type { BasedOn, Update } from './changes.ts'
import type { TypeDefiner } from './type-definer.ts'
import { toJsonObject, toOperators } from './typed-record.ts'
import { type WriteOptions, wireOptions } from './write-options.ts'

/** What a transaction did: one result for each operation, at one place in the log. */
export type TransactResult = ResultOf<typeof Transact>

/**
 * Several writes, over any record types, that happen wholly or not at all.
 *
 * ```ts
 * await client
 *   .transaction()
 *   .create(Insight, { summary: 'the cache is cold after a release' })
 *   .update(Pattern, pattern.id, { expectedVersion: pattern.version, set: { count: 3 } })
 *   .guard(Proposal, proposal.id, proposal.version)
 *   .commit({ reason: 'nightly review' })
 * ```
 *
 * Operations on one record see those before them; guards look at the state before the transaction.
 */
export class Transaction {
  readonly #caller: Caller
  readonly #definer: TypeDefiner
  readonly #operations: TransactOperation[] = []
  readonly #guards: { type: string; id: string; version: number | null }[] = []
  readonly #types = new Set<RecordType>()
  /** One for all commits of this transaction: a commit that is repeated has no second effect. */
  readonly #idempotencyKey = uuidV7()

  /** Made by `client.transaction`. */
  constructor(parts: { readonly caller: Caller; readonly definer: TypeDefiner }) {
    this.#caller = parts.caller
    this.#definer = parts.definer
  }

  /** Adds the creation of a record. */
  create<T extends RecordType>(
    type: T,
    data: RecordInput<T>,
    options: { readonly id?: string } = {},
  ): this {
    this.#types.add(type)
    const { id } = options
    this.#operations.push({ op: 'create', type: type.name, id, data: toJsonObject(data) })
    return this
  }

  /** Adds a change of a record. */
  update<T extends RecordType>(type: T, id: string, change: Update<T>): this {
    this.#types.add(type)
    const { set, unset, apply, expectedVersion, force } = change
    this.#operations.push({
      op: 'update',
      type: type.name,
      id,
      expectedVersion,
      force,
      set: set && toJsonObject(set),
      unset: unset && [...unset],
      apply: apply && toOperators(apply),
    })
    return this
  }

  /** Adds a deletion; the record can be restored. */
  delete(type: RecordType, id: string, basedOn: BasedOn): this {
    return this.#move('delete', { type, id, basedOn })
  }

  /** Adds bringing a deleted or archived record back. */
  restore(type: RecordType, id: string, basedOn: BasedOn): this {
    return this.#move('restore', { type, id, basedOn })
  }

  /** Adds putting a record away. */
  archive(type: RecordType, id: string, basedOn: BasedOn): this {
    return this.#move('archive', { type, id, basedOn })
  }

  /** Lets nothing happen unless this record, which was only read, still has this version; null: does not exist. */
  guard(type: RecordType, id: string, version: number | null): this {
    this.#types.add(type)
    this.#guards.push({ type: type.name, id, version })
    return this
  }

  /**
   * Does all of it, or throws and does nothing. After an `OutcomeUnknownError` it may be called again.
   *
   * @throws the error of the first operation that fails; `data.operation` is its index.
   */
  async commit(options: WriteOptions = {}): Promise<TransactResult> {
    const { signal, timeoutMs } = options
    for (const type of this.#types) await this.#definer.ensure(type, { signal, timeoutMs })
    const sent = wireOptions(options)
    const params = {
      ...sent,
      idempotencyKey: sent.idempotencyKey ?? this.#idempotencyKey,
      operations: this.#operations,
      guards: this.#guards,
    }
    return await this.#caller.call(Transact, params, { signal, timeoutMs })
  }

  #move(
    op: 'delete' | 'restore' | 'archive',
    target: { readonly type: RecordType; readonly id: string; readonly basedOn: BasedOn },
  ): this {
    const { type, id, basedOn } = target
    this.#types.add(type)
    const { expectedVersion, force } = basedOn
    this.#operations.push({ op, type: type.name, id, expectedVersion, force })
    return this
  }
}
