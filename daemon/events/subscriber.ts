/** One subscription: what it wants, and how far it has been served. */
import { firstWord } from '../../sdk/model.ts'
import type { Include, RecordFilter } from '../store/store-api.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** What happens to events that a subscriber did not take in time: they wait in the log, or give way to later ones. */
export type Policy = 'park' | 'coalesce'

/**
 * What a subscription wants. Subscriptions with equal keys want the same, and so always get the same events
 * together when they are at the same position.
 */
export interface Selection {
  readonly key: string
  readonly patterns: readonly TopicPattern[]
  readonly include: Include
  readonly policy: Policy
  /** Most events in one notification; a transaction is not split for it. */
  readonly windowEvents: number
  readonly filter?: RecordFilter
  /** First words of the topics that may be read; absent when all may be. */
  readonly reads?: ReadonlySet<string>
}

/** What a selection is made of. `where` is the text of the filter, for the key. */
export interface SelectionParts {
  readonly patterns: readonly TopicPattern[]
  readonly include: Include
  readonly windowEvents: number
  /** By default `park`. */
  readonly policy?: Policy
  readonly filter?: { readonly where: string; readonly records: RecordFilter }
  /** First words of the topics that may be read; by default all may be. */
  readonly reads?: ReadonlySet<string> | undefined
}

/** Makes a selection; the order of its patterns makes no difference. */
export function select(parts: SelectionParts): Selection {
  const { patterns, include, windowEvents, filter, reads, policy = 'park' } = parts
  const texts = [...new Set(patterns.map((pattern) => pattern.text))].sort()
  const wanted = [include, policy, windowEvents, filter?.where ?? null, texts]
  // Who may read less gets other events, so rights are part of what is wanted; who may read all shares one key.
  const key = JSON.stringify(reads === undefined ? wanted : [...wanted, [...reads].sort()])
  return {
    key,
    patterns,
    include,
    policy,
    windowEvents,
    ...(filter === undefined ? {} : { filter: filter.records }),
    ...(reads === undefined ? {} : { reads }),
  }
}

/** Whether a selection wants events of a topic, and may have them, before any filter. */
export function selects(selection: Selection, topic: string): boolean {
  const { patterns, reads } = selection
  if (reads !== undefined && !reads.has(firstWord(topic))) return false
  return patterns.some((pattern) => pattern.matches(topic))
}

/** Why events before a subscriber's start can't be served. */
export type GapReason = 'compacted' | 'epoch'

/** How a subscription goes on after a gap: with the records as they are now, or with the events that are left. */
export type OnGap = 'snapshot' | 'continue'

/** A subscription as its connection's pump keeps it. */
export interface Subscriber {
  readonly id: string
  readonly selection: Selection
  readonly onGap: OnGap
  /** `synced` is owed when the position reaches this seq; undefined once it was sent. */
  syncAtSeq: number | undefined
  /** A gap to be told before anything else. */
  gap: GapReason | undefined
  /** The tick of the pump in which it was last told a position. */
  toldAtTick: number
  closed: boolean
}
