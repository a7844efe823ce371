/** Live queries at a daemon that does what a real one does rarely: parts of transactions, gaps, answers that are late. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { LiveQuery } from '../../sdk/client/live-query.ts'
import { ForbiddenError } from '../../sdk/client/typed-errors.ts'
import { integer } from '../../sdk/field.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import type { Event, Record } from '../../sdk/model.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { ScriptedDaemon, scriptedError } from '../support/scripted-daemon.ts'
import { scriptedClient, until } from '../support/sdk-client.ts'

const Item = defineRecordType('Item', { fields: { rank: integer() } })

/** A daemon that sends what it is told to, to the newest subscription. */
class Stage {
  readonly daemon = new ScriptedDaemon()
  say: (kind: string, params: object) => void = () => {}
  #opened = 0

  constructor() {
    this.daemon.handle('subscription/open', ({ patterns }, { connection }) => {
      const subscriptionId = `p${++this.#opened}`
      const ids = { subscriptionId, subscriptionIds: [subscriptionId] }
      this.say = (kind, params) => connection.notify(`subscription/${kind}`, { ...ids, ...params })
      return { subscriptionId, token: this.daemon.tokenAt(0), patterns }
    })
    this.daemon.handle('subscription/close', () => null)
  }

  record(id: string, rank: number, seq: number): Record {
    const at = instantFromMicros(seq)
    return {
      ...{ type: 'Item', id, version: seq as Record['version'], lifecycle: 'active' },
      ...{ createdAt: at, createdBy: 'owner', updatedAt: at, updatedBy: 'owner' },
      ...{ token: this.daemon.tokenAt(seq), data: { rank } },
    }
  }

  /** An event that leaves a record so; without a rank it is purged. */
  event(id: string, rank: number | undefined, seq: number): Event {
    const record = rank === undefined ? {} : { record: this.record(id, rank, seq) }
    const op = rank === undefined ? 'purged' : 'updated'
    const made = this.daemon.emit(`Item.${op}`, { type: 'Item', id, op, ...record })
    return { ...made, seq: seq as Event['seq'], token: this.daemon.tokenAt(seq) }
  }

  /** Answers lists by these pages, one after the other; the last one again and again. */
  pages(...pages: readonly (readonly [seq: number, ...ranks: number[]])[]): void {
    let asked = 0
    this.daemon.handle('record/list', () => {
      const [seq, ...ranks] = pages[Math.min(asked++, pages.length - 1)] ?? [0]
      const records = ranks.map((rank) => this.record(`r${rank}`, rank, seq))
      return { records, next: 'more', token: this.daemon.tokenAt(seq) }
    })
  }
}

async function limited(t: TestContext, stage: Stage): Promise<LiveQuery<typeof Item>> {
  const client = await scriptedClient(t, stage.daemon)
  return await client.liveQuery(Item, { orderBy: [{ field: 'rank' }], limit: 2 })
}

function ranks(live: LiveQuery<typeof Item>): number[] {
  return live.records.map(({ data }) => data.rank)
}

async function reached(live: LiveQuery<typeof Item>, seq: number): Promise<void> {
  await until(() => live.token.endsWith(`.${seq}`))
}

test('a list that is made anew is at least as of the event that asked for it, and events in it are not applied again', async (t) => {
  const stage = new Stage()
  const { daemon } = stage
  stage.pages([1, 10, 20], [9, 20, 30])
  const live = await limited(t, stage)
  stage.say('synced', { token: daemon.tokenAt(1) })
  stage.say('events', { events: [stage.event('r10', 99, 5)], token: daemon.tokenAt(5) })
  await reached(live, 9)
  assert.deepEqual(ranks(live), [20, 30])
  const again = daemon.requests.filter(({ method }) => method === 'record/list').at(-1)
  assert.equal(again?.params.atLeast, daemon.tokenAt(5))
  // Up to 9 all of it is in the list already.
  stage.say('events', { events: [stage.event('r5', 5, 8)], token: daemon.tokenAt(8) })
  stage.say('events', {
    events: [stage.event('r6', 6, 9), stage.event('r25', 25, 10)],
    token: daemon.tokenAt(10),
  })
  await reached(live, 10)
  assert.deepEqual(ranks(live), [20, 25])
})

