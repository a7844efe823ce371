/** A subscriber that folds what it is sent, and checks each message against the truth. */
import assert from 'node:assert/strict'
import type { Parsed, WireClient, WireMessage } from '../../support/wire-client.ts'
import {
  keyOf,
  type Place,
  placeOf,
  type State,
  type States,
  stateOf,
  type Truth,
} from './truth.ts'

/** What a watcher asks for. */
export interface Wish {
  readonly pattern: 'Note.*' | 'Tally.*' | '*' | '*.updated'
  readonly filtered: boolean
  readonly coalesce: boolean
  readonly onGap: 'snapshot' | 'continue'
  readonly windowEvents: number
}

/** It outlives its connections: after a break it opens again from the last position that is whole. */
export class Watcher {
  readonly wish: Wish
  readonly #truth: Truth
  client: WireClient | undefined
  subscriptionId = ''
  /** Where it stands; undefined until its first snapshot is whole. */
  #place: Place | undefined
  #fold: Map<string, State | undefined> = new Map()
  #snapshot: { readonly at: Place; readonly records: Map<string, State> } | undefined
  #handled = 0
  #synced = 0
  gaps = 0

  constructor(wish: Wish, truth: Truth) {
    this.wish = wish
    this.#truth = truth
  }

  /** Opens it on a connection: where it stands, else from where it is told. */
  async open(client: WireClient, from: 'now' | 'snapshot'): Promise<void> {
    const { pattern, coalesce, onGap, windowEvents } = this.wish
    const place = this.#snapshot === undefined ? this.#place : undefined
    const start =
      place === undefined ? (this.#place === undefined ? from : 'snapshot') : this.#token
    this.client = client
    this.#handled = client.received.length
    this.#synced = 0
    const opened = await client.call('subscription/open', {
      patterns: [pattern],
      from: start,
      onGap,
      windowEvents,
      policy: coalesce ? 'coalesce' : 'park',
      ...(this.isFiltered ? { where: { count: { gte: 5 } } } : {}),
    })
    this.subscriptionId = opened.subscriptionId
    this.#snapshot = undefined
    if (start === 'snapshot') this.#snapshot = { at: placeOf(opened.token), records: new Map() }
    else if (start === 'now') this.#place = placeOf(opened.token)
    if (start === 'now') this.#pendingFold = true
    this.#storePrefix = opened.token.split('.').slice(0, 2).join('.')
  }

  #storePrefix = ''
  /** The fold begins as if the records had been listed at the start. */
  #pendingFold = false

  get isFiltered(): boolean {
    return this.wish.filtered && this.wish.pattern === 'Note.*'
  }

  get #token(): string {
    return `${this.#storePrefix}.${this.#place?.epoch}.${this.#place?.seq}`
  }

  /** Waits until everything up to now has come. */
  flush(): Promise<Parsed> {
    const { client, subscriptionId } = this
    if (client === undefined) throw new Error('it is not open')
    return client.call('subscription/flush', { subscriptionId })
  }

