/** Compaction: what is forgotten, what holds it up, and how those who come too late are told. */
import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const seqOf = (token: string): number => Number(token.split('.').at(-1))
const update = (client: WireClient, id: string, count: number): Promise<Parsed> =>
  client.call('record/update', { type: 'Note', id, set: { count }, force: true })

async function filled(client: WireClient): Promise<Parsed[]> {
  const results: Parsed[] = []
  for (const id of ['a', 'b']) {
    results.push(await client.call('record/create', { type: 'Note', id, data: { title: id } }))
  }
  for (let count = 1; count <= 4; count++) results.push(await update(client, 'a', count))
  results.push(await client.call('event/publish', { topic: 'Build.finished' }))
  results.push(await client.call('record/delete', { type: 'Note', id: 'b', expectedVersion: 1 }))
  return results
}

test('what is before a token is forgotten, but for the newest version of each record', async (t) => {
  const daemon = await startDaemon(t)
  const client = await daemon.connect()
  const results = await filled(client)
  const { floor, deleted } = await client.call('daemon/compact', { before: results[6].token })
  assert.equal(floor, results[6].token)
  // Four old versions of a, and the event of the client; the one version of b is needed to know what was deleted.
  assert.equal(deleted, 5)
  const status = await client.call('daemon/status')
  assert.equal(status.floor, floor)
  const { dial } = daemon
  assert.equal((await dial().client.initialize()).floor, floor)
  const versions = async (id: string): Promise<number[]> =>
    (await client.call('record/history', { type: 'Note', id })).versions.map(
      ({ version }: Parsed) => version,
    )
  assert.deepEqual(await versions('a'), [5])
  assert.deepEqual(await versions('b'), [2, 1])
  assert.equal(
    (await client.refused('record/get', { type: 'Note', id: 'a', version: 3 })).code,
    40400,
  )
  assert.equal((await client.call('record/get', { type: 'Note', id: 'a' })).data.count, 4)
  const listed = await client.call('event/list', { after: results[0].token })
  assert.deepEqual(listed.gap, { reason: 'compacted', floor })
  assert.deepEqual(
    listed.events.map(({ topic }: Parsed) => topic),
    ['Note.deleted'],
  )
})

test('a compaction outlives the daemon, and the log goes on after its last seq', async (t) => {
  const first = await startDaemon(t)
  const writer = await first.connect()
  const results = await filled(writer)
  await writer.call('daemon/compact', { before: results.at(-1).token })
  await first.daemon.close()
  const { connect } = await startDaemon(t, { location: first.location })
  const client = await connect()
  assert.equal((await client.call('daemon/status')).floor, results.at(-1).token)
  assert.equal(seqOf((await update(client, 'a', 9)).token), seqOf(results.at(-1).token) + 1)
})

test('one who comes back with a token from before the floor gets a gap and a snapshot', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const results = await filled(client)
  await client.call('daemon/compact', { before: results[6].token })
  const open = { patterns: ['Note.*'], from: results[1].token }
  const whole = await client.call('subscription/open', open)
  const rest = await client.call('subscription/open', { ...open, onGap: 'continue' })
  await client.until(() => client.notifications('subscription/synced').length === 2)
  const told = (id: string) =>
    client.received
      .filter(
        ({ params }) => params?.subscriptionId === id || params?.subscriptionIds?.includes(id),
      )
      .map(({ method }) => method?.slice('subscription/'.length))
  assert.deepEqual(told(whole.subscriptionId), ['gap', 'snapshot', 'synced'])
  assert.deepEqual(told(rest.subscriptionId), ['gap', 'events', 'synced'])
  const [snapshot] = client.notifications('subscription/snapshot')
  assert.deepEqual(
    snapshot?.params.records.map(({ id, version }: Parsed) => [id, version]),
    [
      ['a', 5],
      ['b', 2],
    ],
  )
})

test('what age and count keep is kept, and what they do not is compacted by itself', async (t) => {
  let nowMicros = Date.now() * 1000
  const clock = { nowMicros: () => nowMicros, monotonicMs: () => performance.now() }
  const limits = { eventsKept: 3, eventsKeptMs: 1000, compactEveryMs: 5 }
  const client = await (await startDaemon(t, { clock, limits })).connect()
  await filled(client)
  await client.call('daemon/compact')
  assert.equal(seqOf((await client.call('daemon/status')).floor), 0)
  nowMicros += 2_000_000
  const late = await update(client, 'a', 7)
  const floor = async (): Promise<number> => seqOf((await client.call('daemon/status')).floor)
  while ((await floor()) < seqOf(late.token) - 3) await new Promise(setImmediate)
  await client.call('daemon/compact')
  assert.equal(await floor(), seqOf(late.token) - 3)
})

test('a transaction is never torn by the floor', async (t) => {
  const client = await (await startDaemon(t)).connect()
  await filled(client)
  const operations = Array.from({ length: 5 }, () => ({ op: 'create', type: 'Tally', data: {} }))
  const { results, firstSeq } = await client.call('record/transact', { operations })
  const { floor } = await client.call('daemon/compact', { before: results[2].token })
  assert.equal(seqOf(floor), firstSeq - 1)
})

