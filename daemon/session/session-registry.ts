/** The connections of the daemon. */
import type { DaemonStatusResult } from '../../sdk/protocol/daemon.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { ClosingReason } from '../events/subscription-sink.ts'
import type { Channel } from './channel.ts'
import { Dispatcher } from './dispatch.ts'
import { routes } from './routes.ts'
import type { Services } from './services.ts'
import { Session } from './session.ts'

/** Makes a session of each transport, and knows those that live. */
export class SessionRegistry {
  readonly #services: Services
  readonly #dispatcher: Dispatcher
  readonly #onChange: () => void
  readonly #sessions = new Set<Session>()
  #attached = 0

  /** @param onChange - Called when a connection came or went. */
  constructor(services: Services, onChange: () => void) {
    this.#services = services
    this.#dispatcher = new Dispatcher(routes, services.log)
    this.#onChange = onChange
    services.access.tokens.onEnded(() => this.expelEnded())
  }

  /** Connections of others than the daemon's own plugins. */
  get size(): number {
    let count = 0
    for (const session of this.#sessions) if (!isPlugin(session)) count++
    return count
  }

  /** Requests of all connections that are not answered yet. */
  get inFlight(): number {
    let count = 0
    for (const session of this.#sessions) if (!isPlugin(session)) count += session.inFlight
    return count
  }

  /** Serves a transport; it belongs to its session from now on. */
  attach(transport: Transport, channel: Channel): Session {
    const session = new Session({
      connectionId: `c${++this.#attached}`,
      transport,
      channel,
      services: this.#services,
      dispatcher: this.#dispatcher,
      onBegin: (begun) => this.#replaceDead(begun),
      onEnd: (ended) => {
        this.#sessions.delete(ended)
        this.#onChange()
      },
    })
    this.#sessions.add(session)
    session.start()
    this.#onChange()
    return session
  }

  /** Answers what is under way, says why, and closes every connection; at the deadline, closes the rest. */
  async drain(closing: ClosingReason, drainMaxMs: number): Promise<void> {
    // What plugins are asked on behalf of the others is answered first.
    const [others, plugins] = [false, true].map((wanted) =>
      [...this.#sessions].filter((session) => isPlugin(session) === wanted),
    )
    const drainAll = async (): Promise<void> => {
      for (const group of [others, plugins]) {
        await Promise.all((group ?? []).map((session) => session.drain(closing)))
      }
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMaxMs)
    })
    await Promise.race([drainAll(), late])
    clearTimeout(timer)
    for (const session of this.#sessions) session.close()
  }

  /** Takes their rights from the connections whose tokens have ended. */
  expelEnded(): void {
    const { tokens } = this.#services.access
    for (const session of [...this.#sessions]) {
      const { accessToken } = session
      if (accessToken !== undefined && !tokens.isLive(accessToken.id)) session.expel()
    }
  }

  status(): DaemonStatusResult['connections'] {
    return [...this.#sessions].map((session) => session.status())
  }

  /** A client that comes back under the same session id has lost its old connection, whatever it looks like here. */
  #replaceDead(begun: Session): void {
    if (begun.sessionId === undefined) return
    for (const session of this.#sessions) {
      const same =
        session.sessionId === begun.sessionId && session.rights.principal === begun.rights.principal
      if (same && session !== begun) session.close()
    }
  }
}

function isPlugin({ channel }: Session): boolean {
  return channel.kind === 'plugin'
}
