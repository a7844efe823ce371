/** What the store was at each position, told by a witness that polls the log and never by a subscription. */
import type { Parsed } from '../../support/wire-client.ts'

/** A record at some position; `count` is undefined when a purge erased it before anybody looked. */
export interface State {
  readonly version: number
  readonly lifecycle: string
  readonly count: number | undefined
}

/** Records by `type/id`. */
export type States = ReadonlyMap<string, State>

interface Life {
  /** By seq, from 0. */
  readonly states: States[]
  /** By seq - 1. */
  readonly events: Parsed[]
}

/** A position as the parts of its token. */
export interface Place {
  readonly epoch: string
  readonly seq: number
}

/** Reads a token. */
export function placeOf(token: string): Place {
  const [, , epoch = '', seq = ''] = token.split('.')
  return { epoch, seq: Number(seq) }
}

/** The key of an event's or a record's record. */
export function keyOf({ type, id }: Parsed): string {
  return `${type}/${id}`
}

/** Every state of every epoch. */
export class Truth {
  readonly #lives = new Map<string, Life>()
  #epoch: string

  constructor(epoch: string) {
    this.#epoch = epoch
    this.#lives.set(epoch, { states: [new Map()], events: [] })
  }

  get epoch(): string {
    return this.#epoch
  }

  get lastSeq(): number {
    return this.#life().events.length
  }

  /** The log went back to a position, with a life of its own from there on. */
  fork(epoch: string, seq: number): void {
    const { states, events } = this.#life()
    this.#lives.set(epoch, { states: states.slice(0, seq + 1), events: events.slice(0, seq) })
    this.#epoch = epoch
  }

  /** Notes the next event. */
  add(event: Parsed): void {
    const life = this.#life()
    if (event.seq !== life.events.length + 1) {
      throw new Error(`expected event ${life.events.length + 1}, got ${event.seq}`)
    }
    const states = new Map(life.states.at(-1))
    if (event.op === 'purged') states.delete(keyOf(event))
    else if (event.type !== undefined) states.set(keyOf(event), stateOf(event))
    life.events.push(event)
    life.states.push(states)
  }

  at({ epoch, seq }: Place): States {
    const states = this.#lives.get(epoch)?.states[seq]
    if (states === undefined) throw new Error(`nobody knows ${epoch} ${seq}`)
    return states
  }

  /** The events after a position up to another of the same epoch. */
  between({ epoch, seq }: Place, upTo: number): readonly Parsed[] {
    return this.#lives.get(epoch)?.events.slice(seq, upTo) ?? []
  }

  /** Whether a record's values at a position may be gone by now. */
  isErased(key: string, { epoch, seq }: Place): boolean {
    const events = this.#lives.get(epoch)?.events.slice(seq) ?? []
    return events.some((event) => event.op === 'purged' && keyOf(event) === key)
  }

  #life(): Life {
    const life = this.#lives.get(this.#epoch)
    if (life === undefined) throw new Error('the present epoch has a life')
    return life
  }
}

/** The state that an event or a record tells. */
export function stateOf(told: Parsed): State {
  const record = told.op === undefined ? told : told.record
  const count = record?.data.count ?? record?.data.total
  return { version: told.version, lifecycle: record?.lifecycle ?? '?', count }
}
