import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventStream } from '../../sdk/client/event-stream.ts'
import {
  CancelledError,
  DisconnectedError,
  ForbiddenError,
  GoneError,
  InvalidRequestError,
  TokenInvalidError,
} from '../../sdk/client/typed-errors.ts'
import { text } from '../../sdk/field.ts'
import type { Event, Token } from '../../sdk/model.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { ScriptedDaemon, scriptedError } from '../support/scripted-daemon.ts'
import { scriptedClient, until } from '../support/sdk-client.ts'

const Note = defineRecordType('Note', { fields: { title: text() } })

/** The seqs of the next events of a stream. */
async function take(stream: EventStream<unknown>, count: number): Promise<number[]> {
  const seqs: number[] = []
  while (seqs.length < count) {
    const { value, done } = await stream.next()
    if (done) break
    seqs.push(value.seq)
  }
  return seqs
}

function emitMany(daemon: ScriptedDaemon, count: number): number[] {
  return Array.from({ length: count }, () => daemon.emit('Build.finished').seq)
}

test('a stream gives the events of its patterns in order, until the loop breaks', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.emit('Build.before')
  const stream = await client.subscribe('Build.*')
  daemon.emit('Other.thing')
  const expected = emitMany(daemon, 3)
  const seen: number[] = []
  for await (const event of stream) {
    seen.push(event.seq)
    if (seen.length === expected.length) break
  }
  assert.deepEqual(seen, expected)
  await until(() => daemon.subscriberCount === 0)
  assert.equal(await stream.closed, undefined)
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
})

test('events that arrive in the same turn as the answer to open are not lost', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const [first, second] = [daemon.emit('Build.a'), daemon.emit('Build.b')]
  daemon.handle('subscription/open', (_, { connection }) => {
    // Written before this answer's turn ends, so all of it leaves in one piece.
    queueMicrotask(() => queueMicrotask(() => send(connection)))
    return { subscriptionId: 'early', token: daemon.tokenAt(0), patterns: ['Build.*'] }
  })
  const send = (connection: { notify(method: string, params: object): void }): void => {
    for (const event of [first, second]) {
      const params = { subscriptionIds: ['early'], events: [event], token: event.token }
      connection.notify('subscription/events', params)
    }
  }
  const stream = await client.subscribe('Build.*')
  assert.deepEqual(await take(stream, 2), [1, 2])
})

test('handlers are called one at a time, in order, with the events of a record type', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const notes = client.repository(Note)
  const seen: string[] = []
  let running = 0
  const subscription = await client.on(Note, async (event) => {
    assert.equal(++running, 1)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    seen.push(event.record?.data.title ?? '')
  })
  for (const title of ['a', 'b', 'c']) await notes.create({ title })
  await until(() => seen.length === 3)
  assert.deepEqual(seen, ['a', 'b', 'c'])
  await until(() => subscription.token === daemon.token)
})

test('after a lost connection a subscription goes on where it was, each event once', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const stream = await client.subscribe('Build.*')
  const expected = emitMany(daemon, 2)
  assert.deepEqual(await take(stream, 1), expected.slice(0, 1))
  daemon.drop()
  expected.push(...emitMany(daemon, 3))
  assert.deepEqual(await take(stream, 4), expected.slice(1))
  const opens = daemon.requests.filter(({ method }) => method === 'subscription/open')
  assert.deepEqual(
    opens.map(({ params }) => params.from),
    ['now', daemon.tokenAt(2)],
  )
})

test('an event that comes twice is delivered once', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const stream = await client.subscribe('Build.*')
  const first = daemon.emit('Build.a')
  daemon.handle('subscription/open', (params, call) =>
    daemon.usual('subscription/open', { ...params, from: daemon.tokenAt(0) }, call),
  )
  assert.deepEqual(await take(stream, 1), [first.seq])
  daemon.drop()
  await until(() => daemon.subscriberCount === 2)
  const second = daemon.emit('Build.b')
  assert.deepEqual(await take(stream, 1), [second.seq])
})

test('a slow reader costs a bounded queue, and then misses nothing', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const stream = await client.subscribe('Build.*', { queueMaxEvents: 10 })
  const expected = emitMany(daemon, 35)
  await until(() => daemon.count('subscription/close') === 1)
  expected.push(...emitMany(daemon, 30))
  assert.deepEqual(await take(stream, 65), expected)
  const froms = daemon.requests
    .filter(({ method }) => method === 'subscription/open')
    .map(({ params }) => params.from)
  // `synced` waits in the queue, too.
  assert.equal(froms[1], daemon.tokenAt(9))
})

