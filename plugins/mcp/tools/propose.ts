import { z } from 'zod'
import { toJsonObject } from '../../../sdk/client/typed-record.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import type { JsonObject } from '../../../sdk/json.ts'
import {
  CancelProposal,
  CreateProposal,
  DiffProposal,
  ExecuteProposal,
  type ProposalResult,
} from '../../../sdk/protocol/proposals.ts'
import { GetRecord } from '../../../sdk/protocol/records.ts'
import { id, json } from '../arguments.ts'
import { operationsOf, resolveOperation } from '../operations.ts'
import { cut, dataText, idText, nameOf, plain } from '../record-text.ts'
import { defineTool, type ToolAnswer, type ToolCall, ToolInputError } from '../tool.ts'

const input = z.strictObject({
  operations: z.array(json).min(1).max(100).optional().describe('as of write'),
  reason: z.string().max(1000).optional().describe('why; people decide by it'),
  evidence: z
    .array(z.string().min(1).max(1024))
    .max(20)
    .optional()
    .describe('Type/id that speak for it'),
  priority: z.enum(['low', 'medium', 'high', 'critical']).optional(),
  id: id.optional().describe('a proposal: what became of it'),
  step: z.enum(['execute', 'cancel']).optional().describe('with id; execute once approved'),
  dryRun: z.boolean().optional(),
})

/** Changes that somebody else has to approve, and what became of them. */
export const proposeTool = defineTool({
  name: 'propose',
  description:
    'Propose operations that a person has to approve; look what became of a proposal; carry out an approved one.',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  input,
  examples: [
    {
      operations: [{ op: 'archive', type: 'OrionInsight', id: 'i-42' }],
      reason: 'no longer true since the move to Node 22',
    },
  ],
  run: async (asked, call) => {
    if (asked.id !== undefined) return await existing(asked.id, asked, call)
    if (asked.operations === undefined) {
      throw new ToolInputError('operations: expected what is proposed, or id of a proposal')
    }
    return await propose(asked, asked.operations, call)
  },
})

async function propose(
  { reason, evidence, priority, dryRun }: z.output<typeof input>,
  given: readonly JsonObject[],
  call: ToolCall,
): Promise<ToolAnswer> {
  const operations = operationsOf(given, {}).map((operation) => resolveOperation(operation, call))
  const work = { operations, reason, evidence, priority, submit: true }
  if (dryRun === true) {
    const tried = await call.client.request(
      CreateProposal,
      { ...work, dryRun },
      { signal: call.signal },
    )
    return { text: `would be proposed: ${operations.length} operations, ${stateOf(tried)}` }
  }
  const idempotencyKey = call.agent.idempotencyKey('propose', toJsonObject(work), call.callId)
  const params = { ...work, idempotencyKey, toolCall: call.callId }
  const result = await call.client.request(CreateProposal, params, { signal: call.signal })
  call.news.disregard(result.token)
  const again = result.replayed === true ? 'proposed before by the same call' : 'proposed'
  return {
    text: `${again} Proposal/${result.id} v${result.version} ${stateOf(result)}; you can not approve it yourself`,
  }
}

async function existing(
  id: string,
  { step, dryRun }: Pick<z.output<typeof input>, 'step' | 'dryRun'>,
  call: ToolCall,
): Promise<ToolAnswer> {
  const { client, agent, news, signal, callId } = call
  if (step === undefined) return { text: await whatBecame(id, call) }
  const idempotencyKey = dryRun === true ? undefined : agent.idempotencyKey(step, { id }, callId)
  const definition = step === 'execute' ? ExecuteProposal : CancelProposal
  const result = await client.request(
    definition,
    { id, idempotencyKey, dryRun, toolCall: callId },
    { signal },
  )
  news.disregard(result.token)
  const lines = [`${nameOf(result)} v${result.version} ${stateOf(result)}`]
  for (const done of result.results ?? []) {
    agent.noteWritten(done)
    news.disregard(done.token)
    lines.push(`done ${nameOf(done)} v${done.version}`)
  }
  return {
    text: lines.join('\n'),
    isError: result.status === 'failed' || result.status === 'stale',
  }
}

async function whatBecame(id: string, call: ToolCall): Promise<string> {
  const { client, signal } = call
  const record = await client.request(GetRecord, { type: 'Proposal', id }, { signal })
  const { status, reviewedBy, reviewComment } = record.data
  const lines = [`Proposal/${idText(id)} v${record.version} ${plain(String(status))}`]
  if (typeof reviewedBy === 'string') lines.push(`reviewed by ${plain(reviewedBy)}`)
  if (typeof reviewComment === 'string') lines.push(`comment ${dataText(cut(reviewComment, 300))}`)
  if (status === 'approved') lines.push('to carry it out: propose with this id and step:"execute"')
  if (status === 'pending' || status === 'approved') lines.push(...(await movedLines(id, call)))
  return lines.join('\n')
}

/** What it was based on and has changed since, which makes it void. */
async function movedLines(id: string, { client, signal }: ToolCall): Promise<string[]> {
  try {
    const { moved } = await client.request(DiffProposal, { id }, { signal })
    return moved.map(({ type, id, expected, found }) => {
      return `${nameOf({ type, id })} has moved: v${expected ?? 0} then, v${found ?? 0} now; propose anew`
    })
  } catch (error) {
    // What it would change is not for everybody to see.
    if (isOrionError(error, 'forbidden')) return []
    throw error
  }
}

function stateOf({ status, approvals, quorum }: ProposalResult): string {
  return status === 'pending' ? `pending (${approvals} of ${quorum} approvals)` : status
}
