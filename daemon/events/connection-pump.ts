/**
 * Brings the events of the log, and snapshots of records, to the subscribers of one connection.
 *
 * ```
 * wake ─┬─> next cohort ───> read the log after its position ──> fan out ──> cut ──┬─> send ──> await the transport
 *       └─> next snapshot ─> read some records as of its position ─────────────────┘                     │
 *       ^                                                                                                │
 *       └───────────────────────── keep the new position <──── next turn of the loop <───────────────────┘
 * ```
 *
 * **Invariant:** nothing is queued here. While the transport does not take more, the pump is parked, and what it
 * keeps is a position for each subscriber; it reads on from the log later. Writers never wait for it.
 */
import type { Event } from '../../sdk/model.ts'
import { type Cohort, Cohorts } from './cohorts.ts'
import type { EventBus, LogReader } from './event-bus.ts'
import type { FanOut } from './fan-out.ts'
import { Flushes } from './flushes.ts'
import { cutWindows, type EventsWindow } from './notification-windows.ts'
import { NotificationWriter, notificationMaxLength } from './notification-writer.ts'
import { ReadLimit } from './read-limit.ts'
import { onlyType } from './record-topics.ts'
import { SnapshotRun } from './snapshot-run.ts'
import type { GapReason, Subscriber } from './subscriber.ts'
import type { Opening, SubscriptionStatus } from './subscription-opening.ts'
import type { ClosingReason, SubscriptionSink } from './subscription-sink.ts'
import { wholeUpTo } from './whole-transactions.ts'

/** What a pump is made of. */
export interface PumpParts {
  readonly bus: EventBus
  readonly sink: SubscriptionSink
  /** Longest silence of a subscription, after which it is told its position. */
  readonly bookmarkEveryMs: number
  /** Called once when nothing can be sent any more although the connection did not say that it closed. */
  readonly onFault: (error: unknown) => void
}

/** One for each connection that has subscriptions. */
export class ConnectionPump implements LogReader {
  readonly #parts: PumpParts
  readonly #writer: NotificationWriter
  readonly #cohorts = new Cohorts()
  /** Snapshots on their way, the one that was served last at the end. */
  readonly #snapshots = new Map<string, SnapshotRun>()
  readonly #flushes = new Flushes()
  #state: 'idle' | 'running' | 'closing' | 'closed' = 'idle'
  #finished: Promise<void> = Promise.resolve()
  #joined: { dispose(): void } | undefined
  #timer: NodeJS.Timeout | undefined
  /** Counts half bookmark periods. */
  #tick = 0
  #bookmarksDue = false
  #removals = 0
  readonly #readLimit = new ReadLimit()

  constructor(parts: PumpParts) {
    const { source } = parts.bus
    this.#parts = parts
    this.#writer = new NotificationWriter(parts.sink, (seq) => source.tokenAt(seq))
  }

  get size(): number {
    return this.#cohorts.size + this.#snapshots.size
  }

