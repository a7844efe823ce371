import type { Client } from '../../sdk/client/client.ts'
import type { Page } from '../../sdk/client/queries.ts'
import type { Repository } from '../../sdk/client/repository.ts'
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

/** Changes that wait for somebody's approval, and those that had it. Pages are newest first. */
export class Proposals {
  /** Everything else that can be done with these records. */
  readonly records: Repository<typeof Proposal>

  constructor(client: Client) {
    this.records = client.repository(Proposal)
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
