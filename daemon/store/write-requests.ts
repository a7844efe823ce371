/** The writes of the interface: each becomes a task of the write queue. */
import { OrionError } from '../../sdk/errors.ts'
import type { Json } from '../../sdk/json.ts'
import type { Actor, Record, Seq, WriteResult } from '../../sdk/model.ts'
import type { Guard } from '../../sdk/protocol/records.ts'
import type { WriteOptions } from '../../sdk/protocol/schemas.ts'
import { type Author, actorOf } from './actor-of.ts'
import { AnswerLength, answerTooLong } from './answer-length.ts'
import { atOperation } from './at-operation.ts'
import { conflictError } from './conflicts.ts'
import type { Authorship } from './event-log.ts'
import { fingerprintOf, idempotencyScope } from './idempotency.ts'
import { recordOfRow } from './log-row.ts'
import type { ManagedAnswer, ManagedRequest, ManagedTransaction } from './managed-api.ts'
import { ManagedWork } from './managed-work.ts'
import { rowOfVersion } from './record-history.ts'
import { type RecordOperation, RecordWriter, type Written } from './record-writer.ts'
import type { Caller, MoveParams, StoreManagement, StoreWrites } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import type { WriteQueue } from './write-queue.ts'
import type { WriteTask } from './write-task.ts'

type Params<M extends keyof StoreWrites> = Parameters<StoreWrites[M]>[0]
type Several = {
  results: WriteResult[]
  token: Record['token']
  firstSeq: Seq
  lastSeq: Seq
  replayed?: true
}

/** What a request does inside its transaction, and how its answer is kept and shown again. */
interface RequestBody<T> {
  readonly method: string
  readonly params: WriteOptions & object
  readonly undo: WriteTask<T>['undo']
  readonly alone?: boolean
  readonly run: (authorship: Authorship) => T
  /** The answer without the values of records: it is kept for repetition, unless it is undefined. */
  readonly bare: (answer: T) => Json | undefined
  /** Gives a repeated answer back, marked, with the records that were asked for. */
  readonly replay: (kept: Json) => T
  readonly committed?: (answer: T) => void
}

/** Why a request that may only repeat is refused. */
export const notAnswered = new OrionError('not_found', 'it was not answered before', {})

