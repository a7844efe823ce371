/** Subscriptions: a client's standing request for events, and what it is sent. */
import { z } from 'zod'
import { defineNotification, defineRequest, noResult } from './define.ts'
import * as shape from './schemas.ts'

/** Most patterns of one subscription. */
export const patternsMax = 64
/** Longest pattern, in characters. */
export const patternMaxLength = 256
/** Most alternatives that the braces of one subscription's patterns may make in all. */
export const alternativesMax = 256

export const subscriptionId = z.string().min(1).max(64)
export const patterns = z.array(z.string().min(1).max(patternMaxLength)).min(1).max(patternsMax)

export const OpenSubscription = defineRequest('subscription/open', {
  params: z.object({
    patterns,
    where: shape.jsonObject.optional(),
    from: z.string().min(1).max(120).optional(),
    include: z.enum(['none', 'changes', 'record']).optional(),
    policy: z.enum(['park', 'coalesce']).optional(),
    windowEvents: z.int().min(1).max(4096).optional(),
    onGap: z.enum(['snapshot', 'continue']).optional(),
    name: z.string().min(1).max(255).optional(),
    allowUnknown: z.boolean().optional(),
  }),
  result: z.object({ subscriptionId, token: shape.token, patterns }),
  scope: 'read',
  reach: 'some',
  summary: 'Asks for the events of some patterns, from now on or from a position on.',
})

export const CloseSubscription = defineRequest('subscription/close', {
  params: z.object({ subscriptionId }),
  result: noResult,
  summary: 'Ends a subscription; nothing of it comes after the answer.',
})

export const AcknowledgeSubscription = defineRequest('subscription/acknowledge', {
  params: z.object({ subscriptionId, token: shape.token }),
  result: z.object({ token: shape.token }),
  scope: 'read',
  reach: 'some',
  summary: 'Moves a named position: what is not acknowledged is sent again after a reconnect.',
})

export const FlushSubscription = defineRequest('subscription/flush', {
  params: z.object({ subscriptionId, token: shape.token.optional() }),
  result: z.object({ token: shape.token }),
  scope: 'read',
  reach: 'some',
  summary:
    'Answers after every event up to a position, by default the present one, was written to this connection.',
})

const subscriptionIds = z.array(subscriptionId).min(1)

export const SubscriptionEvents = defineNotification('subscription/events', {
  params: z.object({
    subscriptionIds,
    events: z.array(shape.event),
    token: shape.token,
    partial: z.literal(true).optional(),
  }),
  direction: 'to client',
  summary: 'Events, all of them for all of the named subscriptions, in seq order.',
})

export const SubscriptionSnapshot = defineNotification('subscription/snapshot', {
  params: z.object({ subscriptionId, records: z.array(shape.record), token: shape.token }),
  direction: 'to client',
  summary:
    'Some of the records as of this position; it is one to begin at only after the last of them.',
})

export const SubscriptionSynced = defineNotification('subscription/synced', {
  params: z.object({ subscriptionId, token: shape.token }),
  direction: 'to client',
  summary: 'The snapshot is whole, or the replay has caught up; always sent once.',
})

export const SubscriptionBookmark = defineNotification('subscription/bookmark', {
  params: z.object({ subscriptionIds, token: shape.token }),
  direction: 'to client',
  summary: 'Nothing more for these subscriptions up to this position.',
})

export const SubscriptionGap = defineNotification('subscription/gap', {
  params: z.object({
    subscriptionId,
    reason: z.enum(['compacted', 'epoch']),
    floor: shape.token,
    token: shape.token,
    /** Patterns that fit clients’ own topics too, whose lost events no snapshot brings back. */
    patterns: z.array(z.string()).optional(),
  }),
  direction: 'to client',
  summary:
    'Events before this position can’t be served any more; a snapshot follows, or the events after the floor.',
})

export const SubscriptionClosed = defineNotification('subscription/closed', {
  params: z.object({
    subscriptionId,
    reason: z.enum(['shutdown', 'handover', 'forbidden', 'error']),
    retryAfterMs: z.int().optional(),
  }),
  direction: 'to client',
  summary: 'The daemon ended the subscription.',
})
