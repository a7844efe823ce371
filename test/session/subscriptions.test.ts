import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import type { WireClient } from '../support/wire-client.ts'

const note = { type: 'Note', data: { title: 'a' } }

/** Index in what was received of the first message that fits. */
function indexOf(client: WireClient, fits: (message: WireClient['received'][number]) => boolean) {
  return client.received.findIndex(fits)
}

test('the answer to open comes before its events, and synced comes once', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const ids = Array.from({ length: 50 }, () => {
    client.send('record/create', note)
    return client.send('subscription/open', { patterns: ['Note.*'], from: 'now' })
  })
  const answers = await Promise.all(ids.map((id) => client.answer(id)))
  await client.until(() => client.notifications('subscription/synced').length === 50)
  for (const [index, { id, result }] of answers.entries()) {
    const { subscriptionId } = result
    const answered = indexOf(client, (message) => message === answers[index])
    const told = indexOf(
      client,
      ({ params }) =>
        params?.subscriptionId === subscriptionId ||
        params?.subscriptionIds?.includes(subscriptionId),
    )
    assert.ok(told > answered, `the answer ${id} came after its first notification`)
  }
  assert.equal(client.notifications('subscription/synced').length, 50)
})

test('the answer to a write comes before the event it caused', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  await client.call('subscription/open', { patterns: ['Note.*'] })
  const ids = Array.from({ length: 200 }, () => client.send('record/create', note))
  const answers = await Promise.all(ids.map((id) => client.answer(id)))
  await client.until(() => client.events().length === 200)
  const eventAt = new Map<string, number>()
  for (const [index, { method, params }] of client.received.entries()) {
    if (method !== 'subscription/events') continue
    for (const event of params.events) eventAt.set(event.token, index)
  }
  for (const answer of answers) {
    const answered = client.received.indexOf(answer)
    assert.ok((eventAt.get(answer.result.token) ?? -1) > answered)
  }
})

test('nothing comes after the answer to close', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const writer = await connect()
  const { subscriptionId } = await client.call('subscription/open', { patterns: ['Note.*'] })
  const writes = Array.from({ length: 300 }, () => writer.call('record/create', note))
  await client.until(() => client.events().length > 0)
  const id = client.send('subscription/close', { subscriptionId })
  const answer = await client.answer(id)
  await Promise.all(writes)
  await writer.call('record/create', note)
  await client.call('daemon/status')
  const after = client.received.slice(client.received.indexOf(answer) + 1)
  assert.deepEqual(
    after.filter(({ method }) => method !== undefined),
    [],
  )
  const again = await client.refused('subscription/close', { subscriptionId })
  assert.equal(again.code, 40400)
})

test('a token brings what followed it, and then goes on', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const first = await client.call('record/create', note)
  for (let i = 0; i < 20; i++) await client.call('record/create', note)
  const opened = await client.call('subscription/open', {
    patterns: ['Note.*'],
    from: first.token,
    include: 'changes',
  })
  assert.equal(opened.token, first.token)
  await client.until(() => client.notifications('subscription/synced').length === 1)
  await client.call('record/create', note)
  await client.until(() => client.events().length === 21)
  assert.deepEqual(
    client.events().map(({ seq }) => seq),
    Array.from({ length: 21 }, (_, index) => index + 2),
  )
  assert.equal(client.events()[0].record, undefined)
  assert.ok(client.events()[0].changedFields.includes('title'))
})

test('a subscription survives a restart of the daemon by its token', async (t) => {
  const before = await startDaemon(t)
  const writer = await before.connect()
  const first = await writer.call('record/create', note)
  await writer.call('record/create', note)
  await before.daemon.close()
  const after = await startDaemon(t, { location: before.location })
  const client = await after.connect()
  await client.call('subscription/open', { patterns: ['Note.*'], from: first.token })
  await client.until(() => client.notifications('subscription/synced').length === 1)
  assert.deepEqual(
    client.events().map(({ seq }) => seq),
    [2],
  )
})

