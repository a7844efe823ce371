import { z } from 'zod'
import { toJsonObject } from '../../../sdk/client/typed-record.ts'
import type { Json } from '../../../sdk/json.ts'
import type { Record } from '../../../sdk/model.ts'
import { ListRecords } from '../../../sdk/protocol/records.ts'
import { SearchRecords, type Snippet } from '../../../sdk/protocol/search.ts'
import { Answer } from '../answer.ts'
import { detail, json, limit, maxTokens, type } from '../arguments.ts'
import { dataText, idText, nameOf, recordLine } from '../record-text.ts'
import { inSuccession } from '../succession.ts'
import { defineTool, type ToolCall, ToolInputError } from '../tool.ts'

const input = z.strictObject({
  query: z.string().max(1000).optional().describe('words; "a phrase", OR, -not, prefix*'),
  types: z.array(type).min(1).max(50).optional(),
  where: json
    .optional()
    .describe('filter of one type, {"domain":"ci","confidenceScore":{"gte":0.8}}'),
  orderBy: z.string().max(255).optional().describe('field, or field:desc; without query'),
  page: z.string().max(16).optional().describe('as an earlier answer named it'),
  limit,
  detail,
  maxTokens,
})

/** Records by words, or by a filter. */
export const searchTool = defineTool({
  name: 'search',
  description:
    'Find records by words (best first), by a filter, or both. Each line: type/id version data.',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input,
  examples: [
    { query: 'flaky test', types: ['OrionInsight'] },
    { types: ['JobResult'], where: { status: 'FAILURE' }, orderBy: 'createdAt:desc' },
  ],
  run: async (asked, call) => {
    const page = asked.page === undefined ? undefined : call.agent.page(asked.page)
    if (asked.page !== undefined && page === undefined) {
      throw new ToolInputError(
        `page: ${JSON.stringify(asked.page)} is not known any more; search again`,
      )
    }
    const question = {
      ...asked,
      ...(page === undefined ? {} : input.parse(page.args)),
      maxTokens: asked.maxTokens,
    }
    const ask = question.query === undefined ? list : search
    return { text: await ask(question, page?.after, call) }
  },
})

type Question = z.output<typeof input>

async function search(asked: Question, after: string | undefined, call: ToolCall): Promise<string> {
  const { query = '', types, where, limit, detail } = asked
  const params = { query, types, where, limit, after, highlight: detail === 'index' }
  const { hits, next } = await call.client.request(SearchRecords, params, { signal: call.signal })
  const answer = new Answer(asked.maxTokens)
  const ranked = await inSuccession<Found>(hits, (record) => ({ record }), call)
  for (const { hit, successor } of ranked) {
    const { record, snippet } = hit
    const outline = await call.agent.typeOutline(call.client, record.type, call.signal)
    const shown =
      snippet === undefined ? recordLine(record, detail, outline) : hitLine(record, snippet)
    const mark = successor === undefined ? '' : ` superseded by ${idText(successor.id)}`
    if (answer.offer(shown + mark)) call.agent.note(record)
  }
  if (hits.length === 0)
    answer.say('nothing found; fewer or other words may find more, OR joins choices')
  return closing(answer, { next, args: argsOf(asked) }, call)
}

/** A record that was found, and where in it. */
interface Found {
  readonly record: Record
  readonly snippet?: Snippet | undefined
}

/** A record by the place where the words were found. */
function hitLine(record: Record, snippet: Snippet): string {
  return `${nameOf(record)} v${record.version} ${dataText(snippet.text)}`
}

async function list(asked: Question, after: string | undefined, call: ToolCall): Promise<string> {
  const [type, ...others] = asked.types ?? []
  if (type === undefined || others.length > 0) {
    throw new ToolInputError('types: expected one type for a filter without a query')
  }
  const { where, orderBy, limit, detail } = asked
  const order = orderBy === undefined ? undefined : [orderOf(orderBy)]
  const params = { type, where, orderBy: order, limit, after }
  const outline = await call.agent.typeOutline(call.client, type, call.signal)
  const { records, next } = await call.client.request(ListRecords, params, { signal: call.signal })
  const answer = new Answer(asked.maxTokens)
  for (const record of records) {
    if (answer.offer(recordLine(record, detail, outline))) call.agent.note(record)
  }
  if (records.length === 0) answer.say('nothing found')
  return closing(answer, { next, args: argsOf(asked) }, call)
}

/** The last line: how much is left out, and how to go on. */
function closing(
  answer: Answer,
  rest: { readonly next: string | undefined; readonly args: Json },
  call: ToolCall,
): string {
  if (answer.omitted > 0)
    answer.say(`${answer.omitted} more did not fit: use detail index, or raise maxTokens`)
  if (rest.next !== undefined) {
    answer.say(`more: page ${call.agent.keepPage({ after: rest.next, args: rest.args })}`)
  }
  return answer.toString()
}

function argsOf(asked: Question): Json {
  return toJsonObject({ ...asked, page: undefined })
}

function orderOf(text: string): { field: string; direction: 'asc' | 'desc' } {
  const [field = '', direction = 'asc'] = text.split(':')
  if (direction === 'asc' || direction === 'desc') return { field, direction }
  throw new ToolInputError(`orderBy: expected field:asc or field:desc, got ${JSON.stringify(text)}`)
}
