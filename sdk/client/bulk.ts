/** Many writes, sent as transactions that follow one another closely. */
import { type ErrorKind, isOrionError, type OrionError } from '../errors.ts'
import type { Token, WriteResult } from '../model.ts'
import { operationsMax, Transact, type TransactOperation } from '../protocol/records.ts'
import type { Caller } from './caller.ts'
import { typedError } from './typed-errors.ts'
import { type WriteOptions, wireOptions } from './write-options.ts'

/** How many writes are sent, and who is told. */
export interface BulkOptions extends Omit<WriteOptions, 'idempotencyKey' | 'return' | 'timeoutMs'> {
  /** Operations of one transaction, from 1 to 1000; 250 if nothing is said. */
  readonly batchSize?: number
  /** Told after each transaction that stands. */
  readonly onProgress?: (progress: BulkProgress) => void
  /** Longest time for each transaction, in milliseconds. */
  readonly timeoutMs?: number
}

/** How far a bulk write has come. */
export interface BulkProgress {
  /** Operations that stand. */
  readonly done: number
  /** The results of the transaction that was just answered, in the order of its operations. */
  readonly results: readonly WriteResult[]
}

/** What a bulk write did. */
export interface BulkResult {
  /** Operations that stand; all of them. */
  readonly done: number
  /** The position of the last; undefined when there was nothing to do. */
  readonly token: Token | undefined
}

/**
 * Sends operations in transactions of some hundreds, a few of them under way at once: as fast as the store takes them, with
 * no more in memory than that. Each transaction stands or falls by itself. After the first that fails nothing further is
 * sent; what stands stays.
 *
 * @throws the error of the first operation that fails: `data.operation` is its index in all of them, `data.done` how many
 *   operations stand, those of later transactions included. OrionError `cancelled` when `signal` aborts, with `data.done`.
 */
export async function sendInBulk(
  caller: Caller,
  operations: Iterable<TransactOperation> | AsyncIterable<TransactOperation>,
  options: BulkOptions = {},
): Promise<BulkResult> {
  const bulk = new Bulk(caller, options)
  try {
    for await (const operation of operations) {
      if (!(await bulk.add(operation))) break
    }
  } catch (error) {
    // What gives the operations has failed: what was sent is seen through.
    await bulk.settled()
    throw error
  }
  return await bulk.end()
}

class Bulk {
  readonly #caller: Caller
  readonly #options: BulkOptions
  readonly #batchSize: number
  readonly #underWay = new Set<Promise<void>>()
  #batch: TransactOperation[] = []
  #batchLength = 0
  #sent = 0
  #done = 0
  #token: Token | undefined
  #tokenAt = 0
  #failure: { readonly error: unknown; readonly at: number } | undefined

  constructor(caller: Caller, options: BulkOptions) {
    const { batchSize = 250 } = options
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > operationsMax) {
      const message = `expected a batch of 1 to ${operationsMax} operations, got ${batchSize}`
      throw typedError('invalid_request', message, { data: {} })
    }
    this.#caller = caller
    this.#options = options
    this.#batchSize = batchSize
  }

  /** Takes an operation, when there is room; false when no more is wanted. */
  async add(operation: TransactOperation): Promise<boolean> {
    if (this.#isOver()) return false
    const length = JSON.stringify(operation).length
    // One that is too long by itself is sent by itself, and refused with the limit.
    if (this.#batchLength + length > batchMaxLength) await this.#send()
    this.#batch.push(operation)
    this.#batchLength += length
    if (this.#batch.length >= this.#batchSize) await this.#send()
    return !this.#isOver()
  }

  /** Waits for what is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  async end(): Promise<BulkResult> {
    await this.#send()
    await this.settled()
    if (this.#failure !== undefined) throw this.#told(this.#failure)
    if (this.#options.signal?.aborted) {
      throw typedError('cancelled', `cancelled; ${this.#done} operations stand`, {
        data: { done: this.#done },
      })
    }
    return { done: this.#done, token: this.#token }
  }

  #isOver(): boolean {
    return this.#failure !== undefined || this.#options.signal?.aborted === true
  }

  async #send(): Promise<void> {
    while (this.#underWay.size >= underWayMax) await Promise.race(this.#underWay)
    const operations = this.#batch
    if (operations.length === 0 || this.#isOver()) return
    this.#batch = []
    this.#batchLength = 0
    const first = this.#sent
    this.#sent += operations.length
    const sending = this.#transact(operations, first).finally(() => this.#underWay.delete(sending))
    this.#underWay.add(sending)
  }

  async #transact(operations: TransactOperation[], first: number): Promise<void> {
    const { signal, timeoutMs, onProgress } = this.#options
    try {
      const params = { ...wireOptions(this.#options), operations }
      const { results, token } = await this.#caller.call(Transact, params, { signal, timeoutMs })
      this.#done += operations.length
      if (first >= this.#tokenAt) {
        this.#token = token
        this.#tokenAt = first
      }
      onProgress?.({ done: this.#done, results })
    } catch (error) {
      // The earliest is told: those behind it may only follow from it.
      if (this.#failure === undefined || first < this.#failure.at)
        this.#failure = { error, at: first }
    }
  }

  #told({ error, at }: { readonly error: unknown; readonly at: number }): unknown {
    return isOrionError(error) ? inAll(error, { at, done: this.#done }) : error
  }
}

/** The error of a transaction as that of the whole. */
function inAll<K extends ErrorKind>(
  error: OrionError<K>,
  { at, done }: { readonly at: number; readonly done: number },
): OrionError<K> {
  const { operation } = error.data
  const placed = operation === undefined ? {} : { operation: at + operation }
  const data = { ...error.data, ...placed, done }
  return typedError(error.kind, error.message, { data, cause: error })
}

/** Enough that the daemon never waits for the next, few enough that others are served between them. */
const underWayMax = 3
/** Characters of one transaction's operations: a fraction of what a message may have. */
const batchMaxLength = 1024 * 1024
