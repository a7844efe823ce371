/**
 * The methods for proposals. Each decides inside one transaction, on what is stored then: the state, the digest, the
 * bases and the clock are looked at where nothing can come between them and what follows.
 */
import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros, instantMicros } from '../../sdk/instant.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { WriteResult } from '../../sdk/model.ts'
import { proposalType } from '../../sdk/proposal-states.ts'
import type * as protocol from '../../sdk/protocol/proposals.ts'
import { type ProposalResult, rawAction } from '../../sdk/protocol/proposals.ts'
import type { Scope, WriteOptions } from '../../sdk/protocol/schemas.ts'
import { uuidV7 } from '../../sdk/uuid-v7.ts'
import type { ManagedTransaction } from '../store/managed-api.ts'
import type { StoreApi } from '../store/store-api.ts'
import { logDone } from './action-log.ts'
import type { Approver } from './approver.ts'
import type { HookedOperations } from './hooked-operations.ts'
import { assertMay, type GovernedCaller } from './person.ts'
import type { Policy } from './policy.ts'
import { movedSince, type Resolved, resolve } from './proposal-bases.ts'
import {
  type About,
  answerOf,
  digestNow,
  expired,
  moved,
  type ProposalAnswer,
  present,
  voided,
} from './proposal-moves.ts'
import { isPlanned, type Plan, type PlanAction, planOfPayload } from './proposal-plan.ts'
import { asJson, digestOfProposal, proposalOf, type StoredProposal } from './proposal-record.ts'
import { assertLegal, digestError } from './proposal-refusals.ts'
import { approvalsOf, assertNotAuthor, assertNotCounted, withReview } from './proposal-reviews.ts'
import type { Params } from './request-params.ts'

/** What proposals are served with. */
export interface ProposalsParts {
  readonly store: StoreApi
  readonly policy: Policy
  readonly approver: Approver
  readonly planAction: PlanAction
  /** What hooks have to say about what is proposed. */
  readonly hooked: HookedOperations
  /** What follows an action of which the proposal was carried out. */
  readonly afterwards: (done: DoneAction, caller: GovernedCaller) => Promise<void>
}

/** An action that was done by a proposal. */
export interface DoneAction {
  readonly name: string
  readonly params: JsonObject
  readonly results: readonly WriteResult[]
}

/** Proposals of one store. */
export class Proposals {
  readonly #parts: ProposalsParts

  constructor(parts: ProposalsParts) {
    this.#parts = parts
  }

