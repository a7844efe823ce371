/** The log, read by polling and folded by itself: what the store was at each position. */
import assert from 'node:assert/strict'
import type { Client } from '../../../sdk/client/client.ts'
import { type Event, parseToken, type Record, type Token } from '../../../sdk/model.ts'
import { Task } from './world.ts'

/** A record as far as it is compared: id, version, lifecycle, and its data as text. */
export type Fact = string

/** What is compared of a record. */
export function factOf({ id, version, lifecycle, data }: Record): Fact {
  const members = Object.entries(data).sort(([left], [right]) => (left < right ? -1 : 1))
  return `${id} v${version} ${lifecycle} ${JSON.stringify(members)}`
}

/** A set that somebody saw, and what it should have been. */
export interface Observation {
  readonly who: string
  readonly token: Token
  readonly seen: readonly Fact[]
  /** Chooses and orders the records of the store as the one who saw them was told to. */
  readonly choose: (records: readonly Record[]) => readonly Record[]
  /** Whether it may lie in the middle of a transaction. */
  readonly torn?: true
}

/** Reads the whole log as far as it goes, and knows every state between. */
export class Oracle {
  readonly events: Event[] = []
  #token: Token | undefined
  #epoch: string | undefined

  /** Reads on to the end. Before a compaction, because the log is all it knows. */
  async read(client: Client): Promise<void> {
    for (;;) {
      const after = this.#token === undefined ? {} : { after: this.#token }
      const page = await client.events({ ...after, limit: 1000 })
      assert.equal(page.gap, undefined, 'the oracle reads before anything is compacted')
      this.events.push(...page.events)
      this.#token = page.token
      const position = parseToken(page.token)
      this.#epoch ??= position?.epoch
      assert.equal(position?.epoch, this.#epoch)
      if (page.events.length === 0) return
    }
  }

  /** Compares each observation with the store as it was at its position. Returns what does not agree. */
  problems(observations: readonly Observation[]): string[] {
    const problems: string[] = []
    const state = new Map<string, Record>()
    const sorted = observations
      .map((observation) => ({ ...observation, seq: seqOf(observation.token) }))
      .sort((left, right) => left.seq - right.seq)
    let next = 0
    for (const { who, seq, seen, choose, torn } of sorted) {
      for (; (this.events[next]?.seq ?? Number.POSITIVE_INFINITY) <= seq; next++) {
        apply(state, this.events[next])
      }
      const follows = this.events[next]?.txn ?? Number.POSITIVE_INFINITY
      if (follows <= seq && torn !== true)
        problems.push(`${who} saw a part of ${follows} at ${seq}`)
      const expected = choose([...state.values()])
        .map(factOf)
        .filter(hasPast)
      if (JSON.stringify(expected) === JSON.stringify(seen.filter(hasPast))) continue
      problems.push(`${who} at ${seq}: expected ${expected.join('; ')}, saw ${seen.join('; ')}`)
    }
    return problems
  }
}

/** Makes one event's change. */
export function apply(state: Map<string, Record>, event: Event | undefined): void {
  if (event?.type !== Task.name || event.id === undefined) return
  if (event.record === undefined || event.match === 'left') state.delete(event.id)
  else state.set(event.id, event.record)
}

/** The seq of a position. */
export function seqOf(token: Token): number {
  const position = parseToken(token)
  assert.ok(position, token)
  return position.seq
}

/** What was purged has no past that can be asked for; its present is compared at the end. */
function hasPast(fact: Fact): boolean {
  return !fact.startsWith('p')
}