test('a transaction that comes in parts is applied when all of it is there', async (t) => {
  const stage = new Stage()
  const { daemon } = stage
  const client = await scriptedClient(t, daemon)
  const opening = client.liveQuery(Item, { orderBy: [{ field: 'rank' }] })
  await daemon.arrival('subscription/open')
  await new Promise((resolve) => setImmediate(resolve))
  stage.say('snapshot', { records: [stage.record('a', 1, 1)], token: daemon.tokenAt(1) })
  stage.say('synced', { token: daemon.tokenAt(1) })
  const live = await opening
  const part = { events: [stage.event('a', 7, 2)], token: daemon.tokenAt(1), partial: true }
  stage.say('events', part)
  stage.say('bookmark', { token: daemon.tokenAt(1) })
  await until(() => daemon.requests.length > 0)
  assert.deepEqual(ranks(live), [1])
  // The rest does not come; after the break the whole of it is sent again.
  daemon.drop()
  await daemon.arrival('subscription/open')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(daemon.requests.at(-1)?.params.from, daemon.tokenAt(1))
  assert.deepEqual(ranks(live), [1])
  stage.say('events', part)
  stage.say('events', { events: [stage.event('b', 3, 3)], token: daemon.tokenAt(3) })
  await reached(live, 3)
  assert.deepEqual(ranks(live), [3, 7])
})

test('after a gap a limited query lists again, and is told what differs', async (t) => {
  const stage = new Stage()
  const { daemon } = stage
  stage.pages([1, 10, 20], [50, 5, 10])
  const live = await limited(t, stage)
  const loop = live[Symbol.asyncIterator]()
  await loop.next()
  const floor = daemon.tokenAt(30)
  stage.say('gap', { reason: 'compacted', floor, token: floor })
  const { value } = await loop.next()
  assert.ok(value)
  const shown = [value.added, value.changed, value.removed].map((list) =>
    list.map(({ data }) => data.rank),
  )
  assert.deepEqual(shown, [[5], [10], [20]])
  assert.equal(live.token, daemon.tokenAt(50))
  assert.equal(daemon.requests.at(-1)?.params.atLeast, floor)
})

test('in another epoch the position before is not asked for, and its events do not count', async (t) => {
  const stage = new Stage()
  const { daemon } = stage
  stage.pages([40, 10, 20], [3, 7, 8])
  const live = await limited(t, stage)
  daemon.epoch = 'epoch2'
  daemon.drop()
  await daemon.arrival('subscription/open')
  await new Promise((resolve) => setImmediate(resolve))
  const floor = daemon.tokenAt(0)
  stage.say('gap', { reason: 'epoch', floor, token: floor })
  await reached(live, 3)
  assert.deepEqual(ranks(live), [7, 8])
  stage.say('events', { events: [stage.event('r1', 1, 4)], token: daemon.tokenAt(4) })
  await reached(live, 4)
  assert.deepEqual(ranks(live), [1, 7])
})

test('a list that fails for a while is asked for again, and the set stays as it was', async (t) => {
  const stage = new Stage()
  const { daemon } = stage
  stage.pages([1, 10, 20])
  const live = await limited(t, stage)
  let refusals = 0
  daemon.handle('record/list', () => {
    refusals++
    if (refusals === 2) stage.pages([6, 20, 30])
    throw scriptedError('storage_full', {})
  })
  stage.say('events', { events: [stage.event('r10', undefined, 5)], token: daemon.tokenAt(5) })
  await until(() => refusals === 1)
  assert.deepEqual([ranks(live), live.token], [[10, 20], daemon.tokenAt(1)])
  await reached(live, 6)
  assert.deepEqual(ranks(live), [20, 30])
})

test('a query that is not allowed any more ends with the reason, in its loops too', async (t) => {
  const stage = new Stage()
  stage.pages([1, 10, 20])
  const live = await limited(t, stage)
  const loop = live[Symbol.asyncIterator]()
  await loop.next()
  const next = loop.next()
  stage.say('closed', { reason: 'forbidden' })
  await assert.rejects(next, ForbiddenError)
  assert.ok((await live.closed) instanceof ForbiddenError)
  assert.deepEqual(await loop.next(), { done: true, value: undefined })
  assert.deepEqual(ranks(live), [10, 20])
})

test('closing a query that waits for a list ends at once', async (t) => {
  const stage = new Stage()
  const { daemon } = stage
  stage.pages([1, 10, 20])
  const live = await limited(t, stage)
  daemon.handle('record/list', () => {
    throw scriptedError('storage_full', {})
  })
  stage.say('events', { events: [stage.event('r10', undefined, 5)], token: daemon.tokenAt(5) })
  await until(() => daemon.count('record/list') === 2)
  await live.close()
  assert.equal(await live.closed, undefined)
})
