import { z } from 'zod'
import type { Event, Token } from '../../../sdk/model.ts'
import { ListEvents } from '../../../sdk/protocol/events.ts'
import { Answer } from '../answer.ts'
import { limit, maxTokens } from '../arguments.ts'
import { cut, dataText, plain } from '../record-text.ts'
import { defineTool } from '../tool.ts'

/** What happened since the agent looked last; the position is kept for it. */
export const eventsTool = defineTool({
  name: 'events',
  description:
    'What happened since your last call of events (own changes left out). Patterns such as Proposal.*, *.created narrow it.',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: false },
  input: z.strictObject({
    patterns: z.array(z.string().min(1).max(255)).max(20).optional(),
    after: z.string().max(512).optional().describe('a position of an earlier answer'),
    waitSeconds: z.int().min(0).max(25).optional(),
    limit,
    maxTokens,
  }),
  examples: [{ patterns: ['Proposal.*'] }],
  run: async ({ patterns, after, waitSeconds = 0, limit, maxTokens }, { client, news, signal }) => {
    const start = (after as Token | undefined) ?? news.position
    const found = await client.request(
      ListEvents,
      { patterns, after: start, limit, waitMs: waitSeconds * 1000, include: 'changes' },
      { signal, timeoutMs: answerMaxMs + waitSeconds * 1000 },
    )
    const answer = new Answer(maxTokens)
    if (found.gap !== undefined)
      answer.say(`gap (${found.gap.reason}): older events are gone; search for what matters`)
    let position = start
    for (const event of found.events) {
      if (!news.isOwn(event.token) && !answer.offer(eventLine(event))) break
      position = event.token
    }
    if (answer.omitted === 0) position = found.token
    if (after === undefined && patterns === undefined) {
      news.position = position
      if (answer.omitted === 0 && found.events.length < limit) news.clear()
    }
    if (answer.isEmpty) answer.say('nothing new')
    answer.say(
      answer.omitted > 0 || found.events.length >= limit
        ? 'call again for more'
        : `position ${position}`,
    )
    return { text: answer.toString() }
  },
})

/** Longest time until an answer, beside the wait that was asked for. */
const answerMaxMs = 30_000

function eventLine({
  topic,
  id,
  version,
  changedFields,
  actor,
  at,
  reason,
  payload,
}: Event): string {
  const about = id === undefined ? '' : `/${plain(id)} v${version}`
  const fields =
    changedFields === undefined || changedFields.length === 0
      ? ''
      : ` ${changedFields.map(plain).join(',')}`
  const told = payload === undefined ? '' : ` ${cut(dataText(payload), 160)}`
  const why = reason === undefined ? '' : ` reason ${dataText(cut(reason, 120))}`
  return `${plain(topic)}${about}${fields} by ${plain(actor.principal)} at ${at}${told}${why}`
}