test('a subscriber that does not read holds the floor, but not beyond the bound', async (t) => {
  const { connect, daemon } = await startDaemon(t, { limits: { eventsHeldMax: 300 } })
  const writer = await connect()
  const stuck = await connect()
  await stuck.call('subscription/open', { patterns: ['Note.*'] })
  stuck.transport.reader.dispose()
  const data = { title: 'a', extra: { x: 'x'.repeat(20_000) } }
  const write = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await writer.call('record/create', { type: 'Note', data })
  }
  await write(200)
  const parked = daemon.status().connections.flatMap(({ subscriptions }) => subscriptions)[0]
  const { token } = await writer.call('daemon/status')
  assert.equal((await writer.call('daemon/compact', { before: token })).floor, parked?.token)
  await write(200)
  const { floor } = await writer.call('daemon/compact', { before: token })
  assert.equal(seqOf(floor), 100)
})

test('a page of the log that compaction overtakes ends before the hole', async (t) => {
  const { connect } = await startDaemon(t)
  const writer = await connect()
  const reader = await connect()
  const tallies = Array.from({ length: 99 }, () => ({ op: 'create', type: 'Tally', data: {} }))
  const operations = [{ op: 'create', type: 'Note', data: { title: 'a' } }, ...tallies]
  const tokens: string[] = []
  for (let i = 0; i < 40; i++) {
    tokens.push((await writer.call('record/transact', { operations })).token)
  }
  const after = tokens[0]?.replace(/\d+$/, '0')
  // Few of the events fit, so that it reads through all of the log, in slices.
  const page = reader.send('event/list', { after, patterns: ['Note.*'], limit: 1000 })
  await writer.call('daemon/compact', { before: tokens[34] })
  const { events, token, gap } = (await reader.answer(page)).result
  assert.equal(gap, undefined)
  const reached = Math.floor(seqOf(token) / 100)
  assert.ok(events.length >= reached, `${events.length} of ${reached} events came`)
  const next = await reader.call('event/list', { after: token })
  assert.equal(next.gap?.reason, reached < 35 ? 'compacted' : undefined)
})

test('history may outlive its events, by record type', async (t) => {
  const first = await startDaemon(t)
  const settings = { historyKeptMs: { Note: 1_000_000 } }
  writeFileSync(join(first.location.directory, 'config.json'), JSON.stringify(settings))
  await first.daemon.close()
  const client = await (await startDaemon(t, { location: first.location })).connect()
  const results = await filled(client)
  await client.call('record/create', { type: 'Tally', id: 't', data: {} })
  const tally = { type: 'Tally', id: 't', set: { total: 2 }, force: true }
  const { token } = await client.call('record/update', tally)
  await client.call('daemon/compact', { before: token })
  const versions = async (type: string, id: string): Promise<number> =>
    (await client.call('record/history', { type, id })).versions.length
  assert.equal(await versions('Note', 'a'), 5)
  assert.equal(await versions('Tally', 't'), 1)
  const gap = await client.call('event/list', { after: results[0].token })
  assert.deepEqual([gap.events, gap.gap.reason], [[], 'compacted'])
})

test('tokens that this store has not had are refused', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const { token } = await client.call('daemon/status')
  const [, storeId, epoch] = token.split('.')
  for (const before of [`o1.${storeId}.${epoch}.99`, `o1.${storeId}.other.0`, 'o1.store.epoch.0']) {
    const refused = await client.refused('daemon/compact', { before })
    assert.equal(refused.data.kind, 'token_invalid', before)
  }
  const reader = await client.call('daemon/status')
  assert.equal(seqOf(reader.floor), 0)
})

test('a backup put in place of the store begins a new epoch; the store itself does not', async (t) => {
  const first = await startDaemon(t)
  const writer = await first.connect()
  await filled(writer)
  const { epoch, storeId } = first.daemon.status().store
  const backup = await writer.call('daemon/backup')
  const { token } = await update(writer, 'a', 99)
  await first.daemon.close()
  const second = await startDaemon(t, { location: first.location })
  assert.equal(second.daemon.status().store.epoch, epoch)
  await second.daemon.close()
  copyFileSync(backup.path, first.location.databasePath)
  const third = await startDaemon(t, { location: first.location })
  assert.equal(third.daemon.status().store.storeId, storeId)
  assert.notEqual(third.daemon.status().store.epoch, epoch)
  const client = await third.connect()
  await client.call('subscription/open', { patterns: ['Note.*'], from: token })
  await client.first(({ method }) => method === 'subscription/synced')
  const gap = client.notifications('subscription/gap')[0]
  assert.equal(gap?.params.reason, 'epoch')
  const [snapshot] = client.notifications('subscription/snapshot')
  assert.deepEqual(
    snapshot?.params.records.map(({ id, data }: Parsed) => [id, data.count]),
    [
      ['a', 4],
      ['b', 0],
    ],
  )
  const newEpoch = third.daemon.status().store.epoch
  await third.daemon.close()
  const fourth = await startDaemon(t, { location: first.location })
  assert.equal(fourth.daemon.status().store.epoch, newEpoch)
})
