/** Writes before which a hook stands: shown to it, then admitted as it left them, or shown again if somebody was faster. */
import { isOrionError, OrionError } from '../../sdk/errors.ts'
import type { WriteResult } from '../../sdk/model.ts'
import type { HookOperation } from '../../sdk/protocol/plugin-messages.ts'
import type { TransactOperation } from '../../sdk/protocol/records.ts'
import type { Caller, MoveParams, StoreWrites } from '../store/store-api.ts'
import { notAnswered } from '../store/write-requests.ts'
import type { HookedOperations } from './hooked-operations.ts'

type SingleParams =
  | Parameters<StoreWrites['create']>[0]
  | Parameters<StoreWrites['update']>[0]
  | MoveParams

/** One write of a record, and what carries it out. */
export interface SingleWrite<P extends SingleParams> {
  readonly op: HookOperation
  readonly params: P
  readonly write: (changed: P, caller: Caller) => Promise<WriteResult>
}

interface Repeatable {
  readonly idempotencyKey?: string | undefined
  readonly dryRun?: boolean | undefined
}

interface Rounds<P extends Repeatable, T> {
  readonly params: P
  /** What a repetition is known by. */
  readonly by: object
  readonly caller: Caller
  readonly write: (changed: P, caller: Caller) => Promise<T>
}

/** Carries writes through their hooks. */
export class HookedWrites {
  readonly #store: StoreWrites
  readonly #operations: HookedOperations
  readonly #roundsMax: number

  constructor(store: StoreWrites, operations: HookedOperations, roundsMax: number) {
    this.#store = store
    this.#operations = operations
    this.#roundsMax = roundsMax
  }

  /** Whether a hook stands before a write. */
  concern(operations: readonly { readonly op: string; readonly type: string }[]): boolean {
    return this.#operations.concern(operations)
  }

  async one<P extends SingleParams>(
    { op, params, write }: SingleWrite<P>,
    caller: Caller,
  ): Promise<WriteResult> {
    return await this.#rounds({ params, by: { ...params, op }, caller, write }, async () => {
      const operation = { ...params, op } as TransactOperation
      const work = await this.#operations.applyOne(operation, caller)
      if (work.isLost) return { params, isLost: true }
      const [changed = operation] = work.operations
      const seen = work.guards.find(({ id }) => id === changed.id)?.version ?? undefined
      return { params: changedParams(params, changed, seen), isLost: false }
    })
  }

  async transact(
    params: Parameters<StoreWrites['transact']>[0],
    caller: Caller,
  ): ReturnType<StoreWrites['transact']> {
    const write: StoreWrites['transact'] = (changed, by) => this.#store.transact(changed, by)
    return await this.#rounds({ params, by: params, caller, write }, async () => {
      const { operations, guards = [] } = params
      const work = await this.#operations.apply({ operations, guards }, caller)
      const shown = { operations: [...work.operations], guards: [...work.guards] }
      // The guards hold also what no hook was asked about.
      return { params: { ...params, ...shown }, isLost: false }
    })
  }

  /** The same request again is answered as before, without a word of the hooks: it has happened. */
  async #rounds<P extends Repeatable, T>(
    { params, by, caller, write }: Rounds<P, T>,
    show: () => Promise<{ readonly params: P; readonly isLost: boolean }>,
  ): Promise<T> {
    if (params.idempotencyKey !== undefined && !params.dryRun) {
      try {
        return await write(params, as(caller, { repeatsOnly: true }))
      } catch (error) {
        if (error !== notAnswered) throw error
      }
    }
    for (let round = 1; ; round++) {
      const shown = await show()
      try {
        if (!shown.isLost) return await write(shown.params, as(caller, { askedFor: by }))
        // It fails, and says why; if it would not any more, somebody was faster, and the hooks have to see it.
        await write({ ...shown.params, dryRun: true }, caller)
        if (round >= this.#roundsMax) throw tooFast()
      } catch (error) {
        const isOver = round >= this.#roundsMax || namedItsVersion(params)
        if (!isRace(error) || isOver) throw error
      }
    }
  }
}

/** What was asked for, as the hooks left it, and bound to the version that they have seen. */
function changedParams<P extends SingleParams>(
  params: P,
  { op: _op, ...changed }: TransactOperation,
  seen: number | undefined,
): P {
  const members = { ...params, ...changed } as P
  // Also where the caller would have taken anything.
  return seen === undefined ? members : { ...members, expectedVersion: seen, force: undefined }
}

function tooFast(): OrionError<'overloaded'> {
  const message = 'the record changes faster than its hooks can look at it'
  return new OrionError('overloaded', message, { retryAfterMs: retryAfterRaceMs })
}

const retryAfterRaceMs = 100

function isRace(error: unknown): error is OrionError<'conflict'> {
  if (!isOrionError(error, 'conflict')) return false
  return error.data.reason === 'version' || error.data.reason === 'guard'
}

/** Who said what the write is based on has lost for good. */
function namedItsVersion(params: object): boolean {
  return 'expectedVersion' in params && params.expectedVersion !== undefined
}

/** The caller with something more about the request; what it knows later is asked of it later. */
function as(caller: Caller, more: Pick<Caller, 'askedFor' | 'repeatsOnly'>): Caller {
  const { principal, connectionId, client, claims, scopes, mayRead, deadlineMs } = caller
  return {
    principal,
    client,
    mayRead,
    ...(connectionId === undefined ? {} : { connectionId }),
    ...(claims === undefined ? {} : { claims }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...more,
    get cancelled() {
      return caller.cancelled ?? false
    },
  }
}
