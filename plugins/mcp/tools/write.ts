import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { toJsonObject } from '../../../sdk/client/typed-record.ts'
import type { WriteResult } from '../../../sdk/model.ts'
import type { ResultOf } from '../../../sdk/protocol/define.ts'
import { Transact, type TransactOperation } from '../../../sdk/protocol/records.ts'
import { Answer } from '../answer.ts'
import { json } from '../arguments.ts'
import { duplicateLine } from '../duplicates.ts'
import { failureText } from '../failure-text.ts'
import { type Asked, operation, operationsOf, resolveOperation } from '../operations.ts'
import { nameOf, recordLine } from '../record-text.ts'
import { defineTool, type ToolAnswer, type ToolCall } from '../tool.ts'

const input = z.strictObject({
  op: operation.op.optional(),
  type: operation.type.optional(),
  id: operation.id,
  data: operation.data,
  set: operation.set,
  unset: operation.unset,
  apply: operation.apply,
  expectedVersion: operation.expectedVersion.describe('default: the version you read last'),
  operations: z.array(json).min(1).max(100).optional().describe('several at once, all or nothing'),
  reason: z.string().max(1000).optional(),
  dryRun: z.boolean().optional(),
  allowDuplicate: z.boolean().optional(),
  key: z.string().min(1).max(100).optional().describe('same key, one effect'),
})

/** Changes of records, one or several at once. */
export const writeTool = defineTool({
  name: 'write',
  description:
    'Create, update, delete, archive or restore records. A lost race is told with what changed; nothing is overwritten.',
  // Operators add up.
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
  input,
  examples: [
    { op: 'create', type: 'OrionInsight', data: { summary: 'Tests need TZ=UTC', domain: 'ci' } },
    {
      op: 'update',
      type: 'OrionInsight',
      id: 'i-42',
      set: { confidenceScore: 0.9 },
      reason: 'seen again',
    },
  ],
  run: async ({ operations, reason, dryRun, key, allowDuplicate, ...single }, call) => {
    const asked = operationsOf(operations, single)
    const named = nameOfCall(asked, key, call)
    const work =
      (named === undefined ? undefined : call.agent.workOf(named)) ??
      asked.map((operation) => resolveOperation(operation, call))
    const request = {
      operations: work,
      reason,
      dryRun,
      toolCall: call.callId,
      idempotencyKey: keyOf(work, { key, dryRun }, call),
      ...(dryRun === true ? { return: 'record' as const } : {}),
    }
    try {
      if (allowDuplicate !== true) {
        const { idempotencyKey = randomUUID() } = request
        const line = await call.agent.once(idempotencyKey, () => duplicateOf(work, call))
        if (line !== undefined) return { text: line, isError: true }
      }
      const done = await call.client.request(Transact, request, { signal: call.signal })
      if (dryRun === true) return { text: wouldBe(done.results) }
      if (named !== undefined) call.agent.keepWork(named, work)
      return answerOf(done, work, call)
    } catch (error) {
      const index = operationOfFailure(error)
      return { text: failureText(error, { set: asked[index]?.set }), isError: true }
    }
  },
})

/** What is there already of what would be created. */
async function duplicateOf(
  work: readonly TransactOperation[],
  call: ToolCall,
): Promise<string | undefined> {
  for (const operation of work) {
    if (operation.op !== 'create') continue
    const line = await duplicateLine(operation.type, operation.data, call)
    if (line !== undefined) return line
  }
  return undefined
}

/** Which call this is, if somebody gave it a name: its repetition is not based on what it wrote itself. */
function nameOfCall(
  asked: readonly Asked[],
  key: string | undefined,
  { agent, callId }: ToolCall,
): string | undefined {
  const name = key === undefined ? callId : `key ${key}`
  return name === undefined
    ? undefined
    : agent.idempotencyKey('work', asked.map(toJsonObject), name)
}

/** Operators add up, so that two equal calls may be meant; of others the second is a repetition. */
function keyOf(
  work: readonly TransactOperation[],
  { key, dryRun }: { readonly key: string | undefined; readonly dryRun: boolean | undefined },
  { agent, callId }: ToolCall,
): string | undefined {
  if (dryRun === true) return undefined
  if (key !== undefined) return agent.idempotencyKey('write', { key }, `key ${key}`)
  const addsUp = work.some(
    (operation) => operation.op === 'update' && operation.apply !== undefined,
  )
  if (addsUp && callId === undefined) return randomUUID()
  return agent.idempotencyKey('write', work.map(toJsonObject), callId)
}

function answerOf(
  { results, replayed }: ResultOf<typeof Transact>,
  work: readonly TransactOperation[],
  { agent, news }: ToolCall,
): ToolAnswer {
  const lines = results.map((result, index) => {
    const name = `${nameOf(result)} v${result.version}`
    const operation = work[index]
    agent.noteWritten(
      result,
      operation === undefined || operation.op === 'create'
        ? result.version
        : operation.expectedVersion,
    )
    news.disregard(result.token)
    if (replayed === true) return `done before by the same call, not again: ${name}`
    return result.changed ? `done ${name}` : `unchanged ${name}`
  })
  return { text: lines.join('\n') }
}

/** The records as they would be, as far as there is room. */
function wouldBe(results: readonly WriteResult[]): string {
  const answer = new Answer(dryRunMaxTokens)
  for (const result of results) {
    const { record } = result
    const shown =
      record === undefined
        ? `${nameOf(result)} v${result.version}`
        : recordLine(record, 'summary', undefined)
    answer.offer(`would be ${shown}`)
  }
  if (answer.omitted > 0) answer.say(`${answer.omitted} more would be done too`)
  return answer.toString()
}

const dryRunMaxTokens = 1000

function operationOfFailure(error: unknown): number {
  const data = error instanceof Error && 'data' in error ? error.data : undefined
  const index =
    typeof data === 'object' && data !== null && 'operation' in data ? data.operation : 0
  return typeof index === 'number' ? index : 0
}
