import type { Client } from '../../sdk/client/client.ts'
import type { EventStream } from '../../sdk/client/event-stream.ts'
import type { Event, Token } from '../../sdk/model.ts'
import { RecentMap } from './recent-map.ts'
import { plain } from './record-text.ts'

/**
 * What others did since the agent last asked: kept as it comes, told in one line, so that an agent that can't be woken learns
 * of it with its next call and pays nothing when there is nothing.
 */
export class News {
  readonly #stream: EventStream
  /** Events of the agent's own writes, by their tokens. */
  readonly #own = new RecentMap<true>(ownMax)
  #events: Pick<Event, 'topic' | 'id' | 'actor' | 'token'>[] = []
  readonly #listeners = new Set<(event: Event) => void>()
  /** More than were kept. */
  #lost = 0
  /** Up to here the agent has read events itself. */
  position: Token

  private constructor(stream: EventStream, position: Token) {
    this.#stream = stream
    this.position = position
    void this.#follow()
  }

  /** Begins to listen to all that the connection may read. */
  static async open(client: Client, signal: AbortSignal): Promise<News> {
    const { token } = client.server
    return new News(await client.subscribe('*', { include: 'none', signal }), token)
  }

  /** Notes that the event at a position is the agent's own doing, and no news to it. */
  disregard(token: Token): void {
    this.#own.set(token, true)
  }

  /** Whether the event at a position is the agent's own doing. */
  isOwn(token: Token): boolean {
    return this.#own.get(token) !== undefined
  }

  /** One line of what is new since the last time, and forgets it; undefined when there is nothing. */
  line(): string | undefined {
    const fresh = this.#events.filter(({ token }) => !this.isOwn(token))
    const last = fresh.at(-1)
    const count = this.#lost > 0 ? `over ${keptMax}` : String(fresh.length)
    this.clear()
    if (last === undefined) return undefined
    const changes = count === '1' ? '1 change' : `${count} changes`
    const about = last.id === undefined ? '' : `/${plain(last.id)}`
    return `news: ${changes} by others, last ${plain(last.topic)}${about}; see events`
  }

  /** Forgets what came: the agent has read it. */
  clear(): void {
    this.#events = []
    this.#lost = 0
  }

  /** Calls a listener for every event from now on. */
  onEvent(listener: (event: Event) => void): void {
    this.#listeners.add(listener)
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#stream) {
        this.#note(event)
        for (const listener of this.#listeners) listener(event)
      }
    } catch {
      // The connection was closed for good; the next call says why.
    }
  }

  #note({ topic, id, actor, token }: Event): void {
    if (this.#events.length < keptMax) {
      this.#events.push({ topic, actor, token, ...(id === undefined ? {} : { id }) })
    } else {
      this.#lost++
    }
  }
}

const keptMax = 500
const ownMax = 5000
