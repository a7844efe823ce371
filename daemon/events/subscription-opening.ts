/** How a subscription begins, and how it is told to be. */
import type { GapReason, OnGap, Selection } from './subscriber.ts'

/** A subscription to begin. */
export interface Opening {
  readonly id: string
  readonly selection: Selection
  /** Events after this position are sent. */
  readonly seq: number
  /** Whether the records as of this position come first. */
  readonly snapshot?: boolean
  /** What is told first: that events before the position are missing. */
  readonly gap?: GapReason
  /** By default `snapshot`. */
  readonly onGap?: OnGap
}

/** How a subscription is, for `daemon/status`. */
export interface SubscriptionStatus {
  readonly id: string
  readonly patterns: readonly string[]
  readonly seq: number
  readonly behind: number
}
