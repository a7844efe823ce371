/** Who of a group of subscribers at one position gets which events. */
import type { Event } from '../../sdk/model.ts'
import type { Include, Match } from '../store/store-api.ts'
import { type Coalesced, coalesce } from './coalesce.ts'
import { type Policy, type Selection, type Subscriber, selects } from './subscriber.ts'

/** Events that are all for all of the subscribers. */
export interface Delivery {
  readonly subscribers: readonly Subscriber[]
  readonly include: Include
  readonly windowEvents: number
  readonly events: readonly Event[]
  /** For subscriptions with a filter: one for each event. */
  readonly matches?: readonly Match[]
  /** For coalescing subscriptions: one for each event, how many of its record were left out. */
  readonly skips?: readonly number[]
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
  /** How often somebody joined or left. */
  #changes = 0

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
    this.#changed()
  }

  remove(subscriber: Subscriber): void {
    const member = this.#members.get(subscriber.selection.key)
    if (member === undefined || !member.subscribers.delete(subscriber)) return
    if (member.subscribers.size === 0) this.#members.delete(subscriber.selection.key)
    this.#changed()
  }

  #changed(): void {
    this.#changes++
    this.#routes.clear()
  }

  /**
   * The deliveries that these events make; each subscriber is in at most one of them. Gives undefined between steps of
   * the work, of which there may be many: whoever takes them may let others have a turn before the next one.
   * Subscribers may leave meanwhile; they are marked as closed, and not left out.
   */
  *deliveries(events: readonly Event[]): Generator<Delivery | undefined> {
    const topics = [...new Set(events.map((event) => event.topic))]
    for (const route of yield* this.#routesOf(topics)) {
      const wanted =
        route.topics.size === topics.length
          ? events
          : events.filter((event) => route.topics.has(event.topic))
      yield yield* deliveryOf(route, wanted)
    }
  }

  *#routesOf(topics: string[]): Generator<undefined, readonly Route[]> {
    const key = topics.length === 1 ? (topics[0] ?? '') : topics.sort().join('\n')
    const known = this.#routes.get(key)
    if (known !== undefined) return known
    const before = this.#changes
    const routes = yield* this.#findRoutes(topics)
    if (this.#changes !== before) return routes
    if (this.#routes.size >= routesMax) this.#routes.clear()
    this.#routes.set(key, routes)
    return routes
  }

  *#findRoutes(topics: readonly string[]): Generator<undefined, readonly Route[]> {
    const routes = new Map<string, Route>()
    for (const { selection, subscribers } of this.#members.values()) {
      const wanted: string[] = []
      for (const topic of topics) {
        if (selects(selection, topic)) wanted.push(topic)
        yield
      }
      if (wanted.length === 0) continue
      const key =
        selection.filter === undefined
          ? [selection.include, selection.policy, selection.windowEvents, ...wanted].join('\n')
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
  readonly policy: Policy
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
  const { include, policy, windowEvents, filter } = selection
  const wanted = new Set(topics)
  return { subscribers: [...subscribers], include, policy, windowEvents, topics: wanted, filter }
}

/** What is left of some events by a route's policy and filter; undefined when it is nothing. */
function* deliveryOf(
  route: Route,
  wanted: readonly Event[],
): Generator<undefined, Delivery | undefined> {
  const { subscribers, include, policy, windowEvents, filter } = route
  const base = { subscribers, include, windowEvents }
  if (policy === 'park') {
    if (filter === undefined) return { ...base, events: wanted }
    const { events, matches } = yield* fitting(filter, { events: wanted, firsts: wanted })
    return events.length === 0 ? undefined : { ...base, events, matches }
  }
  const latest = coalesce(wanted)
  if (filter === undefined) return { ...base, events: latest.events, skips: latest.skips }
  const { events, matches, skips } = yield* fitting(filter, latest)
  return events.length === 0 ? undefined : { ...base, events, matches, skips }
}

function* fitting(
  filter: NonNullable<Selection['filter']>,
  candidates: Pick<Coalesced, 'events' | 'firsts'> & Partial<Coalesced>,
): Generator<
  undefined,
  { readonly events: Event[]; readonly matches: Match[]; readonly skips: number[] }
> {
  const events: Event[] = []
  const matches: Match[] = []
  const skips: number[] = []
  for (const [index, event] of candidates.events.entries()) {
    const match = filter.match(event, candidates.firsts[index] ?? event)
    yield
    if (match === undefined) continue
    events.push(event)
    matches.push(match)
    skips.push(candidates.skips?.[index] ?? 0)
  }
  return { events, matches, skips }
}
