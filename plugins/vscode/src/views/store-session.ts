import type { Client } from '../../../../sdk/client/client.ts'
import { isOrionError } from '../../../../sdk/errors.ts'
import type { Event } from '../../../../sdk/model.ts'
import { RefreshScheduler } from '../model/refresh-scheduler.ts'
import type { StoreView } from '../model/rows.ts'
import { type LinkState, type OpenClient, StoreLink } from '../model/store-link.ts'
import type { StorePlace } from '../model/store-places.ts'
import { StoreSummary, type SummaryNews } from '../model/store-summary.ts'
import { insightsView } from './insights-view.ts'
import { jobsView } from './jobs-view.ts'
import { logView, patternsView } from './list-view.ts'
import { proposalsView } from './proposals-view.ts'

/** The views of the extension, by the last part of their ids. */
export type ViewName = 'jobs' | 'insights' | 'patterns' | 'proposals' | 'log'

/** What a window wants to know of its stores. */
export interface SessionListener {
  /** The connection has changed. */
  onState(session: StoreSession): void
  /** The summary has been read anew. */
  onSummary(session: StoreSession, news: SummaryNews): void
  /** Something happened to records; `undefined` stands for anything. Cheap: there may be very many. */
  onChange(session: StoreSession, change: Event | undefined): void
  onError(error: unknown): void
}

/** One store of the window: its connection, its summary and its views. */
export class StoreSession {
  readonly place: StorePlace
  readonly link: StoreLink
  readonly summary: StoreSummary
  readonly views: { readonly [N in ViewName]: StoreView }
  readonly #listener: SessionListener
  readonly #scheduler: RefreshScheduler
  /** Types whose part of the summary is not as it was read. */
  readonly #dirty = new Set<string>()
  #hasSummary = false

  constructor(
    place: StorePlace,
    parts: {
      readonly open: OpenClient
      readonly listener: SessionListener
      readonly intervalMs: number
    },
  ) {
    this.place = place
    this.#listener = parts.listener
    const client = () => this.client
    this.summary = new StoreSummary(client)
    this.views = {
      jobs: jobsView(this.summary, client),
      insights: insightsView(client),
      patterns: patternsView(client),
      proposals: proposalsView(client),
      log: logView(client),
    }
    this.#scheduler = new RefreshScheduler(async () => await this.#refresh(), {
      intervalMs: parts.intervalMs,
      onError: (error) => this.#listener.onError(error),
    })
    this.#scheduler.pause(true)
    this.link = new StoreLink(parts.open, {
      onState: (state) => this.#stateChanged(state),
      onEvent: (event) => this.#take(event),
      onEverything: () => this.#takeEverything(),
    })
  }

  /** The client. @throws Error before the first connection. */
  get client(): Client {
    const { client } = this.link
    if (client === undefined) throw new Error('There is no connection to Orion.')
    return client
  }

  get isReady(): boolean {
    return this.link.state.kind === 'ready'
  }

  /** Whether the summary has been read since the connection was made. */
  get hasSummary(): boolean {
    return this.#hasSummary
  }

  /** Reads the summary again. */
  refresh(): void {
    this.#takeEverything()
  }

  /** Shows more of the results of jobs. */
  moreResults(): void {
    this.#dirty.add('JobResult')
    this.#scheduler.request()
  }

  /** Ends it. Never rejects. */
  async close(): Promise<void> {
    this.#scheduler.dispose()
    await this.link.close()
  }

  #stateChanged(state: LinkState): void {
    // While there is no connection nothing is asked: a request would start a daemon that somebody has stopped.
    this.#scheduler.pause(state.kind !== 'ready')
    if (state.kind === 'failed' || state.kind === 'connecting') this.#hasSummary = false
    this.#listener.onState(this)
  }

  #take(event: Event): void {
    const { type } = event
    if (type !== undefined && StoreSummary.concerns(type)) {
      this.#dirty.add(type)
      this.#scheduler.request()
    }
    this.#listener.onChange(this, event)
  }

  #takeEverything(): void {
    for (const type of ['JobResult', 'Proposal', 'OrionActionLog']) this.#dirty.add(type)
    this.#scheduler.request()
    this.#listener.onChange(this, undefined)
  }

  async #refresh(): Promise<void> {
    const types = new Set(this.#dirty)
    this.#dirty.clear()
    try {
      const news = await this.summary.refresh(types)
      this.#hasSummary = true
      this.#listener.onSummary(this, news)
    } catch (error) {
      for (const type of types) this.#dirty.add(type)
      // A connection that is lost comes back, and then everything is read anew.
      if (isOrionError(error) && error.retryable) return
      throw error
    }
  }
}
