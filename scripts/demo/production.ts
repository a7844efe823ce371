/** What every act needs, and how it looks into the store. */
import { type Client, connect } from '../../sdk/index.ts'
import { Actor } from './actor.ts'
import type { ReportOf, Role } from './messages.ts'
import type { Place } from './place.ts'
import type { Stage } from './stage.ts'

/** A place, a stage, and those who play. */
export class Production {
  readonly place: Place
  readonly stage: Stage
  readonly #dismissals: (() => void)[] = []

  constructor(place: Place, stage: Stage) {
    this.place = place
    this.stage = stage
  }

  /** Starts a process that plays a role until it is dismissed. */
  cast<R extends Role>(
    role: R,
    parts: { readonly name?: string; readonly onReport?: (report: ReportOf<R>) => void } = {},
  ): Actor<R> {
    const actor = new Actor(role, { place: this.place, ...parts })
    this.onDismiss(() => actor.kill())
    return actor
  }

  /** Remembers what has to be ended with the play. */
  onDismiss(dismiss: () => void): void {
    this.#dismissals.push(dismiss)
  }

  /** Looks into the store with a client of its own, which knows nothing of what was seen before. */
  async look<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const { store, env } = this.place
    const client = await connect({
      client: { name: 'demo', version: '1.0.0', kind: 'script' },
      store,
      env,
    })
    try {
      return await use(client)
    } finally {
      await client.close()
    }
  }

  /** Ends those who play; the daemon goes on. Safe to repeat. */
  dismiss(): void {
    for (const dismiss of this.#dismissals.splice(0)) dismiss()
  }

  /** Ends every process and removes the place, whatever has happened. Safe to repeat. */
  async close(): Promise<void> {
    this.dismiss()
    await this.place.clear()
  }
}
