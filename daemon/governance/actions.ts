/** Carries actions out: worked out beside the store, done in one transaction, and logged whatever comes of them. */
import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import type { Record, WriteResult } from '../../sdk/model.ts'
import type { Action, PreparedAction } from '../../sdk/plugin/action.ts'
import type * as protocol from '../../sdk/protocol/actions.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { ManagedAnswer, ManagedTransaction } from '../store/managed-api.ts'
import type { StoreApi } from '../store/store-api.ts'
import { failLog, logType, pendingLog, succeedLog } from './action-log.ts'
import { planOf } from './action-plan.ts'
import { type ActionRegistry, prepare } from './action-registry.ts'
import type { HookedOperations } from './hooked-operations.ts'
import { assertMay, type GovernedCaller } from './person.ts'
import type { Policy } from './policy.ts'
import { resolve } from './proposal-bases.ts'
import type { Plan, PlanAction } from './proposal-plan.ts'
import type { DoneAction, Proposals } from './proposals.ts'
import type { Params } from './request-params.ts'

type ExecuteParams = Params<typeof protocol.ExecuteAction>
type Answer = ManagedAnswer & {
  readonly action: string
  readonly results: WriteResult[]
  readonly attempts: number
  readonly warnings?: string[]
}

/** What actions are carried out with. */
export interface ActionsParts {
  readonly store: StoreApi
  /** The life of the daemon, which the logs of its actions name. */
  readonly life: string
  readonly registry: ActionRegistry
  readonly policy: Policy
  readonly hooked: HookedOperations
  readonly proposals: () => Proposals
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
}

/** The actions of one store, as they are carried out. */
export class Actions {
  readonly #parts: ActionsParts
  /** Executions under way by principal and key: the same one asked for twice is done once. */
  readonly #underWay = new Map<string, Promise<Answer>>()

  constructor(parts: ActionsParts) {
    this.#parts = parts
  }

  async execute(params: ExecuteParams, caller: GovernedCaller): Promise<Answer> {
    const { idempotencyKey } = params
    const action = this.#parts.registry.find(params.action, caller)
    if (idempotencyKey === undefined || params.dryRun) {
      return await this.#execute(action, { params, caller })
    }
    const key = `${caller.principal}\n${idempotencyKey}\n${JSON.stringify([params.action, params.params])}`
    const known = this.#underWay.get(key)
    if (known !== undefined) return { ...(await known), replayed: true }
    const running = this.#once(action, { params, caller })
    this.#underWay.set(key, running)
    try {
      return await running
    } finally {
      this.#underWay.delete(key)
    }
  }

  /** What an action would do, for a proposal. */
  readonly plan: PlanAction = async ({ name, params }, caller) => {
    const action = this.#parts.registry.find(name, caller)
    return await this.#plan(action, await prepare(action, params), caller)
  }

  /** What follows an action that a proposal has carried out; what fails of it is in the daemon's log. */
  async afterwards({ name, params, results }: DoneAction, caller: GovernedCaller): Promise<void> {
    const prepared = await this.#parts.registry.find(name, caller).prepare(params)
    if (!prepared.ok) return
    const failures = await prepared.action.afterwards({ principal: caller.principal, results })
    for (const reason of failures) {
      this.#parts.log.warn('what follows an action failed', { action: name, reason })
    }
  }

