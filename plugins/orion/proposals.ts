import type { CallOptions } from '../../sdk/client/caller.ts'
import type { Client } from '../../sdk/client/client.ts'
import type { Page } from '../../sdk/client/queries.ts'
import type { Repository } from '../../sdk/client/repository.ts'
import type { ParamsOf, RequestDefinition } from '../../sdk/protocol/define.ts'
import {
  ApproveProposal,
  CancelProposal,
  CreateProposal,
  DiffProposal,
  ExecuteProposal,
  type ProposalDifference,
  type ProposalResult,
  RejectProposal,
  SubmitProposal,
} from '../../sdk/protocol/proposals.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { Proposal } from './record-types.ts'
import { type PageOf, usualLimit } from './selection.ts'

/** How far a proposal has come. */
export type ProposalStatus = RecordData<typeof Proposal>['status']

/** Which proposals; what is left out is not asked for. */
export interface ProposalQuery {
  readonly status?: ProposalStatus
  readonly createdBy?: string
  readonly actionType?: string
  readonly priority?: RecordData<typeof Proposal>['priority']
}

/** What may be said when a proposal is moved, beside which one it is. */
type Move<D extends RequestDefinition> = Omit<ParamsOf<D>, 'id'>

/**
 * Changes that wait for somebody's approval, and those that had it. Pages are newest first. What moves a proposal is
 * decided by the daemon, in one transaction; each move answers the state and the digest, and is done once however often
 * it is sent. Refusals are `forbidden`; `conflict` when it is not in a state for it, or void; `approval_required`.
 */
export class Proposals {
  /** Everything else that can be done with these records. */
  readonly records: Repository<typeof Proposal>
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
    this.records = client.repository(Proposal)
  }

  /** Proposes operations, or an action. With `submit` it waits for approval at once. */
  async create(
    work: ParamsOf<typeof CreateProposal>,
    options?: CallOptions,
  ): Promise<ProposalResult> {
    return await this.#client.request(CreateProposal, work, options)
  }

  /** Hands a draft in. */
  async submit(id: string, move: Move<typeof SubmitProposal> = {}): Promise<ProposalResult> {
    return await this.#client.request(SubmitProposal, { ...move, id })
  }

  /** What it would change now, and the digest that a review names. */
  async difference(id: string): Promise<ProposalDifference> {
    return await this.#client.request(DiffProposal, { id })
  }

  /** Approves what a digest says; never one's own. */
  async approve(id: string, move: Move<typeof ApproveProposal>): Promise<ProposalResult> {
    return await this.#client.request(ApproveProposal, { ...move, id })
  }

  /** Rejects it, and says why. */
  async reject(id: string, move: Move<typeof RejectProposal>): Promise<ProposalResult> {
    return await this.#client.request(RejectProposal, { ...move, id })
  }

  /** Takes it back. */
  async cancel(id: string, move: Move<typeof CancelProposal> = {}): Promise<ProposalResult> {
    return await this.#client.request(CancelProposal, { ...move, id })
  }

  /** Carries out what was approved; if that is refused, nothing of it is kept and the proposal has failed. */
  async execute(id: string, move: Move<typeof ExecuteProposal> = {}): Promise<ProposalResult> {
    return await this.#client.request(ExecuteProposal, { ...move, id })
  }

  /** A page of the proposals that wait for a decision. */
  async pending(page: PageOf<typeof Proposal> = {}): Promise<Page<typeof Proposal>> {
    return await this.query({ status: 'pending' }, page)
  }

  /** A page of the proposals of one principal. */
  async byCreator(
    createdBy: string,
    page: PageOf<typeof Proposal> = {},
  ): Promise<Page<typeof Proposal>> {
    return await this.query({ createdBy }, page)
  }

  /** A page of the proposals of one action. */
  async byAction(
    actionType: string,
    page: PageOf<typeof Proposal> = {},
  ): Promise<Page<typeof Proposal>> {
    return await this.query({ actionType }, page)
  }

  /** A page of the proposals that fit all that is asked for. */
  async query(
    { status, createdBy, actionType, priority }: ProposalQuery,
    page: PageOf<typeof Proposal> = {},
  ): Promise<Page<typeof Proposal>> {
    return await this.records.list({
      limit: usualLimit,
      ...page,
      where: {
        ...(status === undefined ? {} : { status }),
        ...(createdBy === undefined ? {} : { createdBy }),
        ...(actionType === undefined ? {} : { actionType }),
        ...(priority === undefined ? {} : { priority }),
      },
      orderBy: [{ field: 'createdAt', direction: 'desc' }],
    })
  }

  /** How many proposals are in each state; 0 where there is none. */
  async countsByStatus(
    options: Pick<PageOf<typeof Proposal>, 'lifecycle' | 'atLeast' | 'signal' | 'timeoutMs'> = {},
  ): Promise<{ readonly [S in ProposalStatus]: number }> {
    const { groups = [] } = await this.records.count({ ...options, groupBy: 'status' })
    const counts = new Map(groups.map(({ value, count }) => [value, count]))
    const countOf = (status: ProposalStatus): number => counts.get(status) ?? 0
    return {
      draft: countOf('draft'),
      pending: countOf('pending'),
      approved: countOf('approved'),
      rejected: countOf('rejected'),
      executed: countOf('executed'),
      failed: countOf('failed'),
      cancelled: countOf('cancelled'),
      expired: countOf('expired'),
      stale: countOf('stale'),
    }
  }
}
