/** Flushes, coalescing and windows of subscriptions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'

const note = { type: 'Note', data: { title: 'a' } }

test('a flush is answered after every event up to now was written', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const writer = await connect()
  const { subscriptionId } = await client.call('subscription/open', { patterns: ['Note.*'] })
  for (let round = 1; round <= 5; round++) {
    const writes = Array.from({ length: 100 }, () => writer.call('record/create', note))
    await Promise.all(writes)
    const { token } = await client.call('subscription/flush', { subscriptionId })
    assert.equal(client.events().length, round * 100)
    assert.equal(client.events().at(-1).token, token)
  }
})

test('a flush up to a token of the future waits for it; one up to an old token does not', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const { subscriptionId } = await client.call('subscription/open', { patterns: ['Tally.*'] })
  const { token } = await client.call('record/create', note)
  const seq = Number(token.split('.').at(-1))
  const future = token.replace(/\d+$/, String(seq + 1))
  const waiting = client.send('subscription/flush', { subscriptionId, token: future })
  assert.deepEqual(await client.call('subscription/flush', { subscriptionId, token }), { token })
  await client.call('record/create', note)
  assert.deepEqual((await client.answer(waiting)).result, { token: future })
  const foreign = token.replace(/^o1\.\w+/, 'o1.otherstore')
  const refused = await client.refused('subscription/flush', { subscriptionId, token: foreign })
  assert.equal(refused.data.kind, 'token_invalid')
})

test('nobody flushes a subscription of another connection, or one that ended', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const other = await connect()
  const { subscriptionId } = await client.call('subscription/open', { patterns: ['Note.*'] })
  assert.equal((await other.refused('subscription/flush', { subscriptionId })).code, 40400)
  await client.call('subscription/close', { subscriptionId })
  assert.equal((await client.refused('subscription/flush', { subscriptionId })).code, 40400)
})

test('a coalescing subscription gets the latest event of each record and how many it skipped', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const { token } = await client.call('event/publish', { topic: 'Build.started' })
  for (const id of ['a', 'b']) await client.call('record/create', { ...note, id })
  for (let count = 1; count <= 5; count++) {
    const update = { type: 'Note', id: 'a', set: { count }, force: true }
    await client.call('record/update', update)
  }
  await client.call('event/publish', { topic: 'Build.finished' })
  await client.call('record/delete', { type: 'Note', id: 'b', expectedVersion: 1 })
  await client.call('subscription/open', { patterns: ['*'], from: token, policy: 'coalesce' })
  await client.first(({ method }) => method === 'subscription/synced')
  assert.deepEqual(
    client.events().map(({ topic, version, skipped }) => [topic, version, skipped]),
    [
      ['Note.updated', 6, 5],
      ['Build.finished', undefined, undefined],
      ['Note.deleted', 2, 1],
    ],
  )
})

test('a coalescing subscription with a filter compares the ends of what it skipped', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const counts = { stayed: [7, 1, 8], left: [7, 9, 1], entered: [1, 9, 9], unseen: [1, 9, 1] }
  for (const [id, [count]] of Object.entries(counts)) {
    await client.call('record/create', { type: 'Note', id, data: { title: 'a', count } })
  }
  const { token } = await client.call('event/publish', { topic: 'Build.started' })
  for (const [id, [, ...rest]] of Object.entries(counts)) {
    for (const count of rest) {
      await client.call('record/update', { type: 'Note', id, set: { count }, force: true })
    }
  }
  const filtered = { patterns: ['Note.*'], where: { count: { gte: 5 } }, from: token }
  await client.call('subscription/open', { ...filtered, policy: 'coalesce' })
  await client.first(({ method }) => method === 'subscription/synced')
  const told = client.events().map(({ id, match, skipped }) => [id, match, skipped])
  // What entered by its first change and stayed through the second did so while nobody looked.
  assert.deepEqual(told, [
    ['stayed', 'stayed', 1],
    ['left', 'left', 1],
    ['entered', 'entered', undefined],
  ])
})
