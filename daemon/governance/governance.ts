/** What stands between what is asked for and what is done: policy, proposals, and who may decide. */

import type { z } from 'zod'
import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import type { Action } from '../../sdk/plugin/action.ts'
import type * as actionProtocol from '../../sdk/protocol/actions.ts'
import type * as protocol from '../../sdk/protocol/proposals.ts'
import { uuidV7 } from '../../sdk/uuid-v7.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { StoreApi } from '../store/store-api.ts'
import { ActionRegistry, infoOf } from './action-registry.ts'
import { Actions } from './actions.ts'
import { Approver } from './approver.ts'
import { type GovernedWrites, governWrites } from './governed-writes.ts'
import { HookedOperations } from './hooked-operations.ts'
import { HookedWrites } from './hooked-writes.ts'
import { type GovernedCaller, ownerCredential } from './person.ts'
import { Policy, type PolicyRule } from './policy.ts'
import { differenceOf } from './proposal-difference.ts'
import { expireProposals } from './proposal-expiry.ts'
import type { About } from './proposal-moves.ts'
import { Proposals } from './proposals.ts'
import type { Params } from './request-params.ts'
import { digestOfPlan, simulate } from './simulation.ts'
import { settleUnfinished } from './unfinished-actions.ts'
import type { WriteHooks } from './write-hooks.ts'

/** What the governance of a store is made of. */
export interface GovernanceParts {
  readonly store: StoreApi
  readonly policy: readonly PolicyRule[]
  /** What can be done by name; no two of one name. */
  readonly actions: readonly Action[]
  /** Actions that come and go with plugins. */
  readonly pluginActions: () => readonly Action[]
  /** What stands before writes. */
  readonly hooks: WriteHooks
  /** Where the digest of the approver's secret is kept. */
  readonly approverPath: string
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
}

/** The governance of one open store. */
export class Governance {
  readonly writes: GovernedWrites
  readonly proposals: Proposals
  readonly #parts: GovernanceParts
  readonly #approver: Approver
  readonly #registry: ActionRegistry
  readonly #actions: Actions
  readonly #timer: NodeJS.Timeout

  constructor(parts: GovernanceParts) {
    const { store } = parts
    const policy = new Policy(parts.policy)
    this.#parts = parts
    this.#approver = new Approver(parts.approverPath, {
      wrongDelayMs: parts.limits.wrongTokenDelayMs,
    })
    const hooked = new HookedOperations(store, parts.hooks)
    const writes = new HookedWrites(store, hooked, parts.limits.hookRoundsMax)
    this.writes = governWrites(store, policy, writes)
    this.proposals = new Proposals({
      store,
      policy,
      approver: this.#approver,
      planAction: (action, caller) => this.#actions.plan(action, caller),
      afterwards: (done, caller) => this.#actions.afterwards(done, caller),
      hooked,
    })
    this.#registry = new ActionRegistry(parts.actions, parts.pluginActions)
    const life = uuidV7()
    this.#actions = new Actions({
      ...parts,
      life,
      registry: this.#registry,
      policy,
      hooked,
      proposals: () => this.proposals,
    })
    const { proposalsLookedAtEveryMs } = parts.limits
    this.#timer = setInterval(() => void this.expireDue(), proposalsLookedAtEveryMs).unref()
    // Nobody waits for it: the start least of all.
    setImmediate(() => void this.#settle(life))
  }

  /** What a proposal would change, as of now. */
  async difference(about: About, caller: GovernedCaller): Promise<protocol.ProposalDifference> {
    const told = await differenceOf(this.#parts.store, about, caller)
    return { ...told, approver: this.#approver.isSet }
  }

  /** Makes approving need a secret of its own. */
  async initApprover(
    params: Params<typeof protocol.InitApprover>,
    caller: GovernedCaller,
  ): Promise<Result<typeof protocol.InitApprover>> {
    await this.#approver.init(params, caller)
    return { changed: true }
  }

  /** @throws OrionError `forbidden` when the approver's secret is needed, and none or a wrong one came. */
  async proveApprover(secret: string | undefined): Promise<void> {
    await this.#approver.prove(secret)
  }

  listActions(caller: GovernedCaller): Result<typeof actionProtocol.ListActions> {
    return { actions: this.#registry.list(caller).map(infoOf) }
  }

  describeAction(
    name: string,
    caller: GovernedCaller,
  ): Result<typeof actionProtocol.DescribeAction> {
    const action = this.#registry.find(name, caller)
    return { ...infoOf(action), input: action.inputSchema }
  }

  async executeAction(
    params: Params<typeof actionProtocol.ExecuteAction>,
    caller: GovernedCaller,
  ): Promise<Result<typeof actionProtocol.ExecuteAction>> {
    return await this.#actions.execute(params, caller)
  }

  async simulate(
    params: Params<typeof actionProtocol.RunSimulation>,
    caller: GovernedCaller,
  ): Promise<actionProtocol.SimulationResult> {
    return await simulate({ ...this.#parts, registry: this.#registry }, params, caller)
  }

  /** Does, or proposes, exactly what a simulation showed. */
  async applySimulation(
    params: Params<typeof actionProtocol.ApplySimulation>,
    caller: GovernedCaller,
  ): Promise<Result<typeof actionProtocol.ApplySimulation>> {
    const { digest, as, operations, guards = [], ...options } = params
    if (digestOfPlan({ operations, guards }) !== digest) {
      throw new OrionError('conflict', 'this is not what the simulation showed', {
        reason: 'digest',
        current: null,
        remedy: 'send operations, guards and digest of one simulation unchanged, or simulate again',
      })
    }
    if (as === 'proposal') {
      const proposal = await this.proposals.create(
        { ...options, operations, guards, submit: true },
        caller,
      )
      return { token: proposal.token, proposal }
    }
    const { results, token, replayed } = await this.writes.transact(
      { ...options, operations, guards },
      caller,
    )
    return { results, token, ...(replayed ? { replayed } : {}) }
  }

  /** Ends the proposals whose time is over, so that whoever watches learns it without asking. */
  async expireDue(): Promise<void> {
    const { clock, log } = this.#parts
    try {
      await expireProposals(this.#parts.store, daemonItself, instantFromMicros(clock.nowMicros()))
    } catch (error) {
      log.debug('proposals were not looked at', { reason: String(error) })
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Ends the logs of actions that other lives have left in the middle. */
  async #settle(life: string): Promise<void> {
    const { store, log } = this.#parts
    try {
      const settled = await settleUnfinished(store, life, daemonItself)
      if (settled > 0) log.info('actions that were interrupted have ended', { settled })
    } catch (error) {
      log.debug('interrupted actions were not looked for', { reason: String(error) })
    }
  }
}

type Result<D extends { readonly result: z.ZodType }> = z.output<D['result']>

const daemonItself: GovernedCaller = {
  principal: 'daemon',
  client: 'orion',
  mayRead: () => true,
  credential: ownerCredential,
  isRenamed: false,
  holds: () => true,
  heldAtFirst: () => true,
}
