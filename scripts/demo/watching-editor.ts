import type { Actor } from './actor.ts'
import type { ReportOf, SeenEvent } from './messages.ts'
import { patiently } from './patience.ts'
import type { Production } from './production.ts'

/** The editor, and everything that it has been sent so far. */
export class WatchingEditor {
  readonly actor: Actor<'editor'>
  readonly #seen: { readonly session: number; readonly event: SeenEvent }[] = []
  readonly #waiting = new Set<() => void>()
  #lostAt: string | undefined

  /** Starts it; what it is sent appears on the stage. */
  constructor(production: Production) {
    this.actor = production.cast('editor', {
      onReport: (report) => {
        if (report.kind === 'events') production.stage.feed(report.events)
        this.#note(report)
      },
    })
  }

  /** The events of one of its sessions, in the order in which they came. */
  eventsOf(which: (session: number) => boolean): SeenEvent[] {
    return this.#seen.filter(({ session }) => which(session)).map(({ event }) => event)
  }

  /** The position it was at when its first bridge ended. */
  get lostAt(): string | undefined {
    return this.#lostAt
  }

  /** Waits until it has been sent an event that fits. @throws Error if none comes in time. */
  async until(what: string, fits: (event: SeenEvent) => boolean): Promise<SeenEvent> {
    return await patiently(`the editor to be sent ${what}`, this.#until(fits))
  }

  async #until(fits: (event: SeenEvent) => boolean): Promise<SeenEvent> {
    for (;;) {
      const found = this.#seen.find(({ event }) => fits(event))
      if (found !== undefined) return found.event
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #note(report: ReportOf<'editor'>): void {
    if (report.kind === 'lost') this.#lostAt ??= report.token
    if (report.kind !== 'events') return
    for (const event of report.events) this.#seen.push({ session: report.session, event })
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
