import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MessageConnection } from 'vscode-jsonrpc/node'
import { startEchoServer } from './echo-server.ts'
import { frame, RawPeer } from './raw-peer.ts'

const options = { timeout: 120_000 }
const echo = (id: number, params: unknown = {}): Buffer =>
  frame(JSON.stringify({ jsonrpc: '2.0', id, method: 'echo', params }))

test('10,000 requests in one piece are all answered, in order', options, async (t) => {
  const { path, log } = await startEchoServer(t)
  const peer = await RawPeer.connect(t, path)
  const answers = peer.receiveMany(10_000)
  peer.send(Buffer.concat(Array.from({ length: 10_000 }, (_, id) => echo(id))))
  assert.deepEqual(
    (await answers).map(({ id }) => id),
    Array.from({ length: 10_000 }, (_, id) => id),
  )
  assert.deepEqual(log, [])
})

test('a request that comes byte by byte is answered', options, async (t) => {
  const { path } = await startEchoServer(t)
  const peer = await RawPeer.connect(t, path)
  const params = { text: 'ü€😀저장소' }
  for (const byte of echo(1, params)) {
    await new Promise<void>((resolve) => peer.socket.write(Buffer.from([byte]), () => resolve()))
    await new Promise(setImmediate)
  }
  assert.deepEqual((await peer.receive()).result, params)
})

test('a peer with much to ask does not keep others waiting', options, async (t) => {
  const { path } = await startEchoServer(t)
  const busy = await RawPeer.connect(t, path)
  const quick = await RawPeer.connect(t, path)
  const finished: string[] = []
  const busyDone = busy.receiveMany(20_000).then(() => finished.push('busy'))
  busy.send(Buffer.concat(Array.from({ length: 20_000 }, (_, id) => echo(id))))
  quick.send(echo(1))
  await quick.receive().then(() => finished.push('quick'))
  await busyDone
  assert.deepEqual(finished, ['quick', 'busy'])
})

test(
  'one turn starts no more handlers than its limit, and all that came within it',
  options,
  async (t) => {
    const startedInTurn = new Map<number, number>()
    let turn = 0
    const nextTurn = (): void => {
      turn++
      pending = setImmediate(nextTurn)
    }
    let pending = setImmediate(nextTurn)
    t.after(() => clearImmediate(pending))
    const onConnection = (connection: MessageConnection): void => {
      connection.onRequest('count', () => {
        startedInTurn.set(turn, (startedInTurn.get(turn) ?? 0) + 1)
        return true
      })
    }
    const { path } = await startEchoServer(t, { limits: { turnMaxMessages: 16 }, onConnection })
    const peer = await RawPeer.connect(t, path)
    const one = (id: number): Buffer => frame(`{"jsonrpc":"2.0","id":${id},"method":"count"}`)
    const answers = peer.receiveMany(160)
    peer.send(Buffer.concat(Array.from({ length: 160 }, (_, id) => one(id))))
    await answers
    assert.equal(Math.max(...startedInTurn.values()), 16)
  },
)

test('a server reads no more from a peer that does not read its answers', options, async (t) => {
  let handled = 0
  const onConnection = (connection: MessageConnection): void => {
    connection.onRequest('count', (params: unknown) => {
      handled++
      return params
    })
  }
  const { path } = await startEchoServer(t, { onConnection })
  const peer = await RawPeer.connect(t, path)
  peer.socket.pause()
  const total = 20_000
  const text = 'x'.repeat(1_000)
  for (let id = 0; id < total; id++) {
    peer.sendMessage({ jsonrpc: '2.0', id, method: 'count', params: { text } })
  }
  await settled(() => handled)
  assert.ok(
    handled > 0 && handled < 2_000,
    `${handled} requests were handled for a peer that reads nothing`,
  )
  const answers = peer.receiveMany(total)
  peer.socket.resume()
  await answers
  assert.equal(handled, total)
})

test('garbage from a peer that reads no refusals does not pile up', options, async (t) => {
  const { path, transports } = await startEchoServer(t)
  const peer = await RawPeer.connect(t, path)
  peer.socket.pause()
  const garbage = Buffer.concat(Array.from({ length: 2_000 }, () => frame('{')))
  let taken = 0
  const feed = (): void => {
    peer.socket.write(garbage, () => {
      if (++taken < 50) feed()
    })
  }
  feed()
  await settled(() => taken)
  assert.ok(taken < 50, 'all of the garbage was read')
  const closed = new Promise((resolve) => transports[0]?.onClose(resolve))
  peer.socket.destroy()
  await closed
})

test('notifications that are awaited wait for a peer that does not read', options, async (t) => {
  let sent = 0
  let stop = false
  const onConnection = (connection: MessageConnection): void => {
    connection.onNotification('flood', async () => {
      while (!stop) {
        await connection.sendNotification('drop', { text: 'x'.repeat(1_000) })
        sent++
      }
    })
  }
  const { path } = await startEchoServer(t, { onConnection })
  const peer = await RawPeer.connect(t, path)
  peer.socket.pause()
  peer.send(frame('{"jsonrpc":"2.0","method":"flood"}'))
  await settled(() => sent)
  assert.ok(
    sent > 0 && sent < 2_000,
    `${sent} notifications were taken for a peer that reads nothing`,
  )
  stop = true
})

test('random frames and bytes never silence the server', options, async (t) => {
  const server = await startEchoServer(t, { limits: { lingerMs: 20 } })
  const piece = fc.oneof(
    fc.json().map(frame),
    fc
      .record(
        {
          jsonrpc: fc.constantFrom('2.0', '1.0'),
          id: fc.jsonValue(),
          method: fc.jsonValue(),
          params: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((message) => frame(JSON.stringify(message))),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => frame(Buffer.from(bytes))),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      const peer = await RawPeer.connect(t, server.path)
      peer.send(Buffer.concat(pieces))
      peer.send(echo(123_456))
      peer.socket.end()
      const answers = await peer.receiveAll()
      const alive = answers.some(({ id }) => id === 123_456)
      const last = answers.at(-1)
      assert.ok(
        alive || (last?.id === null && last.error?.code === -32600),
        JSON.stringify(answers),
      )
      peer.socket.destroy()
    }),
    { numRuns: process.env.ORION_LONG ? 5_000 : 200 },
  )
  const sane = await RawPeer.connect(t, server.path)
  sane.send(echo(1))
  assert.equal((await sane.receive()).id, 1)
})

/** Waits until a number has stopped growing for many turns of the event loop. */
async function settled(read: () => number): Promise<void> {
  for (let quiet = 0, last = read(); quiet < 300; quiet = read() === last ? quiet + 1 : 0) {
    last = read()
    await new Promise(setImmediate)
  }
}
