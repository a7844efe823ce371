/** Snapshots of subscriptions: as of one token, each record once, however much is written meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const note = (title: string, more: object = {}) => ({ type: 'Note', data: { title, ...more } })

/** What the notifications of one subscription say, folded: the versions by id. */
function fold(client: WireClient, subscriptionId: string): Map<string, number> {
  const versions = new Map<string, number>()
  for (const { method, params } of client.received) {
    if (method === 'subscription/snapshot' && params.subscriptionId === subscriptionId) {
      for (const { id, version } of params.records) {
        assert.ok(!versions.has(id), `${id} came twice`)
        versions.set(id, version)
      }
    }
    if (method !== 'subscription/events' || !params.subscriptionIds.includes(subscriptionId))
      continue
    for (const { id, op, version, previousVersion } of params.events) {
      assert.equal(versions.get(id), previousVersion, `${id} was at another version`)
      if (op === 'purged') versions.delete(id)
      else versions.set(id, version)
    }
  }
  return versions
}

async function everything(client: WireClient): Promise<Map<string, number>> {
  const versions = new Map<string, number>()
  let after: string | undefined
  do {
    const page: Parsed = await client.call('record/list', {
      type: 'Note',
      limit: 1000,
      lifecycle: ['active', 'archived', 'deleted'],
      after,
    })
    for (const { id, version } of page.records) versions.set(id, version)
    after = page.next
  } while (after !== undefined)
  return versions
}

test('a snapshot holds the records of every lifecycle as of one token, then synced', async (t) => {
  const client = await (await startDaemon(t)).connect()
  for (const id of ['a', 'b', 'c']) await client.call('record/create', { ...note(id), id })
  await client.call('record/delete', { type: 'Note', id: 'b', expectedVersion: 1 })
  await client.call('record/archive', { type: 'Note', id: 'c', expectedVersion: 1 })
  await client.call('record/create', { type: 'Tally', id: 't', data: {} })
  const opened = await client.call('subscription/open', { patterns: ['Note.*'], from: 'snapshot' })
  const synced = await client.first(({ method }) => method === 'subscription/synced')
  assert.equal(synced.params.token, opened.token)
  const records = client
    .notifications('subscription/snapshot')
    .flatMap(({ params }) => params.records)
  assert.deepEqual(
    records.map(({ id, version, lifecycle }: Parsed) => [id, version, lifecycle]),
    [
      ['a', 1, 'active'],
      ['b', 2, 'deleted'],
      ['c', 2, 'archived'],
    ],
  )
  assert.deepEqual(client.events(), [])
})

test('an empty snapshot is synced too', async (t) => {
  const client = await (await startDaemon(t)).connect()
  await client.call('subscription/open', { patterns: ['Note.*', 'Tally.*'], from: 'snapshot' })
  await client.first(({ method }) => method === 'subscription/synced')
  assert.deepEqual(client.notifications('subscription/snapshot'), [])
})

test('a snapshot and the events after it meet exactly while others write', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const writer = await connect()
  const ids = Array.from({ length: 1500 }, (_, index) => `n${index}`)
  await Promise.all(ids.map((id) => writer.call('record/create', { ...note(id), id })))
  const { subscriptionId } = await client.call('subscription/open', {
    patterns: ['Note.*'],
    from: 'snapshot',
  })
  // Every kind of write, at the records that the snapshot has passed and at those it has yet to reach.
  const versions = new Map(ids.map((id) => [id, 1]))
  let round = 0
  while (client.notifications('subscription/synced').length === 0 || round < 20) {
    round++
    await Promise.all(
      [0, 700, 1499, (round * 37) % 1500]
        .map((at) => `n${at}`)
        .map(async (id, index) => {
          const expectedVersion = versions.get(id)
          if (expectedVersion === undefined) return
          const set = { count: round % 1000 }
          versions.delete(id)
          const { version } = await writer.call('record/update', {
            type: 'Note',
            id,
            expectedVersion,
            set,
          })
          versions.set(id, version)
          await writer.call('record/create', { ...note('new'), id: `new${round}-${index}` })
        }),
    )
    const gone = `n${100 + round}`
    if (versions.delete(gone)) {
      const present = await writer.call('record/get', { type: 'Note', id: gone })
      await writer.call('record/purge', {
        type: 'Note',
        id: gone,
        expectedVersion: present.version,
      })
    }
  }
  await client.call('subscription/flush', { subscriptionId })
  assert.deepEqual(sorted(foldPurged(client, subscriptionId)), sorted(await everything(writer)))
  assert.equal(client.notifications('subscription/synced').length, 1)
})

/** Like `fold`, but a purged record may have been left out of the snapshot. */
function foldPurged(client: WireClient, subscriptionId: string): Map<string, number> {
  for (const message of client.received) {
    if (message.method !== 'subscription/events') continue
    const { params } = message
    const known = new Set(
      client
        .notifications('subscription/snapshot')
        .flatMap((each) => each.params.records.map(({ id }: Parsed) => id)),
    )
    const events = params.events.filter(
      ({ op, id, redacted }: Parsed) =>
        !(redacted && (op === 'purged' || op === 'updated') && !known.has(id)),
    )
    Object.assign(params, { events })
  }
  return fold(client, subscriptionId)
}

