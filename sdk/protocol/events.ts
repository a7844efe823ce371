/** Events of a client's own, and reading the log by polling. */
import { z } from 'zod'
import { firstWord } from '../model.ts'
import { defineRequest } from './define.ts'
import { pageMax } from './records.ts'
import * as shape from './schemas.ts'
import { patterns } from './subscriptions.ts'

/** Longest wait of one `event/list`, in milliseconds. */
export const waitMsMax = 60_000

export const topic = z
  .string()
  .max(255)
  .regex(
    /^[^\s\p{Cc}\p{Cs}.*?[\]{}!,\\]+(\.[^\s\p{Cc}\p{Cs}.*?[\]{}!,\\]+)+$/u,
    'expected a topic such as Build.finished',
  )

export const PublishEvent = defineRequest('event/publish', {
  params: z.object({ topic, payload: shape.json.optional() }).extend(shape.writeOptions.shape),
  result: z.object({ seq: shape.seq, token: shape.token, replayed: z.literal(true).optional() }),
  scope: 'publish',
  needs: ({ topic }) => [{ scope: 'publish', type: firstWord(topic) }],
  summary: 'Puts an event of a client’s own into the log; topics of record types are refused.',
})

export const ListEvents = defineRequest('event/list', {
  params: z.object({
    patterns: patterns.optional(),
    after: shape.token.optional(),
    limit: z.int().min(1).max(pageMax).optional(),
    waitMs: z.int().min(0).max(waitMsMax).optional(),
    include: z.enum(['none', 'changes', 'record']).optional(),
  }),
  result: z.object({
    events: z.array(shape.event),
    token: shape.token,
    gap: z.object({ reason: z.enum(['compacted', 'epoch']), floor: shape.token }).optional(),
  }),
  scope: 'read',
  reach: 'some',
  summary:
    'Events after a position, waiting for the first one if asked; for clients without notifications.',
})
