import type { Token } from '../model.ts'
import { ApplySimulation, ExecuteAction } from '../protocol/actions.ts'
import type { ParamsOf, RequestDefinition, ResultOf } from '../protocol/define.ts'
import { PublishEvent } from '../protocol/events.ts'
import { Discover } from '../protocol/handshake.ts'
import {
  ApproveProposal,
  CancelProposal,
  CreateProposal,
  ExecuteProposal,
  RejectProposal,
  SubmitProposal,
} from '../protocol/proposals.ts'
import * as records from '../protocol/records.ts'
import { DefineType, MigrateType } from '../protocol/types.ts'
import { CheckStore, ListBackups } from '../protocol/upkeep.ts'
import { uuidV7 } from '../uuid-v7.ts'
import { Call } from './call.ts'
import type { SeenPosition } from './seen-position.ts'
import type { WorkProgress } from './session.ts'
import { clientClosed, type SessionKeeper } from './session-keeper.ts'

/** What every request may be told. */
export interface CallOptions {
  /** Ends the request early. A write that the daemon has begun still stands, and its result is given. */
  readonly signal?: AbortSignal | undefined
  /** Longest time for all of it, reconnecting and repeating included, in milliseconds. */
  readonly timeoutMs?: number | undefined
}

/** What a request that takes long may be told beside that. */
export interface LongCallOptions extends CallOptions {
  /** Told how far the request is. */
  readonly onReport?: ((progress: WorkProgress) => void) | undefined
}

/** What holds for the requests of a program's part, wherever it sends them. */
export interface CallSurroundings {
  /** @throws OrionError for what may not be asked here. */
  assertMayCall(definition: RequestDefinition): void
  /** The event that makes the program write here. */
  cause(): Token | undefined
}

/**
 * Sends requests and sees them through: over lost connections, busy daemons and restarts, until the caller's time is up.
 *
 * A write carries an idempotency key and the epoch it was made in, so that repeating it has no second effect and a
 * store that was put back to an earlier state refuses it. A read is never answered as of an earlier position than
 * what the client has seen, on whichever connection.
 */
export class Caller {
  /** How long a request may take that says nothing itself. */
  readonly timeoutMs: number
  readonly #keeper: SessionKeeper
  readonly #seen: SeenPosition
  readonly #surroundings: CallSurroundings | undefined
  readonly #calls = new Set<Settleable>()
  readonly #forget = (call: Settleable): void => void this.#calls.delete(call)
  #closed = false

  constructor(
    keeper: SessionKeeper,
    options: {
      readonly timeoutMs: number
      readonly seen: SeenPosition
      readonly surroundings?: CallSurroundings | undefined
    },
  ) {
    this.#keeper = keeper
    this.#seen = options.seen
    this.#surroundings = options.surroundings
    this.timeoutMs = options.timeoutMs
  }

  /** The epoch that the newest session told; writes made now belong to it. */
  get epoch(): string | undefined {
    return this.#keeper.newest?.welcome.epoch
  }

  /** Sends a request and resolves with its checked result. Rejects with an OrionError. */
  call<D extends RequestDefinition>(
    definition: D,
    params: ParamsOf<D>,
    options: LongCallOptions = {},
  ): Promise<ResultOf<D>> {
    if (this.#closed) return Promise.reject(clientClosed())
    try {
      this.#surroundings?.assertMayCall(definition)
    } catch (error) {
      return Promise.reject(error)
    }
    const repetition = repetitionOf(definition)
    const sent: object = isObject(params) ? params : {}
    const { onReport } = options
    const progress = onReport === undefined ? undefined : { token: uuidV7(), listener: onReport }
    const call = new Call<D>({
      definition,
      params: repetition === 'keyed' ? this.#withWriteParts(sent) : withToken(sent, progress),
      ...(progress === undefined ? {} : { progress }),
      repetition,
      keeper: this.#keeper,
      seen: this.#seen,
      positioned: positionedMethods.has(definition.method),
      signal: options.signal,
      timeoutMs: options.timeoutMs ?? this.timeoutMs,
      onSettled: this.#forget,
    })
    if (!call.settled) this.#calls.add(call)
    return call.result
  }

  /** Settles every request that still waits. */
  close(): void {
    this.#closed = true
    for (const call of this.#calls) call.abandon()
  }

  #withWriteParts(params: WriteParts): WriteParts {
    const cause = params.cause ?? this.#surroundings?.cause()
    return {
      ...params,
      ...(cause === undefined ? {} : { cause }),
      idempotencyKey: params.idempotencyKey ?? uuidV7(),
      expectedEpoch: params.expectedEpoch ?? this.epoch,
    }
  }
}

type Settleable = Pick<Call, 'abandon'>

interface WriteParts {
  readonly cause?: Token | undefined
  readonly idempotencyKey?: string | undefined
  readonly expectedEpoch?: string | undefined
}

/** Whether a request may be sent again after its answer was lost: with its key, as it is, or not at all. */
export type Repetition = 'keyed' | 'free' | 'never'

function repetitionOf(definition: RequestDefinition): Repetition {
  if (keyedMethods.has(definition.method)) return 'keyed'
  const harmless = definition.scope === 'read' || harmlessMethods.has(definition.method)
  return harmless ? 'free' : 'never'
}

/** Requests whose parameters have an idempotency key. */
const keyedMethods: ReadonlySet<string> = new Set([
  records.CreateRecord.method,
  records.UpdateRecord.method,
  records.DeleteRecord.method,
  records.RestoreRecord.method,
  records.ArchiveRecord.method,
  records.PurgeRecord.method,
  records.Transact.method,
  records.ImportRecords.method,
  PublishEvent.method,
  ExecuteAction.method,
  ApplySimulation.method,
  ...[
    CreateProposal,
    SubmitProposal,
    ApproveProposal,
    RejectProposal,
    CancelProposal,
    ExecuteProposal,
  ].map(({ method }) => method),
])

/** Reads that may ask for a position. */
const positionedMethods: ReadonlySet<string> = new Set([
  records.GetRecord.method,
  records.GetManyRecords.method,
  records.ListRecords.method,
  records.CountRecords.method,
])

/** Requests without a key that have the same effect however often they are sent. */
const harmlessMethods: ReadonlySet<string> = new Set([
  DefineType.method,
  MigrateType.method,
  Discover.method,
  CheckStore.method,
  ListBackups.method,
])

function withToken(params: object, progress: { readonly token: string } | undefined): object {
  return progress === undefined ? params : { ...params, workDoneToken: progress.token }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