function sorted(versions: Map<string, number>): [string, number][] {
  return [...versions].sort(([a], [b]) => (a < b ? -1 : 1))
}

test('a filtered snapshot holds what fitted then, and the events say how records moved', async (t) => {
  const client = await (await startDaemon(t)).connect()
  for (const [id, count] of [
    ['a', 1],
    ['b', 5],
    ['c', 9],
  ] as const) {
    await client.call('record/create', { ...note(id, { count }), id })
  }
  const { subscriptionId } = await client.call('subscription/open', {
    patterns: ['Note.*'],
    where: { count: { gte: 5 } },
    from: 'snapshot',
  })
  await client.first(({ method }) => method === 'subscription/synced')
  const [snapshot] = client.notifications('subscription/snapshot')
  assert.deepEqual(
    snapshot?.params.records.map(({ id }: Parsed) => id),
    ['b', 'c'],
  )
  const update = (id: string, set: object) =>
    client.call('record/update', { type: 'Note', id, set, force: true })
  await update('a', { count: 6 })
  await update('b', { count: 0 })
  await update('b', { title: 'unseen' })
  await update('c', { title: 'touched' })
  await client.call('record/create', { ...note('d', { count: 7 }), id: 'd' })
  await client.call('record/create', { ...note('e'), id: 'e' })
  await client.call('record/delete', { type: 'Note', id: 'c', expectedVersion: 2 })
  await client.call('record/purge', { type: 'Note', id: 'd', expectedVersion: 1 })
  await client.call('subscription/flush', { subscriptionId })
  assert.deepEqual(
    client.events().map(({ id, op, match }) => [id, op, match]),
    [
      ['a', 'updated', 'entered'],
      ['b', 'updated', 'left'],
      ['c', 'updated', 'stayed'],
      ['d', 'created', 'entered'],
      ['c', 'deleted', 'stayed'],
      ['d', 'purged', 'left'],
    ],
  )
})

test('a filtered replay knows each record before its event, from the file as from memory', async (t) => {
  const { connect } = await startDaemon(t, { limits: { logTailMaxEvents: 2 } })
  const client = await connect()
  const { token } = await client.call('record/create', { ...note('a', { count: 1 }), id: 'a' })
  for (const count of [7, 8, 2, 3, 9]) {
    await client.call('record/update', { type: 'Note', id: 'a', set: { count }, force: true })
  }
  await client.call('subscription/open', {
    patterns: ['Note.updated'],
    where: { count: { gte: 5 } },
    from: token,
  })
  await client.first(({ method }) => method === 'subscription/synced')
  assert.deepEqual(
    client.events().map(({ record, match }) => [record.data.count, match]),
    [
      [7, 'entered'],
      [8, 'stayed'],
      [2, 'left'],
      [9, 'entered'],
    ],
  )
})

test('a filter on an unknown field, or on several types, is refused', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const open = (patterns: string[], where: object) =>
    client.refused('subscription/open', { patterns, where })
  const unknown = await open(['Note.*'], { titel: 'a' })
  assert.equal(unknown.code, 40000)
  assert.equal(unknown.data.didYouMean, 'title')
  for (const patterns of [['*'], ['Note.*', 'Tally.*'], ['*.created'], ['{Note}.*']]) {
    const several = await open(patterns, { title: 'a' })
    assert.equal(several.code, 40000)
    assert.match(several.message, /one record type/)
  }
  assert.equal((await open(['Note.*'], { title: { like: 'a' } })).code, 40000)
})

test('a client that never reads its snapshot, or closes in the middle, costs a position', async (t) => {
  const { connect, daemon } = await startDaemon(t)
  const writer = await connect()
  const extra = { x: 'x'.repeat(10_000) }
  await Promise.all(
    Array.from({ length: 400 }, () => writer.call('record/create', note('a', { extra }))),
  )
  const stuck = await connect()
  stuck.transport.reader.dispose()
  stuck.send('subscription/open', { patterns: ['Note.*'], from: 'snapshot' })
  const leaver = await connect()
  const opened = await leaver.call('subscription/open', { patterns: ['Note.*'], from: 'snapshot' })
  await leaver.first(({ method }) => method === 'subscription/snapshot')
  await leaver.call('subscription/close', opened)
  const count = leaver.notifications('subscription/snapshot').length
  const gone = await connect()
  await gone.call('subscription/open', { patterns: ['Note.*'], from: 'snapshot' })
  await gone.close()
  await writer.call('record/create', note('b'))
  await writer.call('daemon/status')
  assert.equal(leaver.notifications('subscription/snapshot').length, count)
  assert.equal(leaver.notifications('subscription/synced').length, 0)
  const parked = daemon.status().connections.flatMap(({ subscriptions }) => subscriptions)
  assert.deepEqual(
    parked.map(({ behind }) => behind),
    [1],
  )
})
