/**
 * Admits writes to the one connection: at once when it is idle, else all that wait in one transaction.
 *
 *   submit ─> waiting ─> BEGIN, each task, COMMIT ─> one sync of the log ─> answers, in order ─> next group
 *
 * A task that is refused leaves the others alone. Nothing is answered before it is on disk.
 */
import { OrionError } from '../../sdk/errors.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import { type Connection, EngineError } from './engine/engine.ts'
import type { EventLog } from './event-log.ts'
import type { Caller } from './store-api.ts'
import { SyncPace } from './sync-pace.ts'
import { rejectIfLate, type Waiting, type WriteTask } from './write-task.ts'

type Outcome = 'done' | { readonly error: unknown }

/** How the queue is: `failed` after a sync whose outcome is unknown; it never leaves that state. */
export type QueueState = 'ready' | 'closing' | 'failed' | 'closed'

/** The write queue of one open store. */
export class WriteQueue {
  readonly #connection: Connection
  readonly #events: EventLog
  readonly #limits: Limits
  readonly #log: Log
  readonly #pace: SyncPace
  readonly #onFailure: (failure: Error) => void
  #waiting: Waiting[] = []
  #state: QueueState = 'ready'
  #failure: Error | undefined
  /** The pump that is running or scheduled. */
  #pumping: Promise<void> | undefined
  readonly #heldReads: { seq: number; resolve: () => void; reject: (error: Error) => void }[] = []
  #batches = 0
  #writes = 0

  constructor(parts: {
    readonly connection: Connection
    readonly events: EventLog
    readonly limits: Limits
    readonly log: Log
    /** Called once, after everybody has been told, when the store can't be written any more. */
    readonly onFailure: (failure: Error) => void
  }) {
    this.#onFailure = parts.onFailure
    this.#connection = parts.connection
    this.#events = parts.events
    this.#limits = parts.limits
    this.#log = parts.log
    this.#pace = new SyncPace(parts.limits.blockingSyncMaxMs)
  }