/** Turns requests into tasks and submits them. */
export class WriteRequests
  implements Omit<StoreWrites, 'defineType' | 'migrateType'>, StoreManagement
{
  readonly #context: StoreContext
  readonly #queue: WriteQueue
  #lastActor: Actor | undefined

  constructor(context: StoreContext, queue: WriteQueue) {
    this.#context = context
    this.#queue = queue
  }

  create(params: Params<'create'>, caller: Caller): Promise<WriteResult> {
    return this.#one('record/create', { ...params, op: 'create' }, caller)
  }

  update(params: Params<'update'>, caller: Caller): Promise<WriteResult> {
    return this.#one('record/update', { ...params, op: 'update' }, caller)
  }

  delete(params: MoveParams, caller: Caller): Promise<WriteResult> {
    return this.#one('record/delete', { ...params, op: 'delete' }, caller)
  }

  restore(params: MoveParams, caller: Caller): Promise<WriteResult> {
    return this.#one('record/restore', { ...params, op: 'restore' }, caller)
  }

  archive(params: MoveParams, caller: Caller): Promise<WriteResult> {
    return this.#one('record/archive', { ...params, op: 'archive' }, caller)
  }

  purge(params: MoveParams, caller: Caller): Promise<WriteResult> {
    return this.#one('record/purge', { ...params, op: 'purge' }, caller)
  }

  transact(params: Params<'transact'>, caller: Caller): Promise<Several> {
    const { operations, guards = [] } = params
    return this.#several('record/transact', { params, items: operations }, caller, (authorship) => {
      for (const guard of guards) this.#checkGuard(guard, caller)
      const writer = this.#writer(caller, authorship, 'end')
      const written = operations.map((operation, index) =>
        atOperation(index, () => {
          requireVersion(operation)
          return writer.perform(operation)
        }),
      )
      writer.finish(atOperation)
      return written
    })
  }

  import(params: Params<'import'>, caller: Caller): Promise<Several> {
    const { records } = params
    return this.#several('record/import', { params, items: records }, caller, (authorship) => {
      const writer = this.#writer(caller, authorship, 'end')
      const written = records.map((record, index) =>
        atOperation(index, () => writer.import(record)),
      )
      writer.finish(atOperation)
      return written
    })
  }

  #writer(caller: Caller, authorship: Authorship, checksAt: 'once' | 'end'): RecordWriter {
    return new RecordWriter(this.#context, { caller, authorship, checksAt })
  }

  publish(params: Params<'publish'>, caller: Caller): ReturnType<StoreWrites['publish']> {
    const { topic, payload } = params
    const type = topic.slice(0, topic.indexOf('.'))
    if (this.#context.types.has(type) || this.#context.retiredTypes.has(type)) {
      return Promise.reject(
        new OrionError('invalid_request', `${topic} is a topic of the record type ${type}`, {
          remedy: 'Topics of record types are made by writes alone; choose another first word.',
        }),
      )
    }
    const limit = this.#context.limits.payloadMaxBytes
    const encodedData = payload === undefined ? undefined : JSON.stringify(payload)
    const actual = Buffer.byteLength(encodedData ?? '')
    if (actual > limit) {
      const message = `the payload has ${actual} bytes; the limit is ${limit}`
      return Promise.reject(new OrionError('too_large', message, { limit, actual }))
    }
    return this.#submit(caller, {
      method: 'event/publish',
      params,
      undo: params.dryRun ? 'always' : 'nothing',
      run: (authorship) => {
        const event = this.#context.log.append({ topic, payload, encodedData }, authorship)
        return { seq: event.seq, token: this.#answerToken(event.seq, params) }
      },
      bare: (answer) => ({ ...answer }),
      replay: (kept) => ({
        ...(kept as unknown as { seq: Seq; token: Record['token'] }),
        replayed: true,
      }),
    })
  }

  manage<T extends ManagedAnswer>(
    { method, params, run }: ManagedRequest<T>,
    caller: Caller,
  ): Promise<T> {
    return this.#submit(caller, {
      method,
      params,
      undo: params.dryRun ? 'always' : 'on-refusal',
      run: (authorship) => run(this.#managed({ params, authorship }, caller)),
      bare: ({ record: _, refused, ...rest }) =>
        refused === undefined ? (rest as unknown as Json) : undefined,
      replay: (kept) => this.#replayed(kept as unknown as T, params),
    })
  }

  tryOut<T>(run: (work: ManagedTransaction) => T, caller: Caller): Promise<T> {
    const waitMaxMs = this.#context.limits.writeWaitMaxMs
    const params = { dryRun: true }
    return this.#queue.submit(
      {
        undo: 'nothing',
        discarded: true,
        waitMaxMs,
        run: () =>
          run(this.#managed({ params, authorship: this.#authorship(params, caller) }, caller)),
      },
      caller,
    )
  }

  #managed(
    { params, authorship }: { readonly params: WriteOptions; readonly authorship: Authorship },
    caller: Caller,
  ): ManagedTransaction {
    const tokenOf = (seq: number): Record['token'] => this.#answerToken(seq, params)
    return new ManagedWork(this.#context, { caller, authorship, tokenOf })
  }

  #one(
    method: string,
    params: WriteOptions & RecordOperation,
    caller: Caller,
  ): Promise<WriteResult> {
    const problem = attempt(() => requireVersion(params))
    if (problem !== undefined) return Promise.reject(problem)
    const purge = params.op === 'purge'
    return this.#submit(caller, {
      method,
      params,
      undo: params.dryRun ? 'always' : purge ? 'on-refusal' : 'nothing',
      alone: purge,
      run: (authorship) =>
        this.#resultOf(this.#writer(caller, authorship, 'once').perform(params), params),
      bare: ({ record: _, ...rest }) => ({ ...rest }),
      replay: (kept) => this.#replayed(kept as unknown as WriteResult, params),
      ...(purge ? { committed: () => this.#erase() } : {}),
    })
  }

  #several(
    method: string,
    request: { readonly params: WriteOptions; readonly items: readonly unknown[] },
    caller: Caller,
    run: (authorship: Authorship) => Written[],
  ): Promise<Several> {
    const { params, items } = request
    const { operationsMax } = this.#context.limits
    if (items.length > operationsMax) {
      const message = `expected at most ${operationsMax} operations, got ${items.length}`
      const data = { limit: operationsMax, actual: items.length }
      return Promise.reject(new OrionError('too_large', message, data))
    }
    return this.#submit(caller, {
      method,
      params,
      undo: params.dryRun ? 'always' : 'on-refusal',
      run: (authorship) => {
        const before = this.#context.log.lastSeq
        const written = run(authorship)
        if (params.return === 'record') this.#assertShowable(written)
        const results = written.map((one) => this.#resultOf(one, params))
        const lastSeq = this.#context.log.lastSeq
        const firstSeq = Math.min(before + 1, lastSeq)
        const token = this.#answerToken(lastSeq, params)
        return { results, token, firstSeq: firstSeq as Seq, lastSeq: lastSeq as Seq }
      },
      bare: ({ results, ...rest }) => ({
        ...rest,
        results: results.map(({ record: _, ...result }) => ({ ...result })),
      }),
      replay: (kept) => {
        const answer = kept as unknown as Several
        const results = answer.results.map((result) => this.#replayed(result, params))
        return { ...answer, results, replayed: true }
      },
    })
  }

  #submit<T>(caller: Caller, body: RequestBody<T>): Promise<T> {
    const { params, method } = body
    const key = params.dryRun ? undefined : params.idempotencyKey
    const scope = key === undefined ? undefined : idempotencyScope(caller.principal, method, key)
    const fingerprint = scope === undefined ? '' : fingerprintOf(caller.askedFor ?? params)
    const run = (): T => {
      this.#checkEpoch(params)
      if (scope !== undefined) {
        const kept = this.#context.answers.find(scope, fingerprint)
        if (kept !== undefined) return body.replay(kept)
      }
      if (caller.repeatsOnly) throw notAnswered
      const authorship = this.#authorship(params, caller)
      const answer = body.run(authorship)
      const result = scope === undefined ? undefined : body.bare(answer)
      if (scope !== undefined && result !== undefined) {
        const atMicros = this.#context.lastMicros
        this.#context.answers.keep(scope, { fingerprint, result, atMicros })
      }
      return answer
    }
    const { undo, alone, committed } = body
    const { writeWaitMaxMs } = this.#context.limits
    const asked = Math.min(params.deadlineMs ?? writeWaitMaxMs, caller.deadlineMs ?? writeWaitMaxMs)
    const waitMaxMs = Math.min(asked, writeWaitMaxMs)
    return this.#queue.submit(
      { run, undo, waitMaxMs, ...(alone ? { alone } : {}), ...(committed ? { committed } : {}) },
      caller,
    )
  }

  #authorship(params: WriteOptions, caller: Caller): Authorship {
    return {
      actor: this.#actorOf(withToolCall(caller, params.toolCall)),
      at: this.#context.nextInstant(),
      reason: params.reason,
      cause: params.cause,
    }
  }

  /** Most writes have the actor of the one before. */
  #actorOf(author: Author): Actor {
    const last = this.#lastActor
    const same = last?.principal === author.principal && last.client === author.client
    if (same && last.claims === author.claims && last.scopes === author.scopes) return last
    const actor = actorOf(author)
    this.#lastActor = actor
    return actor
  }

  #checkEpoch({ expectedEpoch }: WriteOptions): void {
    const { epoch } = this.#context.identity
    if (expectedEpoch === undefined || expectedEpoch === epoch) return
    throw new OrionError('conflict', `the store’s epoch is ${epoch}, not ${expectedEpoch}`, {
      reason: 'epoch',
      current: null,
      epoch,
      remedy: 'The store was restored or copied: read again before you write.',
    })
  }

  #checkGuard({ type, id, version }: Guard, caller: Caller): void {
    const current = this.#context.read(this.#context.type(type), id)?.record
    if ((current?.version ?? null) === version) return
    throw conflictError(this.#context, caller, {
      reason: 'guard',
      type,
      id,
      current,
      expectedVersion: version,
    })
  }

  #resultOf({ changed, record, seq }: Written, params: WriteOptions): WriteResult {
    const token = this.#answerToken(seq, params)
    const { type, id, version } = record
    if (params.return !== 'record') return { type, id, version, changed, token }
    const shown = params.dryRun && changed ? { ...record, token } : record
    return { type, id, version, changed, token, record: shown }
  }

  /** Before anything is committed: an answer that is too long can't be sent any more then. */
  #assertShowable(written: readonly Written[]): void {
    const { answerMaxLength } = this.#context.limits
    const answer = new AnswerLength(answerMaxLength)
    for (const { record } of written) {
      if (answer.takes(JSON.stringify(record.data).length)) continue
      throw answerTooLong(answerMaxLength, 'leave out `return`, or send fewer operations at a time')
    }
  }

  /** A dry run never tells a position that does not exist. */
  #answerToken(seq: number, { dryRun }: WriteOptions): Record['token'] {
    return this.#context.tokenAt(dryRun ? this.#context.log.durableSeq : seq)
  }

  #replayed<T extends WriteResult>(kept: T, params: WriteOptions): T {
    if (params.return !== 'record') return { ...kept, replayed: true }
    const row = rowOfVersion(this.#context, kept, kept.version)
    const record = row === undefined ? undefined : recordOfRow(row, this.#context.tokenAt)
    return { ...kept, replayed: true, ...(record === undefined ? {} : { record }) }
  }

  /** Takes the erased values out of memory and out of the write-ahead log. */
  #erase(): void {
    this.#context.log.forgetTail()
    this.#context.connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
  }
}

function requireVersion(operation: RecordOperation): void {
  if (operation.op === 'create' || operation.force || operation.expectedVersion !== undefined)
    return
  const operators = operation.op === 'update' && (operation.apply?.length ?? 0) > 0
  const values =
    operation.op === 'update' &&
    (Object.keys(operation.set ?? {}).length > 0 || (operation.unset?.length ?? 0) > 0)
  if (operators && !values) return
  const message = 'expected the version this write is based on; only operators and force do without'
  throw new OrionError('invalid_params', `expectedVersion: ${message}`, {
    issues: [{ path: 'expectedVersion', message }],
    remedy: 'Read the record and send the version you read.',
  })
}

function attempt(run: () => void): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

/** The caller, with the step of its own that made it write among its claims. */
function withToolCall(caller: Author, toolCall: string | undefined): Author {
  if (toolCall === undefined) return caller
  const { principal, client, scopes, claims } = caller
  return { principal, client, scopes, claims: { ...claims, toolCall } }
}
