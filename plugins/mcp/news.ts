import type { Client } from '../../sdk/client/client.ts'
import type { EventStream } from '../../sdk/client/event-stream.ts'
import type { Event, Token } from '../../sdk/model.ts'
import { RecentMap } from './recent-map.ts'
import { idText, plain } from './record-text.ts'
import { countTokens } from './token-count.ts'

/**
 * What others did since the agent last asked: kept as it comes, told in one line, so that an agent that can't be woken learns
 * of it with its next call and pays nothing when there is nothing.
 */
export class News {
  readonly #stream: EventStream
  /** Events that are no news to the agent, by their tokens: its own doing, or told already. */
  readonly #known = new RecentMap<'own' | 'told'>(knownMax)
  /** The transactions of its own events: an answer names one event, and there may be more to it. */
  readonly #ownTransactions = new RecentMap<true>(knownMax)
  #events: Kept[] = []
  readonly #listeners = new Set<(event: Event) => void>()
  /** More than were kept. */
  #lost = 0
  /** Up to here the agent has read all events itself. */
  #position: Token
  /** Up to where it has read those of some patterns, which it did later. */
  #positions = new RecentMap<Token>(positionsMax)

  private constructor(stream: EventStream, position: Token) {
    this.#stream = stream
    this.#position = position
    void this.#follow()
  }

  /** Begins to listen to all that the connection may read. */
  static async open(client: Client, signal: AbortSignal): Promise<News> {
    const { token } = client.server
    return new News(await client.subscribe('*', { include: 'none', signal }), token)
  }

  /** Notes that the event at a position is the agent's own doing, and no news to it. */
  disregard(token: Token): void {
    this.#known.set(token, 'own')
  }

  /** The events that are not the agent's own doing, of some that belong together. */
  ofOthers<E extends Pick<Event, 'token' | 'txn'>>(events: readonly E[]): E[] {
    for (const { token, txn } of events) {
      if (this.#known.get(token) === 'own') this.#ownTransactions.set(String(txn), true)
    }
    return events.filter(({ txn }) => this.#ownTransactions.get(String(txn)) === undefined)
  }

  /** Notes that the agent was told of an event. */
  told(token: Token): void {
    if (this.#known.get(token) === undefined) this.#known.set(token, 'told')
  }

  /** Up to where the agent has read the events of some patterns, or of all. */
  positionOf(patterns: readonly string[] | undefined): Token {
    return (patterns && this.#positions.get(nameOf(patterns))) ?? this.#position
  }

  /** Notes up to where the agent has read, and whether that is all that there is. */
  moveTo(
    position: Token,
    read: { readonly patterns: readonly string[] | undefined; readonly isAll: boolean },
  ): void {
    const { patterns, isAll } = read
    if (patterns !== undefined) {
      this.#positions.set(nameOf(patterns), position)
      return
    }
    this.#position = position
    if (!isAll) return
    this.#positions = new RecentMap(positionsMax)
    this.#clear()
  }

  /** One line of what is new since the last time, and forgets it; undefined when there is nothing. */
  line(): string | undefined {
    const others = this.ofOthers(this.#events)
    const fresh = others.filter(({ token }) => this.#known.get(token) === undefined)
    const last = fresh.at(-1)
    const count = this.#lost > 0 ? `over ${keptMax}` : String(fresh.length)
    this.#clear()
    if (last === undefined) return undefined
    const changes = count === '1' ? '1 change' : `${count} changes`
    return (
      aboutLast(last)
        .map((about) => `news: ${changes} by others${about}; see events`)
        .find((line) => countTokens(line) <= lineMaxTokens) ?? 'news: see events'
    )
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

  #clear(): void {
    this.#events = []
    this.#lost = 0
  }

  #note({ topic, id, txn, token }: Event): void {
    if (this.#events.length < keptMax) {
      this.#events.push({ topic, txn, token, ...(id === undefined ? {} : { id }) })
    } else {
      this.#lost++
    }
  }
}

type Kept = Pick<Event, 'topic' | 'id' | 'txn' | 'token'>

/** What may be said of the last event, the most telling first: a whole id, its end, or none. */
function aboutLast({ topic, id }: Pick<Event, 'topic' | 'id'>): string[] {
  const about = `, last ${plain(topic)}`
  if (id === undefined) return [about, '']
  return [`${about}/${idText(id)}`, `${about}/…${idText(id.slice(-idEndLength))}`, about, '']
}

function nameOf(patterns: readonly string[]): string {
  return JSON.stringify(patterns)
}

/** What a line may cost in a model that is told it whether it wants to know or not. */
const lineMaxTokens = 40
const idEndLength = 8
const keptMax = 500
const knownMax = 5000
const positionsMax = 50
