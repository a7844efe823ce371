/** Gives reads that may take long their turns. */
import { OrionError } from '../../sdk/errors.ts'
import type { Caller } from './store-api.ts'

/** A read whose cost nobody knows beforehand. */
export interface LongRead<T> {
  /** Tries to answer at once; undefined when the time was too short. */
  attempt(): T | undefined
  /** Begins to answer in steps, for as many turns as that takes. */
  open(): SteppedRead<T>
}

/** A read that is answered in steps. */
export interface SteppedRead<T> {
  /** Goes on for about so long; the answer, once it is known. */
  step(turnMaxMs: number): T | undefined
  /** Ends it, whether it is answered or not. */
  close(): void
}

/**
 * Reads that are short are answered at once. The others go on a step a turn of the event loop, one of them in each
 * turn, so that everybody else waits for one step at most, however many there are.
 *
 * ```
 *   attempt ── in time ──> answer
 *      └─ too long, or this turn is used up ─> waiting ─> open (few, one of each connection) ─> a step each in turn
 * ```
 *
 * An open read holds a page in memory, so that few are. Those of one connection follow one another, so that whoever asks for a
 * hundred has as much of the daemon as one who asks for one.
 */
export class LongReads {
  readonly #turnMaxMs: number
  readonly #openMax: number
  /** By connection, each in the order they came. The connection that was served longest ago is the first. */
  readonly #waiting = new Map<string, Entry[]>()
  /** In the order of their next turns. */
  #open: Entry[] = []
  /** When the attempts of this turn have taken enough; undefined before the first. */
  #turnEndsMs: number | undefined
  #isScheduled = false
  #isClosed = false

  constructor(limits: { readonly turnMaxMs: number; readonly scansMax: number }) {
    this.#turnMaxMs = limits.turnMaxMs
    this.#openMax = limits.scansMax
  }

  /**
   * Answers a read.
   *
   * @throws OrionError `cancelled`; `overloaded` when the caller's deadline passes; `draining` when the store closes.
   */
  async run<T>(read: LongRead<T>, caller: Caller): Promise<T> {
    if (this.#isClosed) throw closing()
    const hasTime = this.#hasTime()
    const answer = hasTime ? read.attempt() : undefined
    if (answer !== undefined) return answer
    return await new Promise<T>((resolve, reject) => {
      const lane = caller.connectionId ?? caller.principal
      const entry = entryOf(read, { lane, caller, isAttempted: hasTime, resolve, reject })
      const before = this.#waiting.get(lane)
      if (before === undefined) this.#waiting.set(lane, [entry])
      else before.push(entry)
      this.#schedule()
    })
  }

  /** Refuses what is under way, and what comes from now on. */
  close(): void {
    this.#isClosed = true
    this.#endAll(closing)
  }

  /** Has whoever waits ask again, because what they read became another thing. */
  interrupt(): void {
    this.#endAll(() => {
      const message = 'a record type was migrated while it was read'
      return new OrionError('overloaded', message, { retryAfterMs: 10 })
    })
  }

  #endAll(reason: () => OrionError): void {
    const all = [...this.#open.splice(0), ...[...this.#waiting.values()].flat()]
    this.#waiting.clear()
    for (const entry of all) entry.end(reason())
  }

  #hasTime(): boolean {
    const now = performance.now()
    if (this.#turnEndsMs === undefined) {
      this.#turnEndsMs = now + this.#turnMaxMs
      setImmediate(() => {
        this.#turnEndsMs = undefined
      })
      return true
    }
    return now < this.#turnEndsMs
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size + this.#open.length === 0) return
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isScheduled = false
    this.#dropUnwanted()
    this.#fill()
    const entry = this.#open.shift()
    if (entry !== undefined && !entry.step(this.#turnMaxMs)) this.#open.push(entry)
    this.#schedule()
  }

  #dropUnwanted(): void {
    this.#open = this.#open.filter(isWanted)
    for (const [lane, entries] of this.#waiting) {
      const wanted = entries.filter(isWanted)
      if (wanted.length === 0) this.#waiting.delete(lane)
      else this.#waiting.set(lane, wanted)
    }
  }

  /** Opens one of each connection that has none open, as long as there is room. */
  #fill(): void {
    const served = new Set(this.#open.map(({ lane }) => lane))
    for (const [lane, [entry, ...rest]] of [...this.#waiting]) {
      if (this.#open.length >= this.#openMax) return
      if (entry === undefined || served.has(lane)) continue
      this.#open.push(entry)
      this.#waiting.delete(lane)
      if (rest.length > 0) this.#waiting.set(lane, rest)
    }
  }
}

/** A read that was not answered at once, with the type of its answer closed over. */
interface Entry {
  readonly lane: string
  /** Why nobody waits for it any more; undefined as long as somebody does. */
  readonly unwanted: () => OrionError | undefined
  /** Goes on; true when it is over, one way or another. */
  readonly step: (turnMaxMs: number) => boolean
  readonly end: (error: unknown) => void
}

function entryOf<T>(
  read: LongRead<T>,
  request: {
    readonly lane: string
    readonly caller: Caller
    readonly isAttempted: boolean
    readonly resolve: (answer: T) => void
    readonly reject: (error: unknown) => void
  },
): Entry {
  const { lane, caller, resolve, reject } = request
  const endsMs = performance.now() + (caller.deadlineMs ?? Number.POSITIVE_INFINITY)
  let { isAttempted } = request
  let stepped: SteppedRead<T> | undefined
  const next = (turnMaxMs: number): T | undefined => {
    if (!isAttempted) {
      isAttempted = true
      return read.attempt()
    }
    stepped ??= read.open()
    return stepped.step(turnMaxMs)
  }
  const end = (error: unknown): void => {
    stepped?.close()
    reject(error)
  }
  return {
    lane,
    unwanted: () => {
      if (caller.cancelled)
        return new OrionError('cancelled', 'cancelled before it was answered', {})
      return performance.now() > endsMs ? late() : undefined
    },
    end,
    step: (turnMaxMs) => {
      try {
        const answer = next(turnMaxMs)
        if (answer === undefined) return false
        stepped?.close()
        resolve(answer)
      } catch (error) {
        end(error)
      }
      return true
    },
  }
}

function isWanted(entry: Entry): boolean {
  const error = entry.unwanted()
  if (error !== undefined) entry.end(error)
  return error === undefined
}

function closing(): OrionError {
  return new OrionError('draining', 'the store is closing', { retryAfterMs: 200 })
}

function late(): OrionError {
  const message = 'the daemon had no time for the read before its deadline'
  return new OrionError('overloaded', message, { retryAfterMs: 100 })
}
