/**
 * Brings the events of the log to the subscribers of one connection.
 *
 * ```
 * wake ──> next cohort ──> read the log after its position ──> fan out ──> cut ──> send ──> await the transport
 *             ^                                                                                   │
 *             └───────────────── put it back at its new position <──── next turn of the loop <────┘
 * ```
 *
 * **Invariant:** nothing is queued here. While the transport does not take more, the pump is parked, and what it
 * keeps is a position for each subscriber; it reads on from the log later. Writers never wait for it.
 */
import type { Event } from '../../sdk/model.ts'
import type { Log } from '../log.ts'
import { type Cohort, Cohorts } from './cohorts.ts'
import type { EventBus } from './event-bus.ts'
import type { Delivery } from './fan-out.ts'
import { cutWindows } from './notification-windows.ts'
import type { GapReason, Selection, Subscriber } from './subscriber.ts'
import type { ClosingReason, NotificationKind, SubscriptionSink } from './subscription-sink.ts'

/** What a pump is made of. */
export interface PumpParts {
  readonly bus: EventBus
  readonly sink: SubscriptionSink
  readonly log: Log
  /** Longest silence of a subscription, after which it is told its position. */
  readonly bookmarkEveryMs: number
  /** Called once when nothing can be sent any more although the connection did not say that it closed. */
  readonly onFault: (error: unknown) => void
}

/** A subscription to begin. */
export interface Opening {
  readonly id: string
  readonly selection: Selection
  /** Events after this position are sent. */
  readonly seq: number
  /** What is told first: that events before the position are missing. */
  readonly gap?: GapReason
}

/** How a subscription is, for `daemon/status`. */
export interface SubscriptionStatus {
  readonly id: string
  readonly patterns: readonly string[]
  readonly seq: number
  readonly behind: number
}

/** One for each connection that has subscriptions. */
export class ConnectionPump {
  readonly #parts: PumpParts
  readonly #cohorts = new Cohorts()
  readonly #idsJson = new WeakMap<readonly Subscriber[], string>()
  #state: 'idle' | 'running' | 'closing' | 'closed' = 'idle'
  #finished: Promise<void> = Promise.resolve()
  #wake: { dispose(): void } | undefined
  #timer: NodeJS.Timeout | undefined
  /** Counts half bookmark periods. */
  #tick = 0
  #bookmarksDue = false
  #lastWrite: Promise<void> | undefined
  /** Length of what was sent since the transport was last awaited. */
  #unawaitedLength = 0
  #removals = 0
  #readLimit = readLimitMax

  constructor(parts: PumpParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#cohorts.size
  }