  /** The answer that was kept for the key; else it is done now. */
  async #once(action: Action, order: Order): Promise<Answer> {
    const { params, caller } = order
    const notYet = new OrionError('not_found', 'not done yet', {})
    const run = (): never => {
      throw notYet
    }
    try {
      return await this.#parts.store.manage<Answer>({ method, params, run }, caller)
    } catch (error) {
      if (error !== notYet) throw error
      return await this.#execute(action, order)
    }
  }

  async #execute(action: Action, order: Order): Promise<Answer> {
    const { params, caller } = order
    const prepared = await prepare(action, params.params ?? {})
    assertMay(caller, 'read', action.types)
    if (action.requiresProposal) return await this.#propose(action, order)
    assertMay(caller, 'write', action.types)
    if (params.dryRun) return await this.#dryRun(action, prepared, order)
    const { store, life } = this.#parts
    const log = await pendingLog(store, { action: action.name, params, life }, caller)
    const startedMs = performance.now()
    try {
      const answer = await this.#attempt(action, prepared, { ...order, log, startedMs })
      const { results } = answer
      const warnings = await prepared.afterwards({ principal: caller.principal, results })
      return warnings.length === 0 ? answer : { ...answer, warnings: [...warnings] }
    } catch (error) {
      const durationMs = Math.round(performance.now() - startedMs)
      await failLog(store, { log, error, durationMs }, caller).catch((reason: unknown) =>
        this.#parts.log.warn('the failure of an action was not logged', {
          reason: String(reason),
        }),
      )
      throw error
    }
  }

  /** Again and again from what is there then, as often as the action allows. */
  async #attempt(
    action: Action,
    prepared: PreparedAction,
    order: Order & { readonly log: Record; readonly startedMs: number },
  ): Promise<Answer> {
    const { params, caller, log, startedMs } = order
    for (let attempts = 1; ; attempts += 1) {
      try {
        const plan = await this.#plan(action, prepared, caller)
        if (this.#parts.policy.wantsProposal(caller, plan.operations)) {
          return await this.#propose(action, order)
        }
        this.#parts.policy.assertAllowed(caller, plan.operations)
        const shown = await this.#parts.hooked.apply(plan, caller)
        const run = (work: ManagedTransaction): Answer => {
          const results = carryOut(work, shown)
          const durationMs = Math.round(performance.now() - startedMs)
          const done = succeedLog(work, { log, results, durationMs })
          return { ...work.resultOf(done), action: action.name, results, attempts }
        }
        return await this.#parts.store.manage({ method, params, run }, caller)
      } catch (error) {
        const lost = error instanceof OrionError && error.kind === 'conflict'
        if (!lost || attempts > (action.retriesMax ?? 0)) throw error
      }
    }
  }

  async #dryRun(action: Action, prepared: PreparedAction, order: Order): Promise<Answer> {
    const { caller } = order
    const { store, policy, hooked } = this.#parts
    const planned = await this.#plan(action, prepared, caller)
    policy.assertAllowed(caller, planned.operations)
    const plan = await hooked.apply(planned, caller)
    const results = await store.tryOut((work) => carryOut(work, plan), caller)
    const token = store.token()
    const log = { type: logType, id: 'dry-run', version: firstVersion(results), token }
    return { ...log, changed: false, action: action.name, results, attempts: 1 }
  }

  /** Nothing is done: the answer is an error that names the proposal. */
  async #propose(action: Action, { params, caller }: Order): Promise<never> {
    const { name } = action
    assertMay(caller, 'propose', action.types)
    const { params: given = {}, action: _action, ...options } = params
    const asked = { ...options, action: name, params: given, submit: true }
    const { id } = await this.#parts.proposals().create(asked, caller)
    throw new OrionError(
      'approval_required',
      `${name} has to be approved: it was proposed as ${id}`,
      {
        proposalId: id,
        remedy: `have somebody else approve it: orion proposal approve ${id}`,
      },
    )
  }

  async #plan(action: Action, prepared: PreparedAction, caller: GovernedCaller): Promise<Plan> {
    const { store, clock, limits } = this.#parts
    const at = instantFromMicros(clock.nowMicros())
    const timeMaxMs = limits.actionMaxMs
    return await planOf(action, prepared, { store, caller, at, timeMaxMs, overlay: new Map() })
  }
}

const method = 'action/execute'

interface Order {
  readonly params: ExecuteParams
  readonly caller: GovernedCaller
}

/** All of it in the open transaction, on exactly what the action has seen. */
function carryOut(work: ManagedTransaction, plan: Plan): WriteResult[] {
  if (plan.operations.length === 0) {
    for (const guard of plan.guards) work.guard(guard)
    return []
  }
  const { operations } = resolve(work, plan)
  return work.batch((perform) => operations.map((operation) => work.resultOf(perform(operation))))
}

function firstVersion(results: readonly WriteResult[]): WriteResult['version'] {
  return results[0]?.version ?? (1 as WriteResult['version'])
}