  /** The position of the subscriber that is furthest behind. */
  get lowestSeq(): number {
    let lowest = this.#cohorts.lowestSeq
    for (const { seq } of this.#snapshots.values()) lowest = Math.min(lowest, seq)
    return lowest
  }

  /** Begins a subscription. Its first notification is written in a later turn of the event loop. */
  open(opening: Opening): void {
    const { id, seq, gap, onGap = 'snapshot' } = opening
    const { source } = this.#parts.bus
    const subscriber: Subscriber = {
      id,
      selection: this.#cohorts.selection(opening.selection.key) ?? opening.selection,
      onGap,
      syncAtSeq: Math.max(seq, source.log.durableSeq),
      gap,
      toldAtTick: this.#tick,
      closed: false,
    }
    if (opening.snapshot) this.#snapshots.set(id, new SnapshotRun(subscriber, source, seq))
    else this.#cohorts.add(subscriber, seq)
    this.#joined ??= this.#parts.bus.join(this)
    this.#timer ??= setInterval(() => this.#tickOn(), this.#parts.bookmarkEveryMs / 2)
    this.wake()
  }

  /** Ends a subscription; nothing is written for it from now on. False when there is none with this id. */
  close(id: string): boolean {
    const subscriber = this.#cohorts.remove(id) ?? this.#snapshots.get(id)?.subscriber
    if (subscriber === undefined) return false
    subscriber.closed = true
    this.#snapshots.delete(id)
    this.#removals++
    this.#flushes.abandon(id)
    if (this.size === 0) this.#rest()
    return true
  }

  /** Ends one subscription with a reason, as the last thing that is written for it. */
  async end(id: string, closing: ClosingReason): Promise<void> {
    if (this.close(id)) await this.#writer.closed(id, closing)
  }

  /**
   * Resolves when everything up to a position has been written for a subscription: true, or false if it ended first.
   * Undefined when this connection has no such subscription.
   */
  flush(id: string, seq: number): Promise<boolean> | undefined {
    if (!this.has(id)) return undefined
    const position = this.#cohorts.seqOf(id)
    if (position !== undefined && position >= seq && !this.#cohorts.isOwing(id)) {
      return Promise.resolve(true)
    }
    return this.#flushes.wait(id, seq)
  }

  /** Whether a subscription with this id is open. */
  has(id: string): boolean {
    return this.#snapshots.has(id) || this.#cohorts.seqOf(id) !== undefined
  }

  /** The newest position that a subscription was told, or is being told; undefined during its snapshot. */
  toldSeq(id: string): number | undefined {
    return this.#cohorts.toldSeq(id)
  }

  /** How every subscription is. */
  status(): SubscriptionStatus[] {
    const { durableSeq } = this.#parts.bus.source.log
    const runs = [...this.#snapshots.values()]
    return [...this.#cohorts.positions(), ...runs].map(({ subscriber, seq }) => ({
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
      for (const { id } of this.status()) await this.#writer.closed(id, closing)
      await this.#writer.settle()
    } catch {
      // The peer went away first; it will find its position by itself.
    }
    this.dispose()
  }

  /** Ends everything without a word, because the connection is gone. */
  dispose(): void {
    this.#state = 'closed'
    this.#flushes.abandonAll()
    this.#rest()
  }

  /** Goes on soon, unless it is at it. */
  wake(): void {
    if (this.#state !== 'idle') return
    this.#state = 'running'
    this.#finished = this.#loop()
  }

  #rest(): void {
    this.#joined?.dispose()
    this.#joined = undefined
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #tickOn(): void {
    this.#tick++
    this.#bookmarksDue = true
    this.wake()
  }

  async #loop(): Promise<void> {
    try {
      // Each round begins in a turn of its own: the answers of the turn that woke the pump are written by then.
      await nextTurn()
      while (this.#state === 'running') {
        // First, because a filter may let nothing through of a stream that never ends.
        if (this.#bookmarksDue) {
          await this.#bookmarkAll()
          await this.#writer.settle()
        }
        const cohort = this.#nextDue()
        if (cohort !== undefined) await this.#serve(cohort)
        const run = this.#nextSnapshot()
        if (run !== undefined) await this.#continue(run)
        if (cohort === undefined && run === undefined) break
        await this.#writer.settle()
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

  #nextSnapshot(): SnapshotRun | undefined {
    const [entry] = this.#snapshots
    if (entry === undefined) return undefined
    const [id, run] = entry
    this.#snapshots.delete(id)
    this.#snapshots.set(id, run)
    return run
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
    const beganMs = performance.now()
    const events = this.#read(cohort.seq)
    const endSeq = events.at(-1)?.seq
    if (endSeq !== undefined) {
      cohort.endSeq = endSeq
      await this.#deliver(cohort.fanOut, events, beganMs)
      cohort.seq = endSeq
    }
    if (cohort.owing) await this.#tellSynced(cohort)
    this.#cohorts.putBack(cohort)
    this.#settleFlushes()
  }

  /** Whole transactions after a position, up to where another cohort waits to be joined. */
  #read(after: number): readonly Event[] {
    const events = this.#parts.bus.source.log.readEvents(after, this.#readLimit.events)
    const stop = this.#cohorts.nextAbove(after)
    return stop === undefined ? events : wholeUpTo(events, stop)
  }

  async #deliver(fanOut: FanOut, events: readonly Event[], beganMs: number): Promise<void> {
    const { encoder, turns } = this.#parts.bus
    const endSeq = events.at(-1)?.seq ?? 0
    const planned = this.#removals
    const deliveries = await turns.collect(fanOut.deliveries(events), () => this.#isClosed())
    let longest = 0
    // Without what is waited for the transport.
    let tookMs = performance.now() - beganMs
    for (const delivery of deliveries) {
      let { subscribers } = delivery
      const cutMs = performance.now()
      const windows = cutWindows(delivery, encoder, { endSeq, notificationMaxLength })
      tookMs += performance.now() - cutMs
      const length = windows.reduce((sum, { json }) => sum + json.length, 0)
      while (windows.length > 0) {
        if (planned !== this.#removals) subscribers = subscribers.filter(({ closed }) => !closed)
        if (subscribers.length === 0) break
        for (const subscriber of subscribers) subscriber.toldAtTick = this.#tick
        await this.#writeFirst(windows, subscribers)
      }
      longest = Math.max(longest, length)
    }
    this.#readLimit.adapt(longest, tookMs)
  }

  /** In a function of its own, because one that waits would keep the text that its transport has already. */
  #writeFirst(windows: EventsWindow[], subscribers: readonly Subscriber[]) {
    const window = windows.shift()
    return window === undefined ? undefined : this.#writer.events(subscribers, window)
  }

  async #tellGaps(cohort: Cohort): Promise<void> {
    for (const subscriber of [...cohort.fanOut.subscribers()]) {
      const reason = subscriber.gap
      if (reason === undefined || subscriber.closed) continue
      subscriber.gap = undefined
      if (subscriber.onGap === 'continue') await this.#tellGap(subscriber, reason, cohort.seq)
      else {
        this.#cohorts.remove(subscriber.id)
        const { source } = this.#parts.bus
        const run = new SnapshotRun(subscriber, source, source.log.durableSeq)
        this.#snapshots.set(subscriber.id, run)
        await this.#tellGap(subscriber, reason, run.seq)
      }
    }
  }

  #tellGap(subscriber: Subscriber, reason: GapReason, seq: number): Promise<void> | undefined {
    const { source } = this.#parts.bus
    const types = source.typeNames()
    const patterns = subscriber.selection.patterns
      .filter((pattern) => onlyType(pattern, types) === undefined)
      .map((pattern) => pattern.text)
    subscriber.toldAtTick = this.#tick
    return this.#writer.gap(subscriber, { reason, floorSeq: source.log.floorSeq, seq, patterns })
  }

