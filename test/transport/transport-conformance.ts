import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Message, NotificationMessage } from 'vscode-jsonrpc/node'
import { EncodedJson } from '../../sdk/transport/encode-message.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { type Transport, TransportError } from '../../sdk/transport/transport.ts'
import type { TransportLimits } from '../../sdk/transport/transport-limits.ts'
import { serveEcho } from './echo-server.ts'

/** Two transports that are each other's peer, made for one test and gone with it. */
export type OpenPair = (
  t: TestContext,
  limits?: Partial<TransportLimits>,
) => Promise<readonly [server: Transport, client: Transport]>

const options = { timeout: 60_000 }

/** What every kind of transport must do alike. */
export function testTransport(kind: string, openPair: OpenPair): void {
  testMessages(kind, openPair)
  testRefusals(kind, openPair)
  testBackPressure(kind, openPair)
  testClosing(kind, openPair)
}

/** What every transport must do that carries more than a pipe within one process. */
export function testTurns(kind: string, openPair: OpenPair): void {
  test(`${kind}: questions and answers without end leave timers their turn`, options, async (t) => {
    const [server, client] = await openPair(t)
    const serving = createConnection(server)
    serveEcho(serving, { transport: server, held: new Set() })
    serving.listen()
    const asking = createConnection(client)
    asking.listen()
    await asking.sendRequest('echo', {})
    let over = false
    setTimeout(() => {
      over = true
    }, 0)
    let asked = 0
    for (; !over && asked < 100_000; asked++) await asking.sendRequest('echo', {})
    assert.ok(over, `no timer ran while ${asked} requests were answered`)
  })
}

