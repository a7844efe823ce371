/** One subscription: what it wants, and how far it has been served. */
import type { Event } from '../../sdk/model.ts'
import type { Include } from '../store/store-api.ts'
import type { Match } from './event-encoder.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** Decides by the data of an event; undefined leaves it out. */
export type EventFilter = (event: Event) => Match | undefined

/**
 * What a subscription wants. Subscriptions with equal keys want the same, and so always get the same events
 * together when they are at the same position.
 */
export interface Selection {
  readonly key: string
  readonly patterns: readonly TopicPattern[]
  readonly include: Include
  /** Most events in one notification; a transaction is not split for it. */
  readonly windowEvents: number
  readonly filter?: EventFilter
}

/** What a selection is made of. `where` is the canonical text of the filter, for the key. */
export interface SelectionParts {
  readonly patterns: readonly TopicPattern[]
  readonly include: Include
  readonly windowEvents: number
  readonly filter?: { readonly where: string; readonly accepts: EventFilter }
}

/** Makes a selection; the order of its patterns makes no difference. */
export function select(parts: SelectionParts): Selection {
  const { patterns, include, windowEvents, filter } = parts
  const texts = [...new Set(patterns.map((pattern) => pattern.text))].sort()
  const key = JSON.stringify([include, windowEvents, filter?.where ?? null, texts])
  return {
    key,
    patterns,
    include,
    windowEvents,
    ...(filter === undefined ? {} : { filter: filter.accepts }),
  }
}

/** Whether a selection wants events of a topic, before any filter. */
export function selects(selection: Selection, topic: string): boolean {
  return selection.patterns.some((pattern) => pattern.matches(topic))
}

/** Why events before a subscriber's start can't be served. */
export type GapReason = 'compacted' | 'epoch'

/** A subscription as its connection's pump keeps it. */
export interface Subscriber {
  readonly id: string
  readonly selection: Selection
  /** `synced` is owed when the position reaches this seq; undefined once it was sent. */
  syncAtSeq: number | undefined
  /** A gap to be told before anything else. */
  gap: GapReason | undefined
  /** The tick of the pump in which it was last told a position. */
  toldAtTick: number
  closed: boolean
}