  async create(
    params: Params<typeof protocol.CreateProposal>,
    caller: GovernedCaller,
  ): Promise<ProposalResult> {
    const { action, operations = [], guards = [] } = params
    const plan =
      action === undefined
        ? await this.#parts.hooked.apply({ operations, guards }, caller)
        : await this.#plan({ name: action, params: params.params ?? {} }, caller)
    this.#assertProposable(plan, caller)
    return await this.#manage('proposal/create', params, caller, (work) => {
      const draft = this.#draft(work, { params, plan }, caller)
      const effect = work.create(draft, 'created')
      if (!params.submit) return answerOf(work, effect, params)
      const proposal = proposalOf(effect.record)
      const { operations: fixed } = proposal
      return this.#handIn(work, proposal, { set: {}, operations: fixed, params, caller })
    })
  }

  /** Hands a draft in. What its author wrote into it by ordinary writes is worked out only now. */
  async submit(
    params: Params<typeof protocol.SubmitProposal>,
    caller: GovernedCaller,
  ): Promise<ProposalResult> {
    const draft = await this.#read(params, caller, 'propose')
    const isDone = draft.status !== 'draft' || isPlanned(draft, digestNow(draft))
    const plan = isDone ? undefined : await this.#planOf(draft, caller)
    return await this.#manage('proposal/submit', params, caller, (work) => {
      const proposal = present(work, params, { caller, scope: 'propose' })
      const over = expired(work, proposal, caller)
      if (over !== undefined) return over
      assertLegal(proposal, 'pending', caller)
      const { id, version } = draft.record
      work.guard({ type: proposalType, id, version }, 'version')
      const resolved = plan === undefined ? stillBased(work, proposal) : resolve(work, plan)
      this.#assertProposable(resolved, caller)
      const next = { ...proposal, ...resolved }
      const digest = digestNow(next)
      const { operations } = resolved
      const set = { ...asJson(resolved), digest }
      return this.#handIn(work, proposal, { set, operations, params, caller })
    })
  }

  async approve(
    params: Params<typeof protocol.ApproveProposal>,
    caller: GovernedCaller,
  ): Promise<ProposalResult> {
    const { approverSecret, ...kept } = params
    await this.#parts.approver.prove(approverSecret)
    return await this.#manage('proposal/approve', kept, caller, (work) => {
      const proposal = present(work, params, { caller, scope: 'approve' })
      const over = expired(work, proposal, caller)
      if (over !== undefined) return over
      assertLegal(proposal, 'approved', caller)
      assertNotAuthor(proposal, caller)
      assertNotCounted(proposal, caller)
      const unfit = voided(work, proposal, caller)
      if (unfit !== undefined) return unfit
      const { digest, comment } = params
      if (proposal.digest !== digest) throw digestError(proposal, caller)
      const { at } = work
      const said = { at, decision: 'approved', digest, comment } as const
      return this.#count(work, proposal, { said, params: kept, caller })
    })
  }

  async reject(
    params: Params<typeof protocol.RejectProposal>,
    caller: GovernedCaller,
  ): Promise<ProposalResult> {
    return await this.#manage('proposal/reject', params, caller, (work) => {
      const proposal = present(work, params, { caller, scope: 'approve' })
      const over = expired(work, proposal, caller)
      if (over !== undefined) return over
      assertLegal(proposal, 'rejected', caller)
      assertNotAuthor(proposal, caller)
      const { digest, comment } = params
      if (proposal.digest !== digest) throw digestError(proposal, caller)
      const said = { at: work.at, decision: 'rejected', digest, comment } as const
      const set = {
        reviews: withReview(proposal, caller, said).map((review) => ({ ...review })),
        ...{ reviewedBy: caller.principal, reviewedAt: work.at, reviewComment: comment },
      }
      return moved(work, proposal, { to: 'rejected', move: 'rejected', set, params })
    })
  }

  async cancel(
    params: Params<typeof protocol.CancelProposal>,
    caller: GovernedCaller,
  ): Promise<ProposalResult> {
    return await this.#manage('proposal/cancel', params, caller, (work) => {
      const proposal = present(work, params, { caller, scope: 'propose' })
      const over = expired(work, proposal, caller)
      if (over !== undefined) return over
      assertLegal(proposal, 'cancelled', caller)
      if (!proposal.authors.principals.includes(caller.principal)) {
        assertMay(caller, 'approve', new Set(proposal.operations.map(({ type }) => type)))
      }
      const { comment } = params
      const set = comment === undefined ? {} : { reviewComment: comment }
      return moved(work, proposal, { to: 'cancelled', move: 'cancelled', set, params })
    })
  }

  async execute(
    params: Params<typeof protocol.ExecuteProposal>,
    caller: GovernedCaller,
  ): Promise<ProposalResult> {
    const named = { ...params, reason: params.reason ?? `proposal ${params.id}` }
    let done: StoredProposal | undefined
    await this.#consult(params, caller)
    const answer = await this.#manage('proposal/execute', named, caller, (work) => {
      const proposal = present(work, params, { caller, scope: 'propose' })
      const over = expired(work, proposal, caller)
      if (over !== undefined) return over
      assertLegal(proposal, 'executed', caller)
      const unfit = voided(work, proposal, caller)
      if (unfit !== undefined) return unfit
      if (params.digest !== undefined && params.digest !== proposal.digest) {
        throw digestError(proposal, caller)
      }
      this.#assertApproved(proposal)
      done = proposal
      return this.#carryOut(work, proposal, { params, caller })
    })
    const { results = [] } = answer
    if (done !== undefined && done.actionType !== rawAction && !params.dryRun) {
      const { actionType: name, payload } = done
      await this.#parts.afterwards({ name, params: payload, results }, caller)
    }
    return answer
  }

  /** A proposal as a request that waits for other things sees it; the transaction looks again. */
  async #read(about: About, caller: GovernedCaller, scope: Scope): Promise<StoredProposal> {
    return await this.#parts.store.tryOut((work) => present(work, about, { caller, scope }), caller)
  }

  async #planOf({ actionType, payload }: StoredProposal, caller: GovernedCaller): Promise<Plan> {
    if (actionType !== rawAction) {
      return await this.#plan({ name: actionType, params: payload }, caller)
    }
    return await this.#parts.hooked.apply(planOfPayload(payload), caller)
  }

  async #plan(
    action: { readonly name: string; readonly params: JsonObject },
    caller: GovernedCaller,
  ): Promise<Plan> {
    return await this.#parts.hooked.apply(await this.#parts.planAction(action, caller), caller)
  }

  /** Hooks that came after the approval may still refuse; they change nothing of what was approved. */
  async #consult(about: About, caller: GovernedCaller): Promise<void> {
    const { hooked } = this.#parts
    if (!hooked.any) return
    const { operations } = await this.#read(about, caller, 'propose')
    await hooked.consult(operations, caller)
  }

  #assertProposable({ operations }: Pick<Plan, 'operations'>, caller: GovernedCaller): void {
    assertMay(caller, 'propose', new Set(operations.map(({ type }) => type)))
    this.#parts.policy.assertProposable(caller, operations)
  }

  #draft(
    work: ManagedTransaction,
    asked: { readonly params: Params<typeof protocol.CreateProposal>; readonly plan: Plan },
    caller: GovernedCaller,
  ) {
    const { params, plan } = asked
    const { action = rawAction, evidence = [], expiresInMs, reason, priority, tags } = params
    const id = params.id ?? uuidV7()
    const resolved = resolve(work, plan)
    const payload = params.params ?? {}
    const expiresAt =
      expiresInMs === undefined
        ? undefined
        : instantFromMicros(instantMicros(work.at) + expiresInMs * 1000)
    const said = { actionType: action, payload, reason, evidence, expiresAt }
    const content = { id, createdBy: caller.principal, ...said, ...resolved }
    const data = {
      ...said,
      ...asJson(resolved),
      ...{ priority, tags, proposers: [caller.credential], digest: digestOfProposal(content) },
      quorum: this.#parts.policy.quorumOf(resolved.operations),
    }
    const present: JsonObject = JSON.parse(JSON.stringify(data))
    return { type: proposalType, id, data: present }
  }

  #handIn(
    work: ManagedTransaction,
    proposal: StoredProposal,
    step: {
      readonly set: JsonObject
      readonly operations: Resolved['operations']
      readonly params: WriteOptions
      readonly caller: GovernedCaller
    },
  ): ProposalAnswer {
    const { params, caller } = step
    const { principal, credential } = caller
    const set = {
      ...step.set,
      proposers: [...new Set([...proposal.authors.credentials, credential])],
      ...{ submittedBy: principal, submittedAt: work.at },
      quorum: this.#parts.policy.quorumOf(step.operations),
    }
    return moved(work, proposal, { to: 'pending', move: 'submitted', set, params })
  }

  /** Adds an approval; with the last that is needed the proposal is approved. */
  #count(
    work: ManagedTransaction,
    proposal: StoredProposal,
    review: {
      readonly said: Parameters<typeof withReview>[2]
      readonly params: WriteOptions
      readonly caller: GovernedCaller
    },
  ): ProposalAnswer {
    const { policy } = this.#parts
    const { said, params, caller } = review
    policy.assertPossible(proposal.operations)
    const quorum = policy.quorumOf(proposal.operations)
    const reviews = withReview(proposal, caller, said)
    const isEnough = approvalsOf({ ...proposal, reviews }, said.digest) >= quorum
    const { comment } = said
    const set = {
      reviews: reviews.map((one) => ({ ...one })),
      quorum,
      ...{ reviewedBy: caller.principal, reviewedAt: said.at },
      ...(comment === undefined ? {} : { reviewComment: comment }),
    }
    const [to, move] = isEnough
      ? (['approved', 'approved'] as const)
      : (['pending', 'updated'] as const)
    return moved(work, proposal, { to, move, set, params })
  }

  /** The policy may have been made stricter since. */
  #assertApproved(proposal: StoredProposal): void {
    const { policy } = this.#parts
    policy.assertPossible(proposal.operations)
    const quorum = policy.quorumOf(proposal.operations)
    const approvals = approvalsOf(proposal, proposal.digest ?? '')
    if (approvals >= quorum) return
    const { id } = proposal.record
    throw new OrionError(
      'approval_required',
      `proposal ${id} has ${approvals} of ${quorum} approvals`,
      {
        proposalId: id,
        remedy: 'the policy has changed since it was approved: make another proposal',
      },
    )
  }

  /** All of it and the change of state, or the change of state alone, in this one transaction. */
  #carryOut(
    work: ManagedTransaction,
    proposal: StoredProposal,
    order: { readonly params: WriteOptions; readonly caller: GovernedCaller },
  ): ProposalAnswer {
    const { params, caller } = order
    const attempt = work.attempt(() =>
      work.batch((perform) =>
        proposal.operations.map((operation) => work.resultOf(perform(operation))),
      ),
    )
    const by = { executorId: caller.principal, executedAt: work.at }
    if (proposal.actionType !== rawAction) logDone(work, proposal, { attempt, caller })
    if (attempt.outcome === 'done') {
      const results = attempt.value
      const set = { ...by, executionResult: { results: results.map(withoutToken) } }
      const answer = moved(work, proposal, { to: 'executed', move: 'executed', set, params })
      return { ...answer, results }
    }
    const { kind, message, data } = attempt.error
    const set = { ...by, executionResult: { error: { kind, message } } }
    const answer = moved(work, proposal, { to: 'failed', move: 'failed', set, params })
    const { id } = proposal.record
    const refused = new OrionError(kind, `proposal ${id} failed: ${message}`, {
      ...data,
      remedy: data.remedy ?? 'look at what has changed, then make another proposal',
    })
    return { ...answer, refused }
  }

  async #manage(
    method: string,
    params: WriteOptions & object,
    caller: GovernedCaller,
    run: (work: ManagedTransaction) => ProposalAnswer,
  ): Promise<ProposalResult> {
    if (params.return !== undefined) assertMay(caller, 'read', [proposalType])
    const { refused, ...answer } = await this.#parts.store.manage({ method, params, run }, caller)
    if (refused !== undefined) throw refused
    return answer
  }
}

/** @throws OrionError `conflict` when a draft is not based on what is there any more. */
function stillBased(work: ManagedTransaction, { operations, bases }: StoredProposal): Resolved {
  const [first] = movedSince(work, bases)
  if (first !== undefined) work.guard({ ...first, version: first.expected })
  return { operations, bases }
}

function withoutToken({ token: _token, ...rest }: WriteResult): JsonObject {
  const { type, id, version, changed } = rest
  return { type, id, version, changed }
}
