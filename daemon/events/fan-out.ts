/** Who of a group of subscribers at one position gets which events. */
import type { Event } from '../../sdk/model.ts'
import type { Include } from '../store/store-api.ts'
import type { Match } from './event-encoder.ts'
import { type Selection, type Subscriber, selects } from './subscriber.ts'

/** Events that are all for all of the subscribers. */
export interface Delivery {
  readonly subscribers: readonly Subscriber[]
  readonly include: Include
  readonly windowEvents: number
  readonly events: readonly Event[]
  /** For subscriptions with a filter: one for each event. */
  readonly matches?: readonly Match[]
}

/**
 * Sorts subscribers by the events they get, so that each set of events is sent once.
 *
 * Which selections want a set of topics is worked out once and kept until somebody joins or leaves: a busy
 * stream repeats a few topics, so its deliveries are found by one look-up.
 */
export class FanOut {
  readonly #members = new Map<string, Member>()
  readonly #routes = new Map<string, readonly Route[]>()

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  *subscribers(): Generator<Subscriber> {
    for (const member of this.#members.values()) yield* member.subscribers
  }

  /** The selection with this key, so that subscriptions that want the same can share it. */
  selection(key: string): Selection | undefined {
    return this.#members.get(key)?.selection
  }

  add(subscriber: Subscriber): void {
    const { selection } = subscriber
    const member = this.#members.get(selection.key)
    if (member === undefined) {
      this.#members.set(selection.key, { selection, subscribers: new Set([subscriber]) })
    } else {
      member.subscribers.add(subscriber)
    }
    this.#routes.clear()
  }

  remove(subscriber: Subscriber): void {
    const member = this.#members.get(subscriber.selection.key)
    if (member === undefined || !member.subscribers.delete(subscriber)) return
    if (member.subscribers.size === 0) this.#members.delete(subscriber.selection.key)
    this.#routes.clear()
  }

  /** The deliveries that these events make; each subscriber is in at most one of them. */
  deliveries(events: readonly Event[]): Delivery[] {
    const topics = [...new Set(events.map((event) => event.topic))]
    const deliveries: Delivery[] = []
    for (const route of this.#routesOf(topics)) {
      const wanted =
        route.topics.size === topics.length
          ? events
          : events.filter((event) => route.topics.has(event.topic))
      const { subscribers, include, windowEvents } = route
      const delivery = { subscribers, include, windowEvents, events: wanted }
      if (route.filter === undefined) deliveries.push(delivery)
      else pushFiltered(deliveries, delivery, route.filter)
    }
    return deliveries
  }

  #routesOf(topics: string[]): readonly Route[] {
    const key = topics.length === 1 ? (topics[0] ?? '') : topics.sort().join('\n')
    const known = this.#routes.get(key)
    if (known !== undefined) return known
    const routes = this.#findRoutes(topics)
    if (this.#routes.size >= routesMax) this.#routes.clear()
    this.#routes.set(key, routes)
    return routes
  }

  #findRoutes(topics: readonly string[]): readonly Route[] {
    const routes = new Map<string, Route>()
    for (const { selection, subscribers } of this.#members.values()) {
      const wanted = topics.filter((topic) => selects(selection, topic))
      if (wanted.length === 0) continue
      const key =
        selection.filter === undefined
          ? [selection.include, selection.windowEvents, ...wanted].join('\n')
          : selection.key
      const route = routes.get(key)
      if (route === undefined) routes.set(key, routeOf(selection, wanted, subscribers))
      else route.subscribers.push(...subscribers)
    }
    return [...routes.values()]
  }
}

interface Member {
  readonly selection: Selection
  readonly subscribers: Set<Subscriber>
}

interface Route {
  readonly subscribers: Subscriber[]
  readonly include: Include
  readonly windowEvents: number
  readonly topics: ReadonlySet<string>
  readonly filter: Selection['filter']
}

const routesMax = 128

function routeOf(
  selection: Selection,
  topics: readonly string[],
  subscribers: Iterable<Subscriber>,
): Route {
  const { include, windowEvents, filter } = selection
  return { subscribers: [...subscribers], include, windowEvents, topics: new Set(topics), filter }
}

function pushFiltered(
  deliveries: Delivery[],
  delivery: Delivery,
  filter: NonNullable<Selection['filter']>,
): void {
  const events: Event[] = []
  const matches: Match[] = []
  for (const event of delivery.events) {
    const match = filter(event)
    if (match === undefined) continue
    events.push(event)
    matches.push(match)
  }
  if (events.length > 0) deliveries.push({ ...delivery, events, matches })
}