test('a bookmark moves the position, so that nothing is read again for nothing', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  let id = ''
  daemon.handleOnce('subscription/open', (params, call) => {
    const answer = daemon.usual('subscription/open', params, call) as { subscriptionId: string }
    id = answer.subscriptionId
    setImmediate(() => {
      const bookmark = { subscriptionIds: [id], token: daemon.tokenAt(77) }
      call.connection.notify('subscription/bookmark', bookmark)
    })
    return answer
  })
  const stream = await client.subscribe('Build.*')
  const next = stream.next()
  await until(() => stream.token === daemon.tokenAt(77))
  daemon.drop()
  await daemon.arrival('subscription/open')
  assert.equal(daemon.requests.at(-1)?.params.from, daemon.tokenAt(77))
  await stream.close()
  assert.equal((await next).done, true)
})

/** A daemon that tells a gap between its first and its second event. */
function withGap(daemon: ScriptedDaemon): void {
  daemon.handleOnce('subscription/open', (params, call) => {
    const answer = daemon.usual('subscription/open', params, call) as { subscriptionId: string }
    const { subscriptionId } = answer
    setTimeout(() => {
      daemon.emit('Build.a')
      const floor = daemon.tokenAt(1)
      const gap = { subscriptionId, reason: 'compacted', floor, token: floor }
      call.connection.notify('subscription/gap', gap)
      daemon.emit('Build.b')
    })
    return answer
  })
}

test('a gap is told in its place among the events', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  withGap(daemon)
  const told: string[] = []
  await client.on('Build.*', (event) => void told.push(event.topic), {
    onGap: ({ reason }) => void told.push(reason),
  })
  await until(() => told.length === 3)
  assert.deepEqual(told, ['Build.a', 'compacted', 'Build.b'])
})

test('without anybody to tell, a gap ends the stream instead of hiding a hole', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  withGap(daemon)
  const stream = await client.subscribe('Build.*')
  assert.equal((await stream.next()).value?.topic, 'Build.a')
  await assert.rejects(stream.next(), GoneError)
  assert.ok((await stream.closed) instanceof GoneError)
  await until(() => daemon.subscriberCount === 0)
})

test('another life of the log is a gap, and events with smaller seqs are new ones', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const gaps: string[] = []
  const seen: string[] = []
  await client.on('Build.*', (event) => void seen.push(event.topic), {
    onGap: ({ reason }) => void gaps.push(reason),
  })
  emitMany(daemon, 3)
  await until(() => seen.length === 3)
  daemon.epoch = 'epoch2'
  daemon.events.length = 0
  daemon.handleOnce('subscription/open', (params, call) => {
    assert.match(String(params.from), /epoch1/)
    const now = { ...params, from: 'now' }
    const answer = daemon.usual('subscription/open', now, call) as { subscriptionId: string }
    const { subscriptionId } = answer
    const floor = daemon.tokenAt(0)
    const gap = { subscriptionId, reason: 'epoch', floor, token: floor }
    setImmediate(() => call.connection.notify('subscription/gap', gap))
    return answer
  })
  daemon.drop()
  await until(() => gaps.length === 1)
  daemon.emit('Build.again')
  await until(() => seen.length === 4)
  assert.deepEqual(gaps, ['epoch'])
})

test('a position that is refused later is a gap, and is never asked for twice', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const gaps: string[] = []
  const stream = await client.subscribe('Build.*', {
    onGap: ({ reason }) => void gaps.push(reason),
  })
  const before = daemon.emit('Build.a')
  assert.deepEqual(await take(stream, 1), [before.seq])
  daemon.handleOnce('subscription/open', () => {
    throw scriptedError('token_invalid', {})
  })
  daemon.epoch = 'epoch2'
  daemon.drop()
  await until(() => daemon.subscriberCount === 2)
  const after = daemon.emit('Build.b')
  assert.deepEqual(await take(stream, 1), [after.seq])
  assert.deepEqual(gaps, ['epoch'])
  assert.deepEqual(
    daemon.requests.flatMap(({ params }) => params.from ?? []),
    ['now', before.token, daemon.tokenAt(1)],
  )
})

test('a wrong token to begin with is the caller’s error', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('subscription/open', () => {
    throw scriptedError('token_invalid', {})
  })
  const opening = client.subscribe('Build.*', { from: 'o1.other1.epoch0.5' as Token })
  await assert.rejects(opening, TokenInvalidError)
  assert.equal(daemon.count('subscription/open'), 1)
})