function testMessages(kind: string, openPair: OpenPair): void {
  test(`${kind}: messages arrive in order, whole and unchanged`, options, async (t) => {
    const [server, client] = await openPair(t)
    const texts = ['', 'ü€😀저장소', '\u0000\u2028\ud800', 'x'.repeat(40_000), '[{"\\']
    const received = collect(server, 1_000 + texts.length)
    for (const text of texts) void client.writer.write(notification({ text }))
    for (let i = 0; i < 1_000; i++) void client.writer.write(notification({ i }))
    const expected = [
      ...texts.map((text) => ({ text })),
      ...Array.from({ length: 1_000 }, (_, i) => ({ i })),
    ]
    assert.deepEqual(paramsOf(await received), expected)
  })

  test(`${kind}: what JSON can't say is gone on the other side`, options, async (t) => {
    const [server, client] = await openPair(t)
    const received = collect(server, 1)
    const params = { none: undefined, date: new Date(0), map: new Map([[1, 2]]), nan: Number.NaN }
    await client.writer.write(notification(params))
    const expected = { date: '1970-01-01T00:00:00.000Z', map: {}, nan: null }
    assert.deepEqual(paramsOf(await received), [expected])
  })

  test(`${kind}: a message changed after it was written arrives as it was`, options, async (t) => {
    const [server, client] = await openPair(t)
    const received = collect(server, 1)
    const params = { list: [1] }
    const written = client.writer.write(notification(params))
    params.list.push(2)
    await written
    assert.deepEqual(paramsOf(await received), [{ list: [1] }])
  })

  test(`${kind}: encoded JSON is spliced in order with the rest`, options, async (t) => {
    const [server, client] = await openPair(t)
    const received = collect(server, 3)
    void client.writer.write(notification({ n: 1 }))
    void client.writer.writeEncoded('{"jsonrpc":"2.0","method":"told","params":{"n": 2}}')
    void client.writer.write(notification(new EncodedJson('{"n":3}')))
    assert.deepEqual(paramsOf(await received), [{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  test(`${kind}: requests are answered on both sides at once`, options, async (t) => {
    const [server, client] = await openPair(t)
    const ends = [server, client].map((transport) => {
      const connection = createConnection(transport)
      serveEcho(connection, { transport, held: new Set() })
      connection.listen()
      return connection
    })
    const asked = ends.map((connection) =>
      Promise.all(Array.from({ length: 500 }, (_, i) => connection.sendRequest('echo', { i }))),
    )
    const expected = Array.from({ length: 500 }, (_, i) => ({ i }))
    assert.deepEqual(await Promise.all(asked), [expected, expected])
  })

  test(
    `${kind}: an answer made of encoded JSON is an answer like any other`,
    options,
    async (t) => {
      const [server, client] = await openPair(t)
      const serving = createConnection(server)
      serving.onRequest('stored', () => new EncodedJson('{"a": [1, "ü"]}'))
      serving.listen()
      const asking = createConnection(client)
      asking.listen()
      assert.deepEqual(await asking.sendRequest('stored'), { a: [1, 'ü'] })
    },
  )
}

function testRefusals(kind: string, openPair: OpenPair): void {
  test(`${kind}: malformed messages are refused and the transport lives on`, options, async (t) => {
    const [server, client] = await openPair(t)
    const served = collect(server, 1)
    const answered = collect(client, 4)
    for (const body of ['{', '[]', '{"foo":1}', `${'['.repeat(201)}${']'.repeat(201)}`]) {
      void client.writer.writeEncoded(body)
    }
    void client.writer.write(notification({ last: true }))
    const answers = (await answered).map((answer) => JSON.parse(JSON.stringify(answer)).error.code)
    assert.deepEqual(answers, [-32700, -32600, -32600, -32600])
    assert.deepEqual(paramsOf(await served), [{ last: true }])
  })

  test(`${kind}: a server takes short bodies until the limit is raised`, options, async (t) => {
    const limits = { handshakeBodyMaxBytes: 100, bodyMaxBytes: 1_000 }
    const [server, client] = await openPair(t, limits)
    const received = collect(server, 1)
    server.raiseBodyLimit()
    await client.writer.write(notification({ text: 'x'.repeat(900) }))
    assert.equal((await received).length, 1)

    const [strict, eager] = await openPair(t, limits)
    const closed = closing(eager)
    const refused = collect(eager, 1)
    collect(strict, 1).catch(() => {})
    await eager.writer.write(notification({ text: 'x'.repeat(100) }))
    assert.match(JSON.stringify(await refused), /-32600.*at most 100 bytes/)
    await closed
  })

  test(`${kind}: a message over the full limit is refused by the writer`, options, async (t) => {
    const [, client] = await openPair(t, { bodyMaxBytes: 1_000 })
    const refused = await client.writer
      .write(notification({ text: 'ü'.repeat(500) }))
      .catch((e) => e)
    assert.equal(refused.code, 41300)
    assert.equal(refused.data.limit, 1_000)
  })
}

function testBackPressure(kind: string, openPair: OpenPair): void {
  test(
    `${kind}: a writer whose peer does not read waits, and goes on when it does`,
    options,
    async (t) => {
      const [server, client] = await openPair(t)
      const total = 3_000
      let accepted = 0
      const sending = (async () => {
        for (let i = 0; i < total; i++) {
          await server.writer.write(notification({ i, text: 'x'.repeat(1_000) }))
          accepted++
        }
      })()
      await settled(() => accepted)
      const stuckAt = accepted
      assert.ok(
        stuckAt < total,
        `${stuckAt} of ${total} messages were taken for a peer that reads none`,
      )
      const received = await collect(client, total)
      await sending
      assert.deepEqual(
        paramsOf(received).map((params) => params.i),
        Array.from({ length: total }, (_, i) => i),
      )
    },
  )

  test(`${kind}: writes that wait are rejected when the peer goes away`, options, async (t) => {
    const [server, client] = await openPair(t)
    const writing = (async () => {
      for (;;) await server.writer.write(notification({ text: 'x'.repeat(1_000) }))
    })()
    const failed = assert.rejects(writing, TransportError)
    await new Promise(setImmediate)
    await client.close()
    await failed
  })
}

function testClosing(kind: string, openPair: OpenPair): void {
  test(`${kind}: what was written before the end arrives before the end`, options, async (t) => {
    const [server, client] = await openPair(t)
    const received = collect(client, 200)
    const ended = closing(client)
    for (let i = 0; i < 200; i++)
      void server.writer.write(notification({ i, text: 'x'.repeat(5_000) }))
    await Promise.all([server.close(), server.close()])
    assert.equal((await received).length, 200)
    assert.equal(await ended, undefined)
  })

  test(`${kind}: both sides are told of the end, once, late listeners too`, options, async (t) => {
    const [server, client] = await openPair(t)
    let told = 0
    for (const side of [server, client]) {
      side.onClose(() => told++)
      side.onClose(() => told++).dispose()
    }
    collect(server, 1).catch(() => {})
    const bothClosed = Promise.all([closing(server), closing(client)])
    await client.close()
    await bothClosed
    assert.equal(told, 2)
    await closing(client)
  })

  test(`${kind}: a write after the end is rejected`, options, async (t) => {
    const [, client] = await openPair(t)
    const closed = client.close()
    await assert.rejects(client.writer.write(notification({})), { reason: 'closed' })
    await closed
    await assert.rejects(client.writer.write(notification({})), { reason: 'closed' })
    await assert.rejects(client.writer.writeEncoded('{}'), { reason: 'closed' })
  })

  test(
    `${kind}: requests that wait are rejected when the other side closes`,
    options,
    async (t) => {
      const [server, client] = await openPair(t)
      const serving = createConnection(server)
      serveEcho(serving, { transport: server, held: new Set() })
      serving.listen()
      const asking = createConnection(client)
      asking.listen()
      const waiting = asking.sendRequest('hold')
      const rejected = assert.rejects(waiting, { code: -32097 })
      await asking.sendRequest('echo', {})
      serving.dispose()
      await rejected
    },
  )

  test(`${kind}: a connection on a closed transport closes`, options, async (t) => {
    const [server, client] = await openPair(t)
    await Promise.all([client.close(), server.close()])
    const connection = createConnection(client)
    await new Promise<void>((resolve) => connection.onClose(() => resolve()))
  })
}

function notification(params: object): NotificationMessage {
  return { jsonrpc: '2.0', method: 'told', params }
}

/** Starts reading; resolves with the first messages. Rejects if the end comes first. */
function collect(transport: Transport, count: number): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    const messages: Message[] = []
    transport.reader.listen((message) => {
      messages.push(message)
      if (messages.length === count) resolve(messages)
    })
    transport.onClose(() => {
      reject(new Error(`expected ${count} messages, got the end after ${messages.length}`))
    })
  })
}

function paramsOf(messages: readonly Message[]): { readonly [name: string]: unknown }[] {
  return JSON.parse(JSON.stringify(messages)).map((message: NotificationMessage) => message.params)
}

function closing(transport: Transport): Promise<Error | undefined> {
  return new Promise((resolve) => transport.onClose(resolve))
}

/** Waits until a number has stopped growing for many turns of the event loop. */
async function settled(read: () => number): Promise<void> {
  for (let quiet = 0, last = read(); quiet < 200; quiet = read() === last ? quiet + 1 : 0) {
    last = read()
    await new Promise(setImmediate)
  }
}
