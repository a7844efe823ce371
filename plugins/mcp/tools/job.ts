import { z } from 'zod'
import { toJsonObject } from '../../../sdk/client/typed-record.ts'
import type { Record } from '../../../sdk/model.ts'
import { CreateRecord, ListRecords } from '../../../sdk/protocol/records.ts'
import { Answer } from '../answer.ts'
import { json, limit, maxTokens } from '../arguments.ts'
import { cut, dataText, nameOf, plain } from '../record-text.ts'
import { defineTool, type ToolAnswer, type ToolCall } from '../tool.ts'

const jobResult = 'JobResult'
const outcome = z.enum(['SUCCESS', 'FAILURE', 'BLOCKED'])

/** How jobs ended, and telling how one did. */
export const jobTool = defineTool({
  name: 'job',
  description:
    'How jobs ended, newest first, with the failure rate of one job; or report the result of a run.',
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: z.strictObject({
    jobId: z.string().min(1).max(1000).optional(),
    status: outcome.optional().describe('only these'),
    report: z
      .strictObject({
        status: outcome,
        runId: z.string().max(1000).optional(),
        metrics: json.optional(),
      })
      .optional()
      .describe('store a result of jobId'),
    dryRun: z.boolean().optional(),
    limit,
    maxTokens,
  }),
  examples: [{ jobId: 'unit-tests' }],
  run: async ({ jobId, status, report, dryRun, limit, maxTokens }, call) => {
    if (report !== undefined && jobId !== undefined) {
      return await store({ jobId, ...report }, dryRun, call)
    }
    if (report !== undefined)
      return { text: 'ERROR input: jobId: expected the job that ended', isError: true }
    const where = {
      ...(jobId === undefined ? {} : { jobId }),
      ...(status === undefined ? {} : { status }),
    }
    const params = {
      type: jobResult,
      where,
      orderBy: [{ field: 'createdAt', direction: 'desc' as const }],
      limit: jobId === undefined ? limit : Math.max(limit, rateOver),
    }
    const { records } = await call.client.request(ListRecords, params, { signal: call.signal })
    return { text: tell(records, { jobId, status, limit, maxTokens }) }
  },
})

function tell(
  records: readonly Record[],
  asked: {
    jobId: string | undefined
    status: string | undefined
    limit: number
    maxTokens: number
  },
): string {
  const answer = new Answer(asked.maxTokens)
  if (records.length === 0) return answer.say('no results').toString()
  if (asked.jobId !== undefined && asked.status === undefined) {
    const failed = records.filter(({ data }) => data.status !== 'SUCCESS').length
    answer.say(
      `${plain(asked.jobId)}: ${failed} of the last ${records.length} runs did not succeed`,
    )
  }
  for (const record of records.slice(0, asked.limit)) {
    const { version, data, createdAt } = record
    const metrics = cut(dataText(data.metrics ?? {}), 160)
    answer.offer(
      `${nameOf(record)} v${version} ${plain(String(data.jobId))} ${data.status} at ${createdAt} ${metrics}`,
    )
  }
  if (answer.omitted > 0) answer.say(`${answer.omitted} more did not fit: raise maxTokens`)
  return answer.toString()
}

async function store(
  data: { jobId: string; status: string; runId?: string | undefined; metrics?: object | undefined },
  dryRun: boolean | undefined,
  { client, agent, news, callId, signal }: ToolCall,
): Promise<ToolAnswer> {
  const given = toJsonObject(data)
  if (dryRun === true) {
    await client.request(CreateRecord, { type: jobResult, data: given, dryRun }, { signal })
    return { text: `would be stored ${dataText(given)}` }
  }
  const idempotencyKey = agent.idempotencyKey('job', given, callId)
  const params = { type: jobResult, data: given, idempotencyKey, toolCall: callId }
  const result = await client.request(CreateRecord, params, { signal })
  agent.noteWritten(result)
  news.disregard(result.token)
  const again =
    result.replayed === true ? 'stored before by the same call (another run: give runId)' : 'stored'
  return { text: `${again} JobResult/${result.id} v${result.version}` }
}

/** Over how many runs the rate of failures is taken. */
const rateOver = 50
