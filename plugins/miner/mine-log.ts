/** Brings what is counted into step with one log of an action, in a store. */
import type { Client } from '../../sdk/client/client.ts'
import { isOrionError } from '../../sdk/errors.ts'
import type { Token } from '../../sdk/model.ts'
import { OrionActionLog, OrionInsight } from '../orion/record-types.ts'
import { type MiningRules, sourcesMax } from './kind-change.ts'
import { type MinerReads, miningPlan } from './mining-plan.ts'
import { MinedFailure } from './record-types.ts'

/** What the miner works with. */
export interface MineOptions {
  readonly client: Client
  readonly rules: MiningRules
  /** The same each time the same event made it look, so that what it writes takes effect once. */
  readonly idempotencyKey: string
  /** The event that made it look. */
  readonly cause?: Token
  readonly signal?: AbortSignal
}

/**
 * Counts the failure that a log tells of, or takes it out of the count when it tells of none any more. It goes by the log as
 * it is now: it may be called again, late, or for a log that is gone, and the counts are right after each call. One call at
 * a time.
 *
 * @returns Whether anything had to be written.
 * @throws OrionError `conflict` when others were first time and again.
 */
export async function mineLog(id: string, options: MineOptions): Promise<boolean> {
  const { client, rules, idempotencyKey, cause, signal } = options
  const reads = readsOf(client)
  const judgement = { rules, principal: client.server.principal }
  for (let round = 1; ; round += 1) {
    const operations = await miningPlan(id, reads, judgement)
    if (operations.length === 0) return false
    try {
      await client.transact(
        { operations },
        {
          // With other operations a key is refused. What lost is not remembered, but its answer may have been lost as well.
          idempotencyKey: round === 1 ? idempotencyKey : `${idempotencyKey}.${round}`,
          reason: 'mined from the action log',
          ...(cause === undefined ? {} : { cause }),
          ...(signal === undefined ? {} : { signal }),
        },
      )
      return true
    } catch (error) {
      if (!isOrionError(error, 'conflict') || round === roundsMax) throw error
    }
  }
}

const roundsMax = 5

function readsOf(client: Client): MinerReads {
  const failures = client.repository(MinedFailure)
  return {
    log: (id) => client.repository(OrionActionLog).find(id),
    entry: (id) => failures.find(id),
    standing: async (kind) => {
      // The insight comes first: if the count changes after that, so does the insight, and what is written loses.
      const insight = await client.repository(OrionInsight).find(kind)
      const where = { kind }
      const [{ count }, { records }] = await Promise.all([
        failures.count({ where }),
        failures.list({ where, orderBy: newestFirst, limit: sourcesMax + 1, fields: ['log'] }),
      ])
      return { count, newest: records.map(({ id }) => id), insight }
    },
  }
}

const newestFirst = [{ field: 'createdAt', direction: 'desc' }] as const
