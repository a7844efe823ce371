/**
 * What daemons that are gone have left in the middle. Success is written in the transaction of what was done, so an action
 * that is still PENDING in a life that is over has done nothing, and its log may say so.
 */
import type { Record } from '../../sdk/model.ts'
import type { ManagedTransaction } from '../store/managed-api.ts'
import type { StoreApi } from '../store/store-api.ts'
import { logType, pending } from './action-log.ts'
import type { GovernedCaller } from './person.ts'

/**
 * Writes into the logs of other lives that nothing was done. There is one daemon at a time, so every other life is over;
 * that of a store which was copied, or put back from a backup, too. It reads what is pending through an index, page by
 * page; what others log, such as `orion run`, has no life and is left alone.
 *
 * @param life - The present one.
 * @returns How many there were.
 */
export async function settleUnfinished(
  store: StoreApi,
  life: string,
  caller: GovernedCaller,
): Promise<number> {
  const where = { status: pending, life: { isNull: false } }
  const orderBy = [{ field: 'createdAt' }]
  let settled = 0
  let after: string | undefined
  do {
    const page = after === undefined ? {} : { after }
    const asked = { type: logType, where, orderBy, limit: atOnce, ...page }
    const { records, next } = await store.list(asked, caller)
    after = next
    const [first, ...rest] = records.filter((record) => isUnfinished(record, life))
    if (first !== undefined) settled += await settle(store, [first, ...rest], { life, caller })
  } while (after !== undefined)
  return settled
}

async function settle(
  store: StoreApi,
  logs: readonly [Record, ...Record[]],
  { life, caller }: { readonly life: string; readonly caller: GovernedCaller },
): Promise<number> {
  let count = 0
  const run = (work: ManagedTransaction) => {
    // Somebody may have changed or deleted one since it was listed.
    const now = logs.flatMap(({ type, id }) => {
      const log = work.read(type, id)
      return log !== undefined && isUnfinished(log, life) ? [log] : []
    })
    count = now.length
    const set = { status: 'FAILURE', error: interrupted }
    const effects = now.map((log) => work.change(log, set, 'updated'))
    const nothing = { changed: false, record: logs[0], seq: work.lastSeq }
    return work.resultOf(effects.at(-1) ?? nothing)
  }
  const reason = 'the daemon that carried it out is gone'
  await store.manage({ method: 'action/settle', params: { reason }, run }, caller)
  return count
}

function isUnfinished({ lifecycle, data }: Record, life: string): boolean {
  const isOver = typeof data.life === 'string' && data.life !== life
  return lifecycle === 'active' && data.status === pending && isOver
}

const interrupted = 'interrupted: the daemon ended in the middle of it; nothing was done'
const atOnce = 100