  /** Handles what has come, or only the first so many messages. The truth is known up to all of it. */
  handle(count = Number.POSITIVE_INFINITY): void {
    const { client } = this
    if (client === undefined) return
    const end = Math.min(client.received.length, this.#handled + count)
    for (; this.#handled < end; this.#handled++) {
      const message = client.received[this.#handled]
      if (message !== undefined && this.#isMine(message)) this.#take(message)
    }
  }

  /** Handles the first events of the next notification only: each event's token is a position too. */
  handlePart(count: number): void {
    const message = this.client?.received[this.#handled]
    if (message?.method !== 'subscription/events' || !this.#isMine(message)) return
    if (this.wish.coalesce || this.#pendingFold || this.#snapshot !== undefined) return
    for (const event of message.params.events.slice(0, count)) {
      this.#apply(event)
      this.#place = placeOf(event.token)
    }
    this.#compare()
  }

  /** After a flush: it has been synced, and nothing is owed up to this position. */
  assertWhole(seq: number): void {
    assert.equal(this.#synced, 1, 'synced comes once')
    assert.equal(this.#snapshot, undefined, 'the snapshot is whole')
    assert.ok(this.#place)
    if (this.wish.coalesce) {
      // What entered and left again while nobody looked is left out, so only the outcome counts.
      this.#place = { ...this.#place, seq: Math.max(seq, this.#place.seq) }
      this.#compare()
      return
    }
    assert.deepEqual(this.#owed(seq), [], 'everything up to the flush has come')
  }

  #isMine({ method, params }: WireMessage): boolean {
    if (method === undefined) return false
    return (
      params.subscriptionId === this.subscriptionId ||
      params.subscriptionIds?.includes(this.subscriptionId)
    )
  }

  #take({ method, params }: WireMessage): void {
    if (this.#pendingFold) this.#begin()
    if (method === 'subscription/gap') this.#takeGap(params)
    else if (method === 'subscription/snapshot') this.#takeSnapshot(params)
    else if (method !== 'subscription/closed') {
      // Whatever else comes says that a snapshot was whole.
      this.#endSnapshot()
      if (method === 'subscription/synced') assert.equal(++this.#synced, 1, 'synced comes once')
      if (method === 'subscription/events') this.#takeEvents(params)
      else this.#reach(placeOf(params.token))
    }
  }

  #begin(): void {
    this.#pendingFold = false
    if (this.#place !== undefined) this.#fold = this.#expected(this.#place)
  }

  #takeGap({ reason, floor, token }: Parsed): void {
    this.gaps++
    const place = this.#snapshot?.at ?? this.#place
    assert.ok(place, 'a gap is told only to those who had a position')
    const floorAt = placeOf(floor)
    if (reason === 'epoch') assert.notEqual(place.epoch, floorAt.epoch)
    else assert.ok(place.epoch === floorAt.epoch && place.seq < floorAt.seq, 'the gap is one')
    this.#snapshot = undefined
    if (this.wish.onGap === 'snapshot' || placeOf(token).seq !== floorAt.seq) {
      this.#snapshot = { at: placeOf(token), records: new Map() }
    } else {
      this.#place = placeOf(token)
      this.#fold = this.#expected(this.#place)
    }
  }

  #takeSnapshot({ records, token }: Parsed): void {
    const { at, records: had } = this.#snapshot ?? assert.fail('nobody asked for a snapshot')
    assert.deepEqual(placeOf(token), at, 'a snapshot is as of one token')
    for (const record of records) {
      const key = keyOf(record)
      assert.ok(!had.has(key), `${key} is twice in the snapshot`)
      had.set(key, stateOf(record))
    }
  }

  #endSnapshot(): void {
    if (this.#snapshot === undefined) return
    const { at, records } = this.#snapshot
    this.#snapshot = undefined
    this.#fold = new Map(records)
    this.#place = at
    this.#compare()
  }

  #takeEvents({ events, token }: Parsed): void {
    const before = this.#place ?? assert.fail('events without a position')
    const after = placeOf(token)
    assert.equal(after.epoch, before.epoch, 'an epoch changes only by a gap')
    let last = before.seq
    for (const event of events) {
      assert.ok(event.seq > last && event.seq <= after.seq, 'seq rises strictly')
      last = event.seq
      this.#apply(event)
    }
    this.#place = after
    // What coalesces says of a position only that nothing after it is missing.
    if (this.wish.coalesce) return
    this.#compareEvents(events, before, after)
    this.#compare()
  }

  #compareEvents(events: readonly Parsed[], before: Place, after: Place): void {
    const told = new Map(events.map((event) => [event.seq, event]))
    const candidates = this.#truth.between(before, after.seq)
    for (const event of candidates) {
      const wanted = this.#wanted(event, before.epoch)
      const got = told.get(event.seq)
      if (wanted === 'maybe') told.delete(event.seq)
      else if (wanted === undefined) assert.equal(got, undefined, `${event.seq} is not wanted`)
      else {
        assert.ok(got, `event ${event.seq} is missing`)
        if (this.isFiltered) assert.equal(got.match, wanted)
        told.delete(event.seq)
      }
    }
    assert.equal(told.size, 0, 'nothing comes that is not in the log')
    const [next] = this.#truth
      .between(after, this.#truth.lastSeq)
      .filter((event) => this.#wanted(event, after.epoch) !== undefined)
    assert.notEqual(next?.txn, events.at(-1)?.txn, 'a transaction comes in one piece')
  }

  #reach(place: Place): void {
    const before = this.#place ?? assert.fail('a position without a start')
    assert.equal(place.epoch, before.epoch)
    assert.ok(place.seq >= before.seq, 'positions never go back')
    if (!this.wish.coalesce) assert.deepEqual(this.#owed(place.seq), [], 'no event is left out')
    this.#place = place
    this.#compare()
  }

  #owed(seq: number): number[] {
    const place = this.#place ?? assert.fail('it has a position')
    return this.#truth
      .between(place, seq)
      .filter((event) => !['maybe', undefined].includes(this.#wanted(event, place.epoch)))
      .map((event) => event.seq)
  }

  /** `yes`, how it matches, `maybe` when a purge made that unknowable, or undefined. */
  #wanted(event: Parsed, epoch: string): string | undefined {
    if (!fits(this.wish.pattern, event.topic)) return undefined
    if (!this.isFiltered) return 'yes'
    const key = keyOf(event)
    if (event.op === 'purged' || this.#truth.isErased(key, { epoch, seq: event.seq }))
      return 'maybe'
    const after = passes(this.#truth.at({ epoch, seq: event.seq }).get(key))
    const before =
      event.op !== 'created' && passes(this.#truth.at({ epoch, seq: event.seq - 1 }).get(key))
    if (after) return before ? 'stayed' : 'entered'
    return before ? 'left' : undefined
  }

  #apply(event: Parsed): void {
    if (event.type === undefined) return
    const key = keyOf(event)
    if (event.op === 'purged' || event.match === 'left') this.#fold.delete(key)
    else this.#fold.set(key, event.record === undefined ? undefined : stateOf(event))
  }

  /** What was folded is what the store was, but for what a purge has erased since. */
  #compare(): void {
    if (this.wish.pattern === '*.updated' || this.#place === undefined) return
    const place = this.#place
    const expected = this.#expected(place)
    for (const key of new Set([...expected.keys(), ...this.#fold.keys()])) {
      if (this.#truth.isErased(key, place)) continue
      assert.deepEqual(this.#fold.get(key), expected.get(key), `${key} at ${place.seq}`)
    }
  }

  #expected(place: Place): Map<string, State | undefined> {
    const states: States = this.#truth.at(place)
    const { pattern } = this.wish
    return new Map(
      [...states].filter(
        ([key, state]) =>
          fits(pattern === '*.updated' ? '*' : pattern, `${key.slice(0, key.indexOf('/'))}.x`) &&
          (!this.isFiltered || passes(state)),
      ),
    )
  }
}

function fits(pattern: Wish['pattern'], topic: string): boolean {
  switch (pattern) {
    case '*':
      return true
    case '*.updated':
      return topic.endsWith('.updated')
    default:
      return topic.startsWith(pattern.slice(0, -1))
  }
}

function passes(state: State | undefined): boolean {
  return (state?.count ?? 0) >= 5
}
