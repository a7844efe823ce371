/** What stands between what is asked for and what is done: policy, proposals, and who may decide. */

import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import type * as protocol from '../../sdk/protocol/proposals.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { StoreApi } from '../store/store-api.ts'
import { type Approver, noApprover } from './approver.ts'
import { type GovernedWrites, governWrites } from './governed-writes.ts'
import { type GovernedCaller, ownerCredential } from './person.ts'
import { Policy, type PolicyRule } from './policy.ts'
import { differenceOf } from './proposal-difference.ts'
import type { About } from './proposal-moves.ts'
import { Proposals } from './proposals.ts'

/** What the governance of a store is made of. */
export interface GovernanceParts {
  readonly store: StoreApi
  readonly policy: readonly PolicyRule[]
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
  readonly #timer: NodeJS.Timeout

  constructor(parts: GovernanceParts) {
    const { store } = parts
    const policy = new Policy(parts.policy)
    this.#parts = parts
    this.#approver = noApprover
    this.writes = governWrites(store, policy)
    this.proposals = new Proposals({
      store,
      policy,
      approver: this.#approver,
      planAction: ({ name }) => {
        throw new OrionError('invalid_request', `there is no action ${name}`, {})
      },
    })
    const { proposalsLookedAtEveryMs } = parts.limits
    this.#timer = setInterval(() => void this.expireDue(), proposalsLookedAtEveryMs).unref()
  }

  /** What a proposal would change, as of now. */
  async difference(about: About, caller: GovernedCaller): Promise<protocol.ProposalDifference> {
    const told = await differenceOf(this.#parts.store, about, caller)
    return { ...told, approver: this.#approver.isSet }
  }

  /** Ends the proposals whose time is over, so that whoever watches learns it without asking. */
  async expireDue(): Promise<void> {
    const { clock, log } = this.#parts
    try {
      await this.proposals.expire(daemonItself, instantFromMicros(clock.nowMicros()))
    } catch (error) {
      log.debug('proposals were not looked at', { reason: String(error) })
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

const daemonItself: GovernedCaller = {
  principal: 'daemon',
  client: 'orion',
  mayRead: () => true,
  credential: ownerCredential,
  isRenamed: false,
  holds: () => true,
  heldAtFirst: () => true,
}
