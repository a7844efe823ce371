import type { Client } from '../../sdk/client/client.ts'
import type { Page } from '../../sdk/client/queries.ts'
import type { Repository } from '../../sdk/client/repository.ts'
import type { Instant } from '../../sdk/instant.ts'
import type { Record } from '../../sdk/model.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { OrionActionLog } from './record-types.ts'
import { type PageOf, usualLimit } from './selection.ts'

/** The log of actions: what was done, by whom, and how it went. */
export class ActionLogs {
  /** Everything else that can be done with these records. */
  readonly records: Repository<typeof OrionActionLog>

  constructor(client: Client) {
    this.records = client.repository(OrionActionLog)
  }

  /** A page of the actions of one type, newest first. */
  async byType(
    actionType: string,
    page: PageOf<typeof OrionActionLog> = {},
  ): Promise<Page<typeof OrionActionLog>> {
    return await this.records.list({ limit: usualLimit, ...page, where: { actionType }, orderBy })
  }

  /** All actions of one piece of work, oldest first. */
  byTrace(
    traceId: string,
    page: PageOf<typeof OrionActionLog> = {},
  ): AsyncGenerator<Record<RecordData<typeof OrionActionLog>>, void, undefined> {
    const oldestFirst = [{ field: 'createdAt', direction: 'asc' }] as const
    return this.records.listAll({ ...page, where: { traceId }, orderBy: oldestFirst })
  }

  /** A page of the actions that changed a record, newest first. The id may be of any type: an action does not say which. */
  async affecting(
    id: string,
    page: PageOf<typeof OrionActionLog> = {},
  ): Promise<Page<typeof OrionActionLog>> {
    const where = { affectedIds: { contains: id } }
    return await this.records.list({ limit: usualLimit, ...page, where, orderBy })
  }

  /** A page of the actions that failed at or after an instant, newest first; of one type if that is given. */
  async failuresSince(
    since: Instant,
    { actionType, ...page }: PageOf<typeof OrionActionLog> & { readonly actionType?: string } = {},
  ): Promise<Page<typeof OrionActionLog>> {
    const where = { createdAt: { gte: since }, status: 'FAILURE' }
    return await this.records.list({
      limit: usualLimit,
      ...page,
      where: actionType === undefined ? where : { ...where, actionType },
      orderBy,
    })
  }
}

const orderBy = [{ field: 'createdAt', direction: 'desc' }] as const