  /** Begins a subscription. Its first notification is written in a later turn of the event loop. */
  open(opening: Opening): void {
    const { id, seq, gap } = opening
    const selection = this.#cohorts.selection(opening.selection.key) ?? opening.selection
    const syncAtSeq = Math.max(seq, this.#parts.bus.source.log.durableSeq)
    const toldAtTick = this.#tick
    this.#cohorts.add({ id, selection, syncAtSeq, gap, toldAtTick, closed: false }, seq)
    this.#wake ??= this.#parts.bus.onAdvance(() => this.#run())
    this.#timer ??= setInterval(() => this.#tickOn(), this.#parts.bookmarkEveryMs / 2)
    this.#run()
  }

  /** Ends a subscription; nothing is written for it from now on. False when there is none with this id. */
  close(id: string): boolean {
    if (this.#cohorts.remove(id) === undefined) return false
    this.#removals++
    if (this.#cohorts.size === 0) this.#rest()
    return true
  }

  /** How every subscription is. */
  status(): SubscriptionStatus[] {
    const { durableSeq } = this.#parts.bus.source.log
    return [...this.#cohorts.positions()].map(({ subscriber, seq }) => ({
      id: subscriber.id,
      patterns: subscriber.selection.patterns.map((pattern) => pattern.text),
      seq,
      behind: Math.max(0, durableSeq - seq),
    }))
  }

  /**
   * Ends all subscriptions: tells each its position and why it ends. Waits for the transport, so give it a
   * deadline.
   */
  async closeAll(closing: ClosingReason): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed') return
    this.#state = 'closing'
    this.#rest()
    await this.#finished
    if (this.#isClosed()) return
    try {
      for (const cohort of this.#cohorts) await this.#bookmark(cohort, () => true)
      for (const { subscriber } of this.#cohorts.positions()) {
        await this.#send('closed', JSON.stringify({ subscriptionId: subscriber.id, ...closing }))
      }
    } catch {
      // The peer went away first; it will find its position by itself.
    }
    this.dispose()
  }

  /** Ends everything without a word, because the connection is gone. */
  dispose(): void {
    this.#state = 'closed'
    this.#rest()
  }

  #rest(): void {
    this.#wake?.dispose()
    this.#wake = undefined
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #tickOn(): void {
    this.#tick++
    this.#bookmarksDue = true
    this.#run()
  }

  #run(): void {
    if (this.#state !== 'idle') return
    this.#state = 'running'
    this.#finished = this.#loop()
  }

  async #loop(): Promise<void> {
    try {
      // Each round begins in a turn of its own: the answers of the turn that woke the pump are written by then.
      await nextTurn()
      while (this.#state === 'running') {
        const cohort = this.#nextDue()
        if (cohort === undefined) {
          if (!this.#bookmarksDue) break
          await this.#bookmarkAll()
        } else {
          await this.#serve(cohort)
        }
        await this.#lastWrite
        this.#unawaitedLength = 0
        await nextTurn()
      }
    } catch (error) {
      if (!this.#isClosed()) this.#parts.onFault(error)
    }
    if (this.#state === 'running') this.#state = 'idle'
  }

  #nextDue(): Cohort | undefined {
    const { durableSeq } = this.#parts.bus.source.log
    for (const cohort of this.#cohorts) {
      if (cohort.owing || cohort.seq < durableSeq) return cohort
    }
    return undefined
  }

  async #serve(cohort: Cohort): Promise<void> {
    const { log } = this.#parts.bus.source
    this.#cohorts.takeOut(cohort)
    if (cohort.seq < log.floorSeq) {
      for (const subscriber of cohort.fanOut.subscribers()) subscriber.gap ??= 'compacted'
      cohort.owing = true
      cohort.seq = log.floorSeq
    }
    if (cohort.owing) await this.#tellGaps(cohort)
    const events = this.#read(cohort.seq)
    const endSeq = events.at(-1)?.seq
    if (endSeq !== undefined) {
      await this.#deliver(cohort.fanOut.deliveries(events), endSeq)
      cohort.seq = endSeq
    }
    if (cohort.owing) await this.#tellSynced(cohort)
    this.#cohorts.putBack(cohort)
  }

  /** Whole transactions after a position, up to where another cohort waits to be joined. */
  #read(after: number): readonly Event[] {
    const events = this.#parts.bus.source.log.readEvents(after, this.#readLimit)
    const stop = this.#cohorts.nextAbove(after)
    const last = events.at(-1)?.seq
    if (stop === undefined || last === undefined || last <= stop) return events
    return events.filter((event) => event.seq <= stop)
  }

