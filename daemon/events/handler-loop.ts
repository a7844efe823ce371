/** One handler in the daemon: its position in the log, and the loop that brings it each event. */
import type { Event } from '../../sdk/model.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { TopicPattern } from './topic-pattern.ts'

/**
 * What handles an event: a function, or an object with `handleEvent`. What it returns is awaited, promise or not.
 * The signal aborts when its time is over or its subscription ends.
 */
export type EventHandler =
  | ((event: Event, signal: AbortSignal) => unknown)
  | { handleEvent(event: Event, signal: AbortSignal): unknown }

/** What a handler did with an event. */
export interface Delivery {
  readonly seq: number
  readonly topic: string
  readonly handler: string
  readonly outcome: 'handled' | 'failed' | 'timed out'
  readonly tookMs: number
}

/** How a handler in the daemon is subscribed. */
export interface HandlerOptions {
  /** For people: whose handler it is. */
  readonly name: string
  readonly patterns: readonly TopicPattern[]
  readonly handler: EventHandler
  /** Where it starts, exclusive; by default after the newest event. */
  readonly after?: number
  /** How long one event may take before the handler is left behind with it. */
  readonly handlerMaxMs?: number
}

/** How a handler fares. */
export interface HandlerStatus {
  readonly name: string
  readonly patterns: readonly string[]
  /** It has been given every event of its patterns up to here. */
  readonly position: number
  readonly handled: number
  readonly failed: number
  readonly timedOut: number
}

/** What a loop is given by the bus. */
export interface HandlerLoopParts {
  readonly read: (after: number, limit: number) => readonly Event[]
  readonly after: number
  readonly clock: Clock
  readonly log: Log
  readonly note: (delivery: Delivery) => void
}

/** Reads the log from a position of its own and awaits the handler for each event. */
export class HandlerLoop {
  readonly #options: HandlerOptions
  readonly #parts: HandlerLoopParts
  readonly #ended = new AbortController()
  readonly #counts = { handled: 0, failed: 0, timedOut: 0 }
  #position: number
  #running = false

  constructor(options: HandlerOptions, parts: HandlerLoopParts) {
    this.#options = options
    this.#parts = parts
    this.#position = parts.after
  }

  /** Goes on reading soon, unless it is at it. */
  wake(): void {
    if (this.#running || this.#ended.signal.aborted) return
    this.#running = true
    setImmediate(() => void this.#run())
  }

  /** Ends the loop; the handler is not called again. */
  dispose(): void {
    this.#ended.abort()
  }

  status(): HandlerStatus {
    const { name, patterns } = this.#options
    const texts = patterns.map((pattern) => pattern.text)
    return { name, patterns: texts, position: this.#position, ...this.#counts }
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ended.signal.aborted) {
        const events = this.#parts.read(this.#position, batchMax)
        if (events.length === 0) break
        await this.#handleAll(events)
        await new Promise(setImmediate)
      }
    } catch (error) {
      this.#parts.log.error('the log can not be read', { handler: this.#options.name, error })
    }
    this.#running = false
  }

  async #handleAll(events: readonly Event[]): Promise<void> {
    for (const event of events) {
      if (this.#ended.signal.aborted) return
      if (this.#options.patterns.some((pattern) => pattern.matches(event.topic))) {
        await this.#handle(event)
      }
      this.#position = event.seq
    }
  }

  async #handle(event: Event): Promise<void> {
    const { clock, log } = this.#parts
    const startedMs = clock.monotonicMs()
    const timeUp = new AbortController()
    let outcome: Delivery['outcome'] = 'handled'
    try {
      outcome = await this.#race(event, timeUp)
    } catch (error) {
      outcome = 'failed'
      log.error('an event handler failed', { handler: this.#options.name, seq: event.seq, error })
    }
    if (outcome === 'timed out') {
      log.error('an event handler took too long', { handler: this.#options.name, seq: event.seq })
    }
    this.#counts[counterOf[outcome]]++
    const tookMs = clock.monotonicMs() - startedMs
    this.#parts.note({
      seq: event.seq,
      topic: event.topic,
      handler: this.#options.name,
      outcome,
      tookMs,
    })
  }

  async #race(event: Event, timeUp: AbortController): Promise<Delivery['outcome']> {
    const { handler, handlerMaxMs = defaultHandlerMaxMs } = this.#options
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'timed out'>((resolve) => {
      timer = setTimeout(() => {
        timeUp.abort(new Error('the time for this event is over'))
        resolve('timed out')
      }, handlerMaxMs)
    })
    const onEnd = (): void => timeUp.abort(new Error('the subscription has ended'))
    this.#ended.signal.addEventListener('abort', onEnd, { once: true })
    try {
      return await Promise.race([call(handler, event, timeUp.signal), late])
    } finally {
      clearTimeout(timer)
      this.#ended.signal.removeEventListener('abort', onEnd)
    }
  }
}

const batchMax = 64
const defaultHandlerMaxMs = 30_000

const counterOf = { handled: 'handled', failed: 'failed', 'timed out': 'timedOut' } as const

async function call(handler: EventHandler, event: Event, signal: AbortSignal): Promise<'handled'> {
  if (typeof handler === 'function') await handler(event, signal)
  else await handler.handleEvent(event, signal)
  return 'handled'
}