  get state(): QueueState {
    return this.#state
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  get counts(): { waiting: number; limit: number; batches: number; writes: number } {
    return {
      waiting: this.#waiting.length,
      limit: this.#limits.writeQueueMax,
      batches: this.#batches,
      writes: this.#writes,
    }
  }

  /** Runs a task in one of the next transactions; resolves with its value once that is on disk. */
  submit<T>(task: WriteTask<T>, caller: Pick<Caller, 'cancelled'>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const refusal = this.#refusal()
      if (refusal !== undefined) return reject(refusal)
      let value: T
      const { decisive } = task
      const place = decisive === undefined ? this.#waiting.length : 0
      this.#waiting.splice(place, 0, {
        undo: task.undo,
        alone: task.alone === true || task.discarded === true || decisive !== undefined,
        discarded: task.discarded === true,
        undone: decisive?.undone,
        caller,
        beginByMs: performance.now() + (task.waitMaxMs ?? Number.POSITIVE_INFINITY),
        run: () => {
          value = task.run()
        },
        committed: () => task.committed?.(value),
        resolve: () => resolve(value),
        reject,
      })
      this.#pumping ??= this.#pump()
    })
  }

  /** Resolves when a seq is on disk; undefined when it is already, so that nobody waits for nothing. */
  onDisk(seq: number): Promise<void> | undefined {
    if (seq <= this.#events.durableSeq) return undefined
    if (this.#state === 'failed') return Promise.reject(this.#storageFailed())
    return new Promise((resolve, reject) => this.#heldReads.push({ seq, resolve, reject }))
  }

  /** Refuses new writes, lets the accepted ones finish, and resolves. */
  async close(): Promise<void> {
    if (this.#state === 'ready') this.#state = 'closing'
    await this.#pumping
    if (this.#state === 'closing') this.#state = 'closed'
  }

  #refusal(): OrionError | undefined {
    if (this.#state === 'failed') return this.#storageFailed()
    if (this.#state !== 'ready') {
      return new OrionError('draining', 'the store is closing', { retryAfterMs: 200 })
    }
    if (this.#waiting.length < this.#limits.writeQueueMax) return undefined
    const message = `${this.#waiting.length} writes are waiting already`
    return new OrionError('overloaded', message, { retryAfterMs: 100 })
  }

  #storageFailed(): OrionError<'storage_failed'> {
    return new OrionError(
      'storage_failed',
      `the store stopped writing: ${this.#failure?.message ?? 'unknown fault'}`,
      {
        remedy:
          'Look at the disk, then restart the daemon: orion stop. Nothing of this request was stored.',
      },
    )
  }

  async #pump(): Promise<void> {
    // One turn of the event loop: requests that came in the same turn share the first transaction.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      if (group.length > 0) await this.#commitGroup(group)
      await this.#checkpointIfDue()
    }
    this.#pumping = undefined
  }

  #takeGroup(): Waiting[] {
    const group: Waiting[] = []
    while (group.length < this.#limits.groupMax) {
      const next = this.#waiting[group.length]
      if (next === undefined) break
      if (next.alone && group.length > 0) break
      group.push(next)
      if (next.alone) break
    }
    this.#waiting.splice(0, group.length)
    return group.filter((entry) => !rejectIfLate(entry))
  }

  async #commitGroup(group: Waiting[]): Promise<void> {
    if (this.#state === 'failed') {
      for (const entry of group) entry.reject(this.#storageFailed())
      return
    }
    const [first] = group
    if (first?.discarded) return this.#runDiscarded(first)
    const outcomes = this.#runTogether(group) ?? group.map((entry) => this.#runAlone(entry))
    // Those that the transaction had no time for are the first of the next one.
    this.#waiting.unshift(...group.splice(outcomes.length))
    try {
      await this.#sync(group)
    } catch (error) {
      this.#fail(error, group)
      return
    }
    this.#batches += 1
    this.#writes += group.length
    group.forEach((entry, position) => {
      if (outcomes[position] === 'done') entry.committed()
    })
    this.#events.markDurable(this.#events.lastSeq)
    group.forEach((entry, position) => {
      const outcome = outcomes[position]
      if (outcome === 'done') entry.resolve()
      else entry.reject(outcome?.error)
    })
    this.#releaseReads()
  }

  /**
   * Puts a group on disk. A large one is given to another thread in any case: the loop reads the next requests
   * meanwhile, and they make the next group.
   */
  #sync(group: readonly Waiting[]): Promise<void> | undefined {
    const isDecisive = group.some(({ undone }) => undone !== undefined)
    if (!isDecisive && (group.length > waitedGroupMax || !this.#pace.waits())) {
      return this.#connection.sync()
    }
    const startedMs = performance.now()
    this.#connection.syncBlocking()
    this.#pace.took(performance.now() - startedMs)
    return undefined
  }

  /** All tasks in one transaction; undefined when it fell apart and each has to be run alone. */
  #runTogether(group: readonly Waiting[]): Outcome[] | undefined {
    const mark = this.#events.lastSeq
    try {
      this.#connection.prepare('BEGIN IMMEDIATE').run()
      const outcomes = this.#attemptInTime(group)
      this.#connection.prepare('COMMIT').run()
      return outcomes
    } catch (error) {
      this.#log.warn('a group of writes failed; each is tried alone', {
        size: group.length,
        reason: String(error),
      })
      this.#rollBack(mark)
      for (const { undone } of group) undone?.()
      return undefined
    }
  }

  /** Without a commit SQLite appends nothing to its log, unless pages have no room in memory: so they may not spill. */
  #runDiscarded(entry: Waiting): void {
    const mark = this.#events.beginRequest()
    let outcome: Outcome = 'done'
    try {
      this.#connection.exec('PRAGMA cache_spill = OFF')
      this.#connection.prepare('BEGIN IMMEDIATE').run()
      entry.run()
    } catch (error) {
      outcome = { error: this.#nothingWritten(error) }
    }
    this.#rollBack(mark)
    this.#connection.exec('PRAGMA cache_spill = ON')
    if (outcome === 'done') entry.resolve()
    else entry.reject(outcome.error)
  }

  /** One after the other until the time is up; at least one. */
  #attemptInTime(group: readonly Waiting[]): Outcome[] {
    const outcomes: Outcome[] = []
    const endMs = performance.now() + this.#limits.groupMaxMs
    for (const entry of group) {
      outcomes.push(this.#attempt(entry))
      if (performance.now() >= endMs) break
    }
    return outcomes
  }

  #runAlone(entry: Waiting): Outcome {
    const mark = this.#events.lastSeq
    try {
      this.#connection.prepare('BEGIN IMMEDIATE').run()
      const outcome = this.#attempt(entry)
      this.#connection.prepare('COMMIT').run()
      return outcome
    } catch (error) {
      this.#rollBack(mark)
      entry.undone?.()
      return { error: this.#nothingWritten(error) }
    }
  }

  /**
   * Runs one task. A refusal is an outcome; everything else is thrown, because the transaction may be gone
   * or hold half of the task.
   */
  #attempt(entry: Waiting): Outcome {
    const mark = this.#events.beginRequest()
    const guarded = entry.undo !== 'nothing'
    if (guarded) this.#connection.prepare('SAVEPOINT request').run()
    let outcome: Outcome = 'done'
    try {
      entry.run()
    } catch (error) {
      if (!(error instanceof OrionError)) throw error
      outcome = { error }
    }
    if (guarded) {
      if (outcome !== 'done' || entry.undo === 'always') {
        this.#connection.prepare('ROLLBACK TO request').run()
        this.#events.reset(mark)
      }
      this.#connection.prepare('RELEASE request').run()
    }
    return outcome
  }

  #rollBack(mark: number): void {
    this.#events.reset(mark)
    // A full disk may have ended the transaction already.
    if (this.#connection.inTransaction()) this.#connection.prepare('ROLLBACK').run()
  }

  #nothingWritten(error: unknown): unknown {
    if (!(error instanceof EngineError)) return error
    if (error.kind === 'full') {
      return new OrionError(
        'storage_full',
        'the disk is full; nothing was written',
        { remedy: 'Free some space, then send the write again.' },
        { cause: error },
      )
    }
    if (error.kind === 'misuse' || error.kind === 'sql' || error.kind === 'constraint') return error
    return new OrionError(
      'storage_failed',
      `the store can't be written (${error.message}); nothing was written`,
      { remedy: 'Look at the disk and the permissions of the store directory.' },
      { cause: error },
    )
  }

  /** A failed sync: what the group did may or may not survive. Nothing more is written. */
  #fail(error: unknown, group: readonly Waiting[]): void {
    this.#state = 'failed'
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#log.error('a sync failed; the store stops writing', { reason: this.#failure.message })
    for (const { reject } of group) {
      reject(
        new OrionError(
          'outcome_unknown',
          'the disk failed while the write was synced; it may or may not be stored',
          { remedy: 'Restart the daemon, then repeat the write with the same idempotency key.' },
          { cause: error },
        ),
      )
    }
    for (const held of this.#heldReads.splice(0)) held.reject(this.#storageFailed())
    this.#onFailure(this.#failure)
  }

  #releaseReads(): void {
    if (this.#heldReads.length === 0) return
    const held = this.#heldReads.splice(0)
    for (const read of held) {
      if (read.seq <= this.#events.durableSeq) read.resolve()
      else this.#heldReads.push(read)
    }
  }

  async #checkpointIfDue(): Promise<void> {
    if (this.#state === 'failed') return
    const pages = this.#connection.walPages()
    const { checkpointPages } = this.#limits
    const idle = this.#waiting.length === 0
    if (pages < checkpointPages || (!idle && pages < checkpointPages * busyFactor)) return
    try {
      await this.#connection.checkpoint()
    } catch (error) {
      if (this.#connection.fault === undefined) {
        this.#log.warn('a checkpoint failed; it is tried again later', { reason: String(error) })
      } else {
        this.#fail(error, [])
      }
    }
  }
}

/** Largest group whose sync the event loop waits for. */
const waitedGroupMax = 4

/** While writes wait, a checkpoint is put off until the log has this many times the usual pages. */
const busyFactor = 4
