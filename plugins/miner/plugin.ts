/** The plugin: failures that happen again become insights. */
import { z } from 'zod'
import type { Event } from '../../sdk/model.ts'
import { definePlugin } from '../../sdk/plugin/define-plugin.ts'
import { afterCommit } from '../../sdk/plugin/hook.ts'
import type { ReactionContext } from '../../sdk/plugin/plugin-context.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { OrionActionLog, OrionInsight } from '../orion/record-types.ts'
import type { MiningRules } from './kind-change.ts'
import { mineLog } from './mine-log.ts'
import { MinedFailure } from './record-types.ts'

const settings = z.object({
  occurrencesMin: z
    .int()
    .min(1)
    .default(2)
    .describe('How many failures of a kind are worth an insight.'),
  domain: z.string().trim().min(1).default('governance').describe('Domain of its insights.'),
  confidenceScore: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe('How sure a new insight is, from 0 to 1.'),
})

/** Finds failed actions of one kind in the action log, and keeps one insight about each kind. */
export const plugin = definePlugin({
  name: 'miner',
  apiVersion: 1,
  version: '1.0.0',
  description: 'Makes one insight of all failed actions of a kind, and keeps its count.',
  scopes: {
    read: [OrionActionLog.name, OrionInsight.name],
    write: [OrionInsight.name],
  },
  recordTypes: [MinedFailure],
  settings,
  // What failed before the plugin was added counts as well.
  on: [afterCommit('mine', OrionActionLog, { from: 'snapshot', run: mine })],
})

async function mine(
  event: Event<RecordData<typeof OrionActionLog>>,
  context: ReactionContext<MiningRules>,
): Promise<void> {
  const { id, token: cause } = event
  if (id === undefined || isNews(event)) return
  const { client, settings: rules, signal } = context
  const idempotencyKey = context.idempotencyKey()
  await mineLog(id, { client, rules, idempotencyKey, cause, signal })
}

/** Whether an event tells of an action that was never a failure: it is new, and went well or goes on. */
function isNews({ op, record }: Event<RecordData<typeof OrionActionLog>>): boolean {
  return op === 'created' && record !== undefined && record.data.status !== 'FAILURE'
}
