/** The notifications of subscriptions, read cheaply: there may be very many of them. */
import type { Event, Token } from '../model.ts'
import * as protocol from '../protocol/subscriptions.ts'
import type { Gap } from './subscription-options.ts'

/** What the daemon says about subscriptions, and about which. */
export type SubscriptionMessage = { readonly ids: readonly string[] } & (
  | { readonly kind: 'events'; readonly events: readonly Event[]; readonly token: Token }
  | { readonly kind: 'bookmark' | 'synced'; readonly token: Token }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | ({ readonly kind: 'closed' } & SubscriptionEnd)
)

/** Why the daemon closed a subscription. */
export interface SubscriptionEnd {
  readonly reason: 'shutdown' | 'handover' | 'forbidden' | 'error'
  readonly retryAfterMs?: number | undefined
}

/** Reads a notification; undefined when it is not what its declaration says. Events are checked in outline. */
export function parseSubscriptionMessage(
  method: string,
  params: unknown,
): SubscriptionMessage | undefined {
  if (method === protocol.SubscriptionEvents.method) return parseEvents(params)
  if (method === protocol.SubscriptionBookmark.method) {
    const bookmark = protocol.SubscriptionBookmark.params.safeParse(params).data
    return bookmark && { kind: 'bookmark', ids: bookmark.subscriptionIds, token: bookmark.token }
  }
  if (method === protocol.SubscriptionSynced.method) {
    const synced = protocol.SubscriptionSynced.params.safeParse(params).data
    return synced && { kind: 'synced', ids: [synced.subscriptionId], token: synced.token }
  }
  if (method === protocol.SubscriptionGap.method) {
    const gap = protocol.SubscriptionGap.params.safeParse(params).data
    if (gap === undefined) return undefined
    const { subscriptionId, reason, floor, token } = gap
    return { kind: 'gap', ids: [subscriptionId], gap: { reason, floor, token } }
  }
  const closed = protocol.SubscriptionClosed.params.safeParse(params).data
  if (closed === undefined) return undefined
  const { subscriptionId, reason, retryAfterMs } = closed
  return { kind: 'closed', ids: [subscriptionId], reason, retryAfterMs }
}

function parseEvents(params: unknown): SubscriptionMessage | undefined {
  if (!isObject(params)) return undefined
  const { subscriptionIds: ids, events, token } = params
  if (!isTextList(ids) || !isEventList(events) || typeof token !== 'string') return undefined
  return { kind: 'events', ids, events, token: token as Token }
}

interface Members {
  readonly [name: string]: unknown
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isEventList(value: unknown): value is Event[] {
  return Array.isArray(value) && value.every(isEvent)
}

function isEvent(value: unknown): value is Event {
  return (
    isObject(value) &&
    typeof value.seq === 'number' &&
    typeof value.topic === 'string' &&
    typeof value.token === 'string'
  )
}