  async #deliver(deliveries: readonly Delivery[], endSeq: number): Promise<void> {
    const { encoder, source } = this.#parts.bus
    const planned = this.#removals
    let longest = 0
    for (const delivery of deliveries) {
      let { subscribers } = delivery
      let length = 0
      for (const window of cutWindows(delivery, encoder, { endSeq, notificationMaxLength })) {
        if (planned !== this.#removals) subscribers = subscribers.filter(({ closed }) => !closed)
        if (subscribers.length === 0) break
        for (const subscriber of subscribers) subscriber.toldAtTick = this.#tick
        const ids = this.#idsOf(subscribers)
        const partial = window.partial ? ',"partial":true' : ''
        const token = source.tokenAt(window.seq)
        length += window.json.length
        await this.#send(
          'events',
          `{"subscriptionIds":${ids},"events":[${window.json}],"token":"${token}"${partial}}`,
        )
      }
      longest = Math.max(longest, length)
    }
    this.#adaptReadLimit(longest)
  }

  /** Reads fewer events at a time when they are long, so that a parked pump holds little. */
  #adaptReadLimit(length: number): void {
    if (length > unawaitedMaxLength) this.#readLimit = Math.max(1, this.#readLimit >> 1)
    else if (length < unawaitedMaxLength / 4) {
      this.#readLimit = Math.min(readLimitMax, this.#readLimit * 2)
    }
  }

  async #tellGaps(cohort: Cohort): Promise<void> {
    const { log, tokenAt } = this.#tokens()
    for (const subscriber of [...cohort.fanOut.subscribers()]) {
      const reason = subscriber.gap
      if (reason === undefined || subscriber.closed) continue
      subscriber.gap = undefined
      const floor = tokenAt(log.floorSeq)
      const gap = { subscriptionId: subscriber.id, reason, floor, token: tokenAt(cohort.seq) }
      await this.#send('gap', JSON.stringify(gap))
    }
  }

  async #tellSynced(cohort: Cohort): Promise<void> {
    const { tokenAt } = this.#tokens()
    let owing = false
    for (const subscriber of [...cohort.fanOut.subscribers()]) {
      if (subscriber.syncAtSeq === undefined || subscriber.closed) continue
      if (cohort.seq < subscriber.syncAtSeq) {
        owing = true
        continue
      }
      subscriber.syncAtSeq = undefined
      subscriber.toldAtTick = this.#tick
      const synced = { subscriptionId: subscriber.id, token: tokenAt(cohort.seq) }
      await this.#send('synced', JSON.stringify(synced))
    }
    cohort.owing = owing
  }

  async #bookmarkAll(): Promise<void> {
    this.#bookmarksDue = false
    const silentSince = this.#tick - 1
    for (const cohort of [...this.#cohorts]) {
      await this.#bookmark(cohort, ({ toldAtTick }) => toldAtTick < silentSince)
    }
  }

  async #bookmark(cohort: Cohort, isDue: (subscriber: Subscriber) => boolean): Promise<void> {
    const due = [...cohort.fanOut.subscribers()].filter(isDue)
    if (due.length === 0) return
    for (const subscriber of due) subscriber.toldAtTick = this.#tick
    const token = this.#parts.bus.source.tokenAt(cohort.seq)
    await this.#send('bookmark', `{"subscriptionIds":${this.#idsOf(due)},"token":"${token}"}`)
  }

  #tokens(): { log: { floorSeq: number }; tokenAt: (seq: number) => string } {
    const { source } = this.#parts.bus
    return { log: source.log, tokenAt: (seq) => source.tokenAt(seq) }
  }

  #idsOf(subscribers: readonly Subscriber[]): string {
    let json = this.#idsJson.get(subscribers)
    if (json === undefined) {
      json = JSON.stringify(subscribers.map(({ id }) => id))
      this.#idsJson.set(subscribers, json)
    }
    return json
  }

  /** Writes, and waits for the transport when much was written since it was last waited for. */
  #send(kind: NotificationKind, params: string): Promise<void> | undefined {
    const written = this.#parts.sink.send(kind, params)
    if (written !== this.#lastWrite) {
      this.#lastWrite = written
      written.catch(() => {
        // The loop learns of it where it awaits the last write; this one must not end the process.
      })
    }
    this.#unawaitedLength += params.length
    if (this.#unawaitedLength <= unawaitedMaxLength) return undefined
    this.#unawaitedLength = 0
    return written
  }
}

/** Most events of one read, when they are short. */
const readLimitMax = 256
const unawaitedMaxLength = 64 * 1024
/** Longest text of one notification; its bytes stay below what any client must take. */
const notificationMaxLength = 4 * 1024 * 1024

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
