/** What was done by actions, and how it went: a record for each execution, which outlives what it tells of. */
import { OrionError } from '../../sdk/errors.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Record, WriteResult } from '../../sdk/model.ts'
import { uuidV7 } from '../../sdk/uuid-v7.ts'
import type { Attempt, Effect, ManagedTransaction } from '../store/managed-api.ts'
import type { StoreApi } from '../store/store-api.ts'
import type { GovernedCaller } from './person.ts'

/** The record type of these logs. */
export const logType = 'OrionActionLog'
/** The status of a log whose action is under way. */
export const pending = 'PENDING'

/**
 * Writes down that an action has begun; resolves when that is on disk.
 *
 * @param begun - `life`: that of the daemon. When it is over, whoever comes next settles what is PENDING still.
 */
export async function pendingLog(
  store: StoreApi,
  begun: {
    readonly action: string
    readonly params: { readonly params?: JsonObject | undefined }
    readonly life: string
  },
  caller: GovernedCaller,
): Promise<Record> {
  const run = caller.claims?.run
  const data: JsonObject = {
    agentId: caller.principal,
    actionType: begun.action,
    parameters: begun.params.params ?? {},
    status: pending,
    life: begun.life,
    ...(run === undefined ? {} : { traceId: run }),
  }
  const { record } = await store.manage(
    {
      method: 'action/log',
      params: {},
      run: (work) => {
        const effect = work.create({ type: logType, id: uuidV7(), data }, 'created')
        return { ...work.resultOf(effect), record: effect.record }
      },
    },
    caller,
  )
  return record
}

/** Writes down that it went well, in the transaction of what was done. */
export function succeedLog(
  work: ManagedTransaction,
  done: {
    readonly log: Record
    readonly results: readonly WriteResult[]
    readonly durationMs: number
  },
): Effect {
  const { log, results, durationMs } = done
  const affectedIds = [...new Set(results.map(({ id }) => id))]
  return end(work, log, { status: 'SUCCESS', affectedIds, durationMs })
}

/** Writes down how an action went that was carried out by a proposal, in the transaction of the proposal. */
export function logDone(
  work: ManagedTransaction,
  { actionType, payload }: { readonly actionType: string; readonly payload: JsonObject },
  went: { readonly attempt: Attempt<readonly WriteResult[]>; readonly caller: GovernedCaller },
): void {
  const { attempt, caller } = went
  const outcome =
    attempt.outcome === 'done'
      ? { status: 'SUCCESS', affectedIds: [...new Set(attempt.value.map(({ id }) => id))] }
      : { status: 'FAILURE', error: told(attempt.error) }
  const data = { agentId: caller.principal, actionType, parameters: payload, ...outcome }
  work.create({ type: logType, id: uuidV7(), data }, 'created')
}

/** Writes down that it failed, and why, when nothing else was written. */
export async function failLog(
  store: StoreApi,
  failed: { readonly log: Record; readonly error: unknown; readonly durationMs: number },
  caller: GovernedCaller,
): Promise<void> {
  const { log, error, durationMs } = failed
  const set = { status: 'FAILURE', error: told(error), durationMs }
  // What it tells of may have been cancelled; it tells of it all the same.
  const teller = { ...callerOf(caller), cancelled: false }
  await store.manage(
    { method: 'action/log', params: {}, run: (work) => work.resultOf(end(work, log, set)) },
    teller,
  )
}

const errorMaxLength = 4000

/** Of a bug its inside is not told. */
function told(error: unknown): string {
  if (!(error instanceof OrionError)) return 'internal error'
  return `${error.kind}: ${error.message}`.slice(0, errorMaxLength)
}

/** Whatever somebody made of the log meanwhile, how it ended is written into it. */
function end(
  work: ManagedTransaction,
  { type, id }: Record,
  set: { [field: string]: Json },
): Effect {
  const now = work.read(type, id)
  if (now === undefined || now.lifecycle !== 'active') {
    throw new OrionError('invalid_request', `the log ${id} of this action is gone`, {})
  }
  return work.change(now, set, 'updated')
}

/** Without what belongs to the request that failed. */
function callerOf({ principal, client, claims, scopes, mayRead }: GovernedCaller) {
  return { principal, client, mayRead, scopes, ...(claims === undefined ? {} : { claims }) }
}
