import { z } from 'zod'
import type { Event, Token } from '../../../sdk/model.ts'
import { ListEvents } from '../../../sdk/protocol/events.ts'
import { Answer } from '../answer.ts'
import { limit, maxTokens } from '../arguments.ts'
import { cut, dataText, idText, plain } from '../record-text.ts'
import { defineTool, type ToolCall } from '../tool.ts'

/** What happened since the agent looked last; the position is kept for it. */
export const eventsTool = defineTool({
  name: 'events',
  description:
    'What others did since your last call of events. Patterns such as Proposal.*, *.created narrow it.',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: false },
  input: z.strictObject({
    patterns: z.array(z.string().min(1).max(255)).max(20).optional(),
    after: z.string().max(512).optional().describe('a position of an earlier answer'),
    waitSeconds: z.int().min(0).max(25).optional(),
    limit,
    maxTokens,
  }),
  examples: [{ patterns: ['Proposal.*'] }],
  run: async (asked, call) => {
    const { patterns, after, limit, maxTokens } = asked
    const { news } = call
    const start = (after as Token | undefined) ?? news.positionOf(patterns)
    const { events, token, from, gap } = await listOthers({ ...asked, start }, call)
    const answer = new Answer(maxTokens)
    if (gap !== undefined)
      answer.say(`gap (${gap.reason}): older events are gone; search for what matters`)
    let position = from
    const others = new Set(news.ofOthers(events))
    for (const event of events) {
      if (others.has(event)) {
        if (!answer.offer(eventLine(event))) break
        news.told(event.token)
      }
      position = event.token
    }
    const isAll = answer.omitted === 0 && events.length < limit
    if (answer.omitted === 0) position = token
    if (after === undefined) news.moveTo(position, { patterns, isAll })
    if (answer.isEmpty) answer.say('nothing new')
    if (isAll) answer.say(`position ${position}`)
    else answer.say(`call again for more${after === undefined ? '' : `, after ${position}`}`)
    return { text: answer.toString() }
  },
})

/** A page of events with something of others in it; own ones do not end a wait. */
async function listOthers(
  asked: {
    readonly patterns?: string[] | undefined
    readonly start: Token
    readonly waitSeconds?: number | undefined
    readonly limit: number
  },
  { client, news, signal }: ToolCall,
) {
  const { patterns, limit, waitSeconds = 0 } = asked
  const endMs = performance.now() + waitSeconds * 1000
  let from = asked.start
  let gap: Gap | undefined
  for (;;) {
    const waitMs = Math.max(0, Math.ceil(endMs - performance.now()))
    const params = { patterns, after: from, limit, waitMs, include: 'changes' as const }
    const page = await client.request(ListEvents, params, {
      signal,
      timeoutMs: answerMaxMs + waitMs,
    })
    gap ??= page.gap
    const { events } = page
    const isOver = events.length < limit && (events.length === 0 || waitMs === 0)
    if (isOver || gap !== undefined || news.ofOthers(events).length > 0) {
      return { ...page, from, gap }
    }
    from = page.token
  }
}

type Gap = z.output<typeof ListEvents.result>['gap']

/** Longest time until an answer, beside the wait that was asked for. */
const answerMaxMs = 30_000

function eventLine({
  topic,
  id,
  op,
  version,
  changedFields,
  actor,
  at,
  reason,
  payload,
}: Event): string {
  const about = id === undefined ? '' : `/${idText(id)} v${version}`
  const fields =
    op === 'created' || changedFields === undefined || changedFields.length === 0
      ? ''
      : ` ${changedFields.map(plain).join(',')}`
  const told = payload === undefined ? '' : ` ${cut(dataText(payload), 160)}`
  const why = reason === undefined ? '' : ` reason ${dataText(cut(reason, 120))}`
  return `${plain(topic)}${about}${fields} by ${plain(actor.principal)} at ${at}${told}${why}`
}
