/** Subscriptions: a client's standing request for events, and what it is sent. */
import { z } from 'zod'
import { defineNotification, defineRequest, noResult } from './define.ts'
import * as shape from './schemas.ts'

/** Most patterns of one subscription. */
export const patternsMax = 64

export const subscriptionId = z.string().min(1).max(64)
export const patterns = z.array(z.string().min(1).max(256)).min(1).max(patternsMax)

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
  summary: 'Asks for the events of some patterns, from now on or from a position on.',
})

export const CloseSubscription = defineRequest('subscription/close', {
  params: z.object({ subscriptionId }),
  result: noResult,
  summary: 'Ends a subscription; nothing of it comes after the answer.',
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
    'Records as of the token, whatever their lifecycle; any number of these, before the events after it.',
})

export const SubscriptionSynced = defineNotification('subscription/synced', {
  params: z.object({ subscriptionId, token: shape.token }),
  direction: 'to client',
  summary: 'The replay has caught up; always sent once.',
})

export const SubscriptionBookmark = defineNotification('subscription/bookmark', {
  params: z.object({ subscriptionIds, token: shape.token }),
  direction: 'to client',
  summary: 'Nothing for these subscriptions up to this position.',
})

export const SubscriptionGap = defineNotification('subscription/gap', {
  params: z.object({
    subscriptionId,
    reason: z.enum(['compacted', 'epoch']),
    floor: shape.token,
    token: shape.token,
  }),
  direction: 'to client',
  summary: 'Events before this position can’t be served any more.',
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