test('a transaction over several types comes in one piece', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const all = await client.call('subscription/open', { patterns: ['*'], windowEvents: 1 })
  const some = await client.call('subscription/open', { patterns: ['Tally.*'] })
  await client.call('record/transact', {
    operations: [
      { op: 'create', type: 'Note', data: { title: 'a' } },
      { op: 'create', type: 'Tally', data: {} },
      { op: 'create', type: 'Note', data: { title: 'b' } },
    ],
  })
  await client.until(() => client.notifications('subscription/events').length === 2)
  const sizes = client
    .notifications('subscription/events')
    .map(({ params }) => [params.subscriptionIds, params.events.length])
  assert.deepEqual(sizes, [
    [[all.subscriptionId], 3],
    [[some.subscriptionId], 1],
  ])
})

test('an event that a client published reaches those who asked for its topic', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  const refused = await client.refused('subscription/open', { patterns: ['Build.*'] })
  assert.equal(refused.code, 40000)
  assert.match(refused.data.remedy, /allowUnknown/)
  await client.call('subscription/open', { patterns: ['Build.*'], allowUnknown: true })
  const { seq } = await client.call('event/publish', {
    topic: 'Build.finished',
    payload: { ok: true },
  })
  await client.until(() => client.events().length === 1)
  assert.deepEqual(client.events()[0].payload, { ok: true })
  assert.equal(client.events()[0].seq, seq)
  await client.call('subscription/open', { patterns: ['Build.*'] })
})

test('a client that does not read delays nobody', async (t) => {
  const { connect } = await startDaemon(t)
  const live = await connect()
  const stuck = await connect()
  await live.call('subscription/open', { patterns: ['Note.*'] })
  await stuck.call('subscription/open', { patterns: ['Note.*'] })
  await stuck.until(() => stuck.notifications('subscription/synced').length === 1)
  stuck.transport.reader.dispose() // From here on it reads nothing more.
  const data = { title: 'a', extra: { x: 'x'.repeat(20_000) } }
  for (let i = 0; i < 200; i++) await live.call('record/create', { type: 'Note', data })
  await live.until(() => live.events().length === 200)
  const { connections } = await live.call('daemon/status')
  const behind = connections.map(
    ({ subscriptions }: { subscriptions: { behind: number }[] }) => subscriptions[0]?.behind,
  )
  assert.equal(behind[0], 0)
  assert.ok(behind[1] > 100, `the stuck one is ${behind[1]} behind`)
})

test('1,000 subscriptions on 8 connections get each event once, in order', async (t) => {
  const { connect } = await startDaemon(t)
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect()))
  const patterns = ['Note.*', '*', 'Note.created', '*.created', '{Note,Tally}.*']
  await Promise.all(
    clients.flatMap((client) =>
      Array.from({ length: 125 }, (_, index) =>
        client.call('subscription/open', { patterns: [patterns[index % patterns.length]] }),
      ),
    ),
  )
  const writer = await connect()
  const writes = Array.from({ length: 100 }, () => writer.call('record/create', note))
  await Promise.all(writes)
  const expected = Array.from({ length: 100 }, (_, index) => index + 1)
  for (const client of clients) {
    await client.until(() => client.events('s1').length === 100)
    for (let number = 1; number <= 125; number++) {
      const seqs = client.events(`s${number}`).map(({ seq }) => seq)
      assert.deepEqual(seqs, expected)
    }
    const sent = client.notifications('subscription/events')
    assert.ok(sent.every(({ params }) => params.subscriptionIds.length === 125))
  }
})

test('more subscriptions than one connection may have are refused', async (t) => {
  const { connect } = await startDaemon(t, { limits: { subscriptionsPerConnectionMax: 3 } })
  const client = await connect()
  for (let i = 0; i < 3; i++) await client.call('subscription/open', { patterns: ['Note.*'] })
  const error = await client.refused('subscription/open', { patterns: ['Note.*'] })
  assert.equal(error.code, 41300)
  assert.equal(error.data.limit, 3)
  await client.call('subscription/close', { subscriptionId: 's2' })
  assert.equal(
    (await client.call('subscription/open', { patterns: ['Note.*'] })).subscriptionId,
    's4',
  )
})