  async #tellSynced(cohort: Cohort): Promise<void> {
    let owing = false
    for (const subscriber of [...cohort.fanOut.subscribers()]) {
      if (subscriber.syncAtSeq === undefined || subscriber.closed) continue
      if (cohort.seq < subscriber.syncAtSeq) {
        owing = true
        continue
      }
      subscriber.syncAtSeq = undefined
      subscriber.toldAtTick = this.#tick
      await this.#writer.synced(subscriber, cohort.seq)
    }
    cohort.owing = owing
  }

  /** Sends some more of a snapshot; after the last of it the subscriber joins those that are served events. */
  async #continue(run: SnapshotRun): Promise<void> {
    const { log } = this.#parts.bus.source
    const { subscriber } = run
    if (run.seq < log.floorSeq) {
      run.restart(log.durableSeq)
      await this.#tellGap(subscriber, 'compacted', run.seq)
      return
    }
    const records = run.next()
    if (records.length > 0) {
      subscriber.toldAtTick = this.#tick
      const { length } = await this.#writer.snapshot(subscriber, records, run.seq)
      run.adapt(length)
    }
    if (subscriber.closed || !run.isDone) return
    this.#snapshots.delete(subscriber.id)
    const first = subscriber.syncAtSeq !== undefined
    subscriber.syncAtSeq = undefined
    this.#cohorts.add(subscriber, run.seq)
    if (first) await this.#writer.synced(subscriber, run.seq)
    else await this.#writer.bookmark([subscriber], run.seq)
    this.#settleFlushes()
  }

  #settleFlushes(): void {
    this.#flushes.settle((id) => (this.#cohorts.isOwing(id) ? undefined : this.#cohorts.seqOf(id)))
  }

  async #bookmarkAll(): Promise<void> {
    this.#bookmarksDue = false
    const silentSince = this.#tick - 1
    for (const cohort of [...this.#cohorts]) {
      await this.#bookmark(cohort, ({ toldAtTick }) => toldAtTick < silentSince)
    }
  }

  async #bookmark(cohort: Cohort, isDue: (subscriber: Subscriber) => boolean): Promise<void> {
    // One that is owed a gap has no position to be told of.
    const due = [...cohort.fanOut.subscribers()].filter(
      (subscriber) => subscriber.gap === undefined && isDue(subscriber),
    )
    if (due.length === 0) return
    for (const subscriber of due) subscriber.toldAtTick = this.#tick
    await this.#writer.bookmark(due, cohort.seq)
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