test('a subscription that is being opened when the client closes is not given out', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('subscription/open', () => new Promise(() => {}))
  const opening = client.subscribe('Build.*')
  const arrived = daemon.arrival('subscription/open')
  const refused = assert.rejects(opening, DisconnectedError)
  await arrived
  await client.close()
  await refused
})

test('what a handler throws is told, and the next event is delivered', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const told: unknown[] = []
  const seen: number[] = []
  await client.on(
    'Build.*',
    (event) => {
      seen.push(event.seq)
      if (event.seq === 1) throw new Error('first')
    },
    { onError: (error, event) => void told.push(String(error), (event as Event).seq) },
  )
  emitMany(daemon, 2)
  await until(() => seen.length === 2)
  assert.deepEqual(told, ['Error: first', 1])
})

test('what a handler throws with nobody to tell is a warning of the process', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const warning = new Promise<Error>((resolve) => process.once('warning', resolve))
  await client.on('Build.*', () => Promise.reject(new Error('nobody listens')))
  daemon.emit('Build.a')
  assert.equal((await warning).message, 'nobody listens')
})

test('a handler can close its own subscription, and is not called again', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  let calls = 0
  const subscription = await client.on('Build.*', async () => {
    calls++
    await subscription.close()
  })
  emitMany(daemon, 5)
  await subscription.closed
  await until(() => daemon.subscriberCount === 0)
  assert.equal(calls, 1)
})

test('a signal ends a subscription', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const controller = new AbortController()
  const stream = await client.subscribe('Build.*', { signal: controller.signal })
  const next = stream.next()
  controller.abort()
  assert.equal((await next).done, true)
  await until(() => daemon.subscriberCount === 0)
  const { signal } = controller
  await assert.rejects(client.subscribe('Build.*', { signal }), CancelledError)
})

test('a subscription that is refused is not opened', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('subscription/open', () => {
    throw scriptedError('invalid_request', {})
  })
  await assert.rejects(client.subscribe('Nothing.*'), InvalidRequestError)
})

test('a busy daemon is asked again for the subscription', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handleOnce('subscription/open', () => {
    throw scriptedError('overloaded', { retryAfterMs: 1 })
  })
  const stream = await client.subscribe('Build.*')
  const { seq } = daemon.emit('Build.a')
  assert.deepEqual(await take(stream, 1), [seq])
})

/** Opens a stream and lets the daemon close it with a reason. */
async function closedBy(t: Parameters<typeof scriptedClient>[0], reason: string) {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  let close = (): void => {}
  daemon.handleOnce('subscription/open', (params, call) => {
    const answer = daemon.usual('subscription/open', params, call) as { subscriptionId: string }
    const { subscriptionId } = answer
    close = () => call.connection.notify('subscription/closed', { subscriptionId, reason })
    return answer
  })
  const stream = await client.subscribe('Build.*')
  close()
  return { daemon, client, stream }
}

test('a subscription that is not allowed any more ends with the reason', async (t) => {
  const { stream } = await closedBy(t, 'forbidden')
  await assert.rejects(stream.next(), ForbiddenError)
  assert.ok((await stream.closed) instanceof ForbiddenError)
})

test('after a hand-over a subscription goes on at the next daemon', async (t) => {
  const { stream, daemon } = await closedBy(t, 'handover')
  daemon.drop()
  const { seq } = daemon.emit('Build.a')
  assert.deepEqual(await take(stream, 1), [seq])
})

test('closing the client ends its streams, and nothing more is delivered', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const stream = await client.subscribe('Build.*')
  emitMany(daemon, 3)
  const waiting = await client.subscribe('Other.*')
  const next = waiting.next()
  await client.close()
  assert.equal((await next).done, true)
  assert.equal((await stream.next()).done, true)
  assert.equal(await stream.closed, undefined)
  await assert.rejects(client.subscribe('Build.*'))
})

test('`synced` is told in its place, and again after each reconnect', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  emitMany(daemon, 2)
  const told: unknown[] = []
  await client.on('Build.*', (event) => void told.push(event.seq), {
    from: daemon.tokenAt(0),
    onSynced: (token) => void told.push(token),
  })
  await until(() => told.length === 3)
  daemon.drop()
  await until(() => told.length === 4)
  assert.deepEqual(told, [1, 2, daemon.tokenAt(2), daemon.tokenAt(2)])
})