test('tokens of another store, of none and of the future are told apart from gaps', async (t) => {
  const { connect, daemon } = await startDaemon(t)
  const client = await connect()
  const { storeId } = daemon.status().store
  const open = (from: string) => client.refused('subscription/open', { patterns: ['Note.*'], from })
  for (const from of ['yesterday', 'o1.otherstore.abcd.1', 'o1..x.1']) {
    const error = await open(from)
    assert.equal(error.code, 40000)
    assert.equal(error.data.kind, 'token_invalid')
  }
  const { subscriptionId } = await client.call('subscription/open', {
    patterns: ['Note.*'],
    from: `o1.${storeId}.otherepoch.1`,
  })
  const gap = await client.first(({ method }) => method === 'subscription/gap')
  assert.equal(gap.params.subscriptionId, subscriptionId)
  assert.equal(gap.params.reason, 'epoch')
})

test('event/list pages through the log and waits for the next event', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  for (let i = 0; i < 7; i++) await client.call('record/create', note)
  await client.call('event/publish', { topic: 'Build.finished' })
  const first = await client.call('event/list', { patterns: ['Note.*'], limit: 5 })
  assert.deepEqual(seqsOf(first), [1, 2, 3, 4, 5])
  const second = await client.call('event/list', { patterns: ['Note.*'], after: first.token })
  assert.deepEqual(seqsOf(second), [6, 7])
  const waiting = client.send('event/list', {
    patterns: ['Build.*'],
    after: second.token,
    waitMs: 60_000,
  })
  await client.call('record/create', note)
  await client.call('event/publish', { topic: 'Build.finished' })
  assert.deepEqual(seqsOf((await client.answer(waiting)).result), [10])
  const none = await client.call('event/list', {
    after: first.token,
    limit: 1,
    waitMs: 10,
    patterns: ['Tally.*'],
  })
  assert.deepEqual(none.events, [])
  assert.equal(none.token, (await client.call('daemon/status')).token)
})

test('a wait for events can be cancelled, with the code that the client expects', async (t) => {
  const { connect, dial } = await startDaemon(t)
  const ours = await connect()
  const waiting = ours.send('event/list', { waitMs: 60_000 })
  ours.notify('$/cancelRequest', { id: waiting })
  const cancelled = (await ours.answer(waiting)).error
  assert.equal(cancelled?.code, 49900)
  assert.equal(cancelled?.data.kind, 'cancelled')
  const editor = dial().client
  await editor.call('initialize', { processId: null, clientInfo: { name: 'ed' }, rootUri: null })
  const inEditor = editor.send('event/list', { waitMs: 60_000 })
  await ours.call('daemon/status')
  editor.notify('$/cancelRequest', { id: inEditor })
  assert.equal((await editor.answer(inEditor)).error?.code, -32800)
})

function seqsOf({ events }: { events: { seq: number }[] }): number[] {
  return events.map(({ seq }) => seq)
}

test('a subscription whose connection closes while its start is waited for is not opened', async (t) => {
  const daemon = await startDaemon(t)
  const [client, writer] = [await daemon.connect(), await daemon.connect()]
  const { token } = await writer.call('record/create', { type: 'Note', data: { title: 'a' } })
  const future = token.replace(/\d+$/, (seq: string) => String(Number(seq) + 1))
  client.send('subscription/open', { patterns: ['Note.*'], from: future })
  client.send('subscription/open', { patterns: ['Note.*'], from: future, name: 'kept' })
  // Its answer tells that the requests before it were taken up.
  await client.call('type/list')
  await client.close()
  await writer.call('record/create', { type: 'Note', data: { title: 'b' } })
  const { connections, positions } = await writer.call('daemon/status')
  assert.equal(connections.length, 1)
  assert.deepEqual(
    positions.filter(({ inUse }: { inUse: boolean }) => inUse),
    [],
  )
  const bus = daemon.dial().session.services.bus
  assert.equal(bus.subscriptionCount, 0)
})
