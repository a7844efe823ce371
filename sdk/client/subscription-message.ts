/** The notifications of subscriptions, read cheaply: there may be very many of them. */
import type { Event, Record, Token } from '../model.ts'
import * as protocol from '../protocol/subscriptions.ts'
import type { FeedGap } from './feed.ts'
import { isRecord } from './result-outline.ts'

/** What the daemon says about subscriptions, and about which. */
export type SubscriptionMessage = { readonly ids: readonly string[] } & (
  | {
      readonly kind: 'events'
      readonly events: readonly Event[]
      readonly token: Token
      /** Whether more of the same transaction follow. */
      readonly part: 'whole' | 'partial'
    }
  | { readonly kind: 'records'; readonly records: readonly Record[]; readonly token: Token }
  | { readonly kind: 'bookmark' | 'synced'; readonly token: Token }
  | { readonly kind: 'gap'; readonly gap: FeedGap }
  | ({ readonly kind: 'closed' } & SubscriptionEnd)
)

/** Why the daemon closed a subscription. */
export interface SubscriptionEnd {
  readonly reason: 'shutdown' | 'handover' | 'forbidden' | 'error'
  readonly retryAfterMs?: number | undefined
}

/** Reads a notification; undefined when it is not what its declaration says. Events and records are checked in outline. */
export function parseSubscriptionMessage(
  method: string,
  params: unknown,
): SubscriptionMessage | undefined {
  if (method === protocol.SubscriptionEvents.method) return parseEvents(params)
  if (method === protocol.SubscriptionSnapshot.method) return parseRecords(params)
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
  const part = params.partial === true ? 'partial' : 'whole'
  return { kind: 'events', ids, events, token: token as Token, part }
}

function parseRecords(params: unknown): SubscriptionMessage | undefined {
  if (!isObject(params)) return undefined
  const { subscriptionId, records, token } = params
  if (typeof subscriptionId !== 'string' || !isRecordList(records)) return undefined
  if (typeof token !== 'string') return undefined
  return { kind: 'records', ids: [subscriptionId], records, token: token as Token }
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

function isRecordList(value: unknown): value is Record[] {
  return Array.isArray(value) && value.every(isRecord)
}

function isEvent(value: unknown): value is Event {
  return (
    isObject(value) &&
    typeof value.seq === 'number' &&
    typeof value.topic === 'string' &&
    typeof value.token === 'string'
  )
}
