/** Named positions: what was not acknowledged is sent again, to whoever comes with the name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import type { WireClient } from '../support/wire-client.ts'

const note = { type: 'Note', data: { title: 'a' } }
const named = { patterns: ['Note.*'], name: 'indexer' }

async function synced(client: WireClient): Promise<void> {
  await client.first(({ method }) => method === 'subscription/synced')
}

const seqs = (client: WireClient): number[] => client.events().map(({ seq }) => seq)

test('what was not acknowledged is sent again, also after a restart', async (t) => {
  const first = await startDaemon(t)
  const client = await first.connect()
  const { subscriptionId } = await client.call('subscription/open', named)
  for (let i = 0; i < 5; i++) await client.call('record/create', note)
  await client.call('subscription/flush', { subscriptionId })
  const [, second] = client.events()
  const acknowledgement = { subscriptionId, token: second.token }
  assert.deepEqual(await client.call('subscription/acknowledge', acknowledgement), {
    token: second.token,
  })
  await client.close()
  const again = await first.connect()
  await again.call('subscription/open', { ...named, from: 'now' })
  await synced(again)
  assert.deepEqual(seqs(again), [3, 4, 5])
  await first.daemon.close()
  const { connect } = await startDaemon(t, { location: first.location })
  const later = await connect()
  await later.call('subscription/open', named)
  await synced(later)
  assert.deepEqual(seqs(later), [3, 4, 5])
})

test('an acknowledgement never goes back, and never ahead of what was sent', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const { subscriptionId, token } = await client.call('subscription/open', named)
  const plain = await client.call('subscription/open', { patterns: ['Note.*'] })
  await client.call('record/create', note)
  await client.call('subscription/flush', { subscriptionId })
  const newest = client.events()[0].token
  const acknowledge = (more: object) => ({ subscriptionId, token: newest, ...more })
  await client.call('subscription/acknowledge', acknowledge({}))
  const back = await client.call('subscription/acknowledge', acknowledge({ token }))
  assert.deepEqual(back, { token: newest })
  const refused = async (more: object): Promise<string> =>
    (await client.refused('subscription/acknowledge', acknowledge(more))).data.kind
  const [, storeId, epoch] = newest.split('.')
  assert.equal(await refused({ token: `o1.${storeId}.${epoch}.2` }), 'token_invalid')
  assert.equal(await refused({ token: `o1.${storeId}.other.1` }), 'token_invalid')
  assert.equal(await refused({ subscriptionId: plain.subscriptionId }), 'invalid_request')
  assert.equal(await refused({ subscriptionId: 's99' }), 'not_found')
  const other = await connect()
  assert.equal((await other.refused('subscription/acknowledge', acknowledge({}))).code, 40400)
})

test('a snapshot that was not acknowledged is sent again whole', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  await client.call('record/create', note)
  await client.call('subscription/open', { ...named, from: 'snapshot' })
  await synced(client)
  await client.close()
  const again = await connect()
  const opened = await again.call('subscription/open', { ...named, from: 'snapshot' })
  await synced(again)
  assert.equal(again.notifications('subscription/snapshot').length, 1)
  await again.call('subscription/acknowledge', opened)
  await again.close()
  const third = await connect()
  await third.call('record/create', note)
  await third.call('subscription/open', { ...named, from: 'snapshot' })
  await synced(third)
  assert.deepEqual(seqs(third), [2])
  assert.equal(third.notifications('subscription/snapshot').length, 0)
})

test('whoever comes last with a name has it; the subscription before is ended', async (t) => {
  const { connect } = await startDaemon(t)
  const before = await connect()
  const after = await connect()
  const other = await connect({ narrow: { principal: 'agent:other' } })
  await before.call('subscription/open', named)
  await other.call('subscription/open', named)
  await after.call('subscription/open', named)
  const closed = await before.first(({ method }) => method === 'subscription/closed')
  assert.deepEqual(closed.params, { subscriptionId: 's1', reason: 'error' })
  const { positions } = await after.call('daemon/status')
  assert.deepEqual(
    positions.map(({ principal, name, inUse }: { [name: string]: unknown }) => [
      principal,
      name,
      inUse,
    ]),
    [
      ['owner', 'indexer', true],
      ['agent:other', 'indexer', true],
    ],
  )
  assert.deepEqual(other.notifications('subscription/closed'), [])
})

test('a named position holds the floor as long as it lives', async (t) => {
  let nowMicros = Date.now() * 1000
  const clock = { nowMicros: () => nowMicros, monotonicMs: () => performance.now() }
  const { connect } = await startDaemon(t, { clock, limits: { positionsKeptMs: 10_000 } })
  const client = await connect()
  await client.call('record/create', note)
  const { subscriptionId, token } = await client.call('subscription/open', named)
  await client.call('subscription/close', { subscriptionId })
  const last = await client.call('record/create', note)
  nowMicros += 9_000_000
  assert.equal((await client.call('daemon/compact', { before: last.token })).floor, token)
  // Whoever uses it begins a new time to live.
  const again = await client.call('subscription/open', named)
  nowMicros += 9_000_000
  assert.equal((await client.call('daemon/compact', { before: last.token })).floor, token)
  await client.call('subscription/close', { subscriptionId: again.subscriptionId })
  nowMicros += 9_000_000
  assert.equal((await client.call('daemon/compact', { before: last.token })).floor, token)
  nowMicros += 9_000_000
  assert.equal((await client.call('daemon/compact', { before: last.token })).floor, last.token)
  assert.deepEqual((await client.call('daemon/status')).positions, [])
})

test('a name that was passed by compaction is told so', async (t) => {
  const { connect } = await startDaemon(t, { limits: { eventsHeldMax: 2 } })
  const client = await connect()
  const { subscriptionId } = await client.call('subscription/open', named)
  await client.call('subscription/close', { subscriptionId })
  let token = ''
  for (let i = 0; i < 5; i++) token = (await client.call('record/create', note)).token
  await client.call('daemon/compact', { before: token })
  await client.call('subscription/open', named)
  const gap = await client.first(({ method }) => method === 'subscription/gap')
  assert.equal(gap.params.reason, 'compacted')
})

test('more names than the store keeps are refused', async (t) => {
  const client = await (await startDaemon(t, { limits: { positionsMax: 2 } })).connect()
  for (const name of ['a', 'b']) await client.call('subscription/open', { ...named, name })
  const refused = await client.refused('subscription/open', { ...named, name: 'c' })
  assert.deepEqual([refused.code, refused.data.limit], [41300, 2])
  await client.call('subscription/open', { ...named, name: 'a' })
})
