import { isOrionError, type OrionError } from '../errors.ts'
import type { Token } from '../model.ts'
import type { ParamsOf } from '../protocol/define.ts'
import * as protocol from '../protocol/subscriptions.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { Feed, FeedGap } from './feed.ts'
import { parseResult } from './result-outline.ts'
import type { SeenPosition } from './seen-position.ts'
import { classifyFailure, type Session } from './session.ts'
import { clientClosed, type SessionKeeper } from './session-keeper.ts'
import {
  parseSubscriptionMessage,
  type SubscriptionEnd,
  type SubscriptionMessage,
} from './subscription-message.ts'
import { typedError } from './typed-errors.ts'

/** What `subscription/open` is asked each time; only the position changes. */
export type OpenRequest = Omit<ParamsOf<typeof protocol.OpenSubscription>, 'from'>

/**
 * All subscriptions of a client: opens them on every new session where they stand, and hands them what comes.
 *
 * Events can overtake the program: the library hands on all messages of a turn before the promise of an answer
 * continues. So what comes for ids that are not known yet is kept until the opens that are under way are dealt with.
 */
export class SubscriptionHub {
  readonly #keeper: SessionKeeper
  readonly #seen: SeenPosition
  readonly #feeds = new Map<Feed, OpenRequest>()
  #session: Session | undefined
  /** Feeds by the ids of the present session, and the other way round. */
  readonly #byId = new Map<string, Feed>()
  readonly #idOf = new Map<Feed, string>()
  #opensUnderWay = 0
  #early: SubscriptionMessage[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #acknowledgements = new Acknowledgements((feed, token) =>
    this.#acknowledgeNow(feed, token),
  )
  #stopWaiting: (() => void) | undefined
  #closed = false

  constructor(keeper: SessionKeeper, seen: SeenPosition) {
    this.#keeper = keeper
    this.#seen = seen
  }

  /** Opens a feed now, and again on every session until it ends. */
  add(feed: Feed, request: OpenRequest): void {
    if (this.#closed) {
      feed.end(clientClosed())
      return
    }
    this.#feeds.set(feed, request)
    void feed.ended.then(() => this.#closeAtDaemon(feed))
    this.#open(feed, 'urgent')
  }

  /** Opens a parked feed again whose reader has caught up. */
  resume(feed: Feed): void {
    this.#open(feed, 'patient')
  }

  /** Tells the daemon sooner or later how far a named feed is handled. */
  acknowledge(feed: Feed): void {
    this.#acknowledgements.handled(feed)
  }

  /** Ends a feed; resolves when the daemon has closed it too, and knows how far it was handled if it has a name. */
  async close(feed: Feed): Promise<void> {
    const isNamed = this.#feeds.get(feed)?.name !== undefined
    const told = isNamed ? this.#acknowledgements.finish(feed) : undefined
    feed.end(undefined)
    await told
    await this.#closeAtDaemon(feed)
  }

  /** Goes on with every feed on a new session. */
  sessionReady(session: Session): void {
    this.#session = session
    session.onSubscription((method, params) => {
      if (session === this.#session)
        this.#receive(parseSubscriptionMessage(method, params), session)
    })
    for (const feed of this.#feeds.keys()) this.#open(feed, 'patient')
  }

  /** Notes that the session is gone, and asks for another if there is something to go on with. */
  sessionLost(): void {
    this.#session = undefined
    this.#byId.clear()
    this.#idOf.clear()
    this.#early = []
    for (const feed of this.#feeds.keys()) feed.lost()
    if (this.#feeds.size > 0) this.#needSession('patient')
  }

  /** Ends every feed. */
  closeAll(): void {
    this.#closed = true
    this.#stopWaiting?.()
    for (const timer of this.#timers) clearTimeout(timer)
    for (const feed of this.#feeds.keys()) feed.end(undefined)
  }

  /** `urgent` starts a daemon again that was shut down on purpose. */
  #needSession(need: 'urgent' | 'patient'): void {
    if (this.#closed) return
    this.#stopWaiting?.()
    this.#stopWaiting = this.#keeper.wait({
      urgent: need === 'urgent',
      ready: () => {
        this.#stopWaiting = undefined // `sessionReady` has opened what there is.
      },
      fail: (error) => {
        this.#stopWaiting = undefined
        for (const feed of this.#feeds.keys()) feed.end(endOf(error))
      },
    })
  }

  #open(feed: Feed, need: 'urgent' | 'patient'): void {
    const request = this.#feeds.get(feed)
    if (request === undefined || feed.state !== 'waiting' || this.#closed) return
    if (this.#session === undefined) this.#needSession(need)
    else void this.#openOn(this.#session, feed, request)
  }

  async #openOn(session: Session, feed: Feed, request: OpenRequest): Promise<void> {
    feed.opening()
    this.#opensUnderWay++
    try {
      const raw = await session.send(protocol.OpenSubscription, { ...request, from: feed.from })
      if (session !== this.#session) return
      const { subscriptionId, token } = parseResult(protocol.OpenSubscription, raw)
      this.#byId.set(subscriptionId, feed)
      this.#idOf.set(feed, subscriptionId)
      if (feed.state === 'ended') {
        void this.#closeAtDaemon(feed)
        return
      }
      feed.opened(token)
      for (const message of this.#early) {
        if (message.ids.includes(subscriptionId)) this.#hand(feed, message)
      }
    } catch (error) {
      if (session === this.#session) this.#openFailed(session, feed, error)
    } finally {
      this.#opensUnderWay--
      if (this.#opensUnderWay === 0) this.#early = []
    }
  }

  #openFailed(session: Session, feed: Feed, thrown: unknown): void {
    const failure = isOrionError(thrown)
      ? ({ outcome: 'refused', error: thrown } as const)
      : classifyFailure(thrown)
    feed.lost()
    if (failure.outcome === 'unsent') session.abandon()
    if (failure.outcome !== 'refused') return // The session ends, and the next one opens it.
    const { error } = failure
    if (isOrionError(error, 'draining') || isOrionError(error, 'overloaded')) {
      this.#openLater(feed, error.data.retryAfterMs)
    } else if (!feed.hasOpened) {
      feed.end(error) // The caller's own request was wrong, and the caller waits for it.
    } else if (isOrionError(error, 'token_invalid')) {
      const { token, floor } = session.welcome
      this.#skip(feed, { reason: 'epoch', floor, token })
    } else if (isOrionError(error, 'gone')) {
      const { floor } = error.data
      this.#skip(feed, { reason: 'compacted', floor, token: floor })
    } else {
      feed.end(error)
    }
  }

  /** The position can't be gone on from: never ask for it again, say so, and go on from one that is served. */
  #skip(feed: Feed, gap: FeedGap): void {
    if (feed.from === gap.token || feed.from === 'snapshot') {
      feed.end(typedError('gone', 'the position is not served', { data: { floor: gap.floor } }))
      return
    }
    feed.gap(gap)
    this.#open(feed, 'patient')
  }

  #openLater(feed: Feed, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#open(feed, 'patient')
    }, ms)
    this.#timers.add(timer)
  }

  #receive(message: SubscriptionMessage | undefined, session: Session): void {
    if (message === undefined) {
      const error = typedError('internal', 'expected a notification of a subscription', {
        data: { incident: 'unreadable-notification' },
      })
      for (const feed of this.#feeds.keys()) feed.end(error)
      return
    }
    if ('token' in message) this.#seen.note(message.token, session)
    let unknown = false
    for (const id of message.ids) {
      const feed = this.#byId.get(id)
      if (feed === undefined) unknown = true
      else this.#hand(feed, message)
    }
    if (unknown && this.#opensUnderWay > 0) this.#early.push(message)
  }

  #hand(feed: Feed, message: SubscriptionMessage): void {
    switch (message.kind) {
      case 'events':
        feed.take(message.events, message.token, message.part)
        if (feed.state === 'parked') void this.#closeAtDaemon(feed)
        return
      case 'records':
        feed.takeRecords(message.records, message.token)
        return
      case 'bookmark':
        feed.bookmark(message.token)
        return
      case 'synced':
        feed.synced(message.token)
        return
      case 'gap':
        feed.gap(message.gap)
        return
      case 'closed':
        this.#closedByDaemon(feed, message)
        return
      default:
        message satisfies never
    }
  }

  #closedByDaemon(feed: Feed, { reason, retryAfterMs }: SubscriptionEnd): void {
    this.#unlink(feed)
    if (reason === 'forbidden') {
      feed.end(typedError('forbidden', 'the subscription is not allowed any more', { data: {} }))
    } else if (reason === 'error' && retryAfterMs === undefined) {
      const data = { incident: 'subscription-closed' }
      feed.end(typedError('internal', 'the daemon closed the subscription', { data }))
    } else {
      if (reason === 'shutdown') this.#keeper.noteShutdown()
      feed.lost()
      this.#openLater(feed, retryAfterMs ?? closedRetryMs)
    }
  }

  async #acknowledgeNow(feed: Feed, token: Token): Promise<boolean> {
    const subscriptionId = this.#idOf.get(feed)
    if (subscriptionId === undefined || this.#session === undefined) return false
    try {
      await this.#session.send(protocol.AcknowledgeSubscription, { subscriptionId, token })
      return true
    } catch {
      return false // The session is gone; what comes again from the position before is not handed out again.
    }
  }

  #unlink(feed: Feed): string | undefined {
    const id = this.#idOf.get(feed)
    if (id !== undefined) this.#byId.delete(id)
    this.#idOf.delete(feed)
    if (feed.state === 'ended') this.#feeds.delete(feed)
    return id
  }

  async #closeAtDaemon(feed: Feed): Promise<void> {
    const session = this.#session
    const subscriptionId = this.#unlink(feed)
    if (subscriptionId === undefined || session === undefined) return
    try {
      await session.send(protocol.CloseSubscription, { subscriptionId })
    } catch {
      // The session is gone, and the subscription with it; or the daemon has closed it already.
    }
  }
}

/** After this long a subscription that the daemon closed is asked for again, unless its session has ended. */
const closedRetryMs = 500

function endOf(error: unknown): OrionError {
  if (isOrionError(error)) return error
  return typedError('disconnected', 'the daemon can’t be reached', { data: {}, cause: error })
}
