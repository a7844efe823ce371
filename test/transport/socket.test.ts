import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { assertSocketPath, connectSocket, listenOnSocket } from '../../sdk/transport/socket.ts'
import { type Transport, TransportError } from '../../sdk/transport/transport.ts'
import { startEchoServer, temporarySocketPath } from './echo-server.ts'
import { RawPeer } from './raw-peer.ts'
import { type OpenPair, testTransport, testTurns } from './transport-conformance.ts'

const options = { timeout: 60_000 }

const openPair: OpenPair = async (t, limits = {}) => {
  const path = temporarySocketPath(t)
  let accept: (server: Transport) => void = () => {}
  const accepted = new Promise<Transport>((resolve) => {
    accept = resolve
  })
  const onError = (error: Error): void => t.diagnostic(error.message)
  const listener = await listenOnSocket(path, {
    onTransport: (server) => accept(server),
    onError,
    limits,
  })
  const client = await connectSocket(path, { limits })
  const server = await accepted
  t.after(() => Promise.all([listener.close(), server.close(), client.close()]))
  return [server, client]
}

testTransport('socket', openPair)
testTurns('socket', openPair)

const paths: readonly {
  readonly path: string
  readonly platform: NodeJS.Platform
  readonly fits: boolean
}[] = [
  { path: `/${'x'.repeat(106)}`, platform: 'linux', fits: true },
  { path: `/${'x'.repeat(107)}`, platform: 'linux', fits: false },
  { path: `/${'ü'.repeat(53)}`, platform: 'linux', fits: true },
  { path: `/${'ü'.repeat(54)}`, platform: 'linux', fits: false },
  { path: `/${'x'.repeat(102)}`, platform: 'darwin', fits: true },
  { path: `/${'x'.repeat(103)}`, platform: 'darwin', fits: false },
  { path: '', platform: 'linux', fits: false },
  { path: '/a\0b', platform: 'linux', fits: false },
  { path: '\\\\.\\pipe\\orion-a', platform: 'win32', fits: true },
  { path: '\\\\?\\pipe\\orion-a', platform: 'win32', fits: true },
  { path: 'C:\\orion.sock', platform: 'win32', fits: false },
]

for (const { path, platform, fits } of paths) {
  const shown = path.length > 20 ? `${path.slice(0, 4)}… of ${Buffer.byteLength(path)} bytes` : path
  test(`on ${platform} ${JSON.stringify(shown)} is ${fits ? 'a' : 'no'} path for a socket`, () => {
    if (fits) assertSocketPath(path, platform)
    else assert.throws(() => assertSocketPath(path, platform), { reason: 'path_invalid' })
  })
}

test(
  'a path that is too long is refused by both sides before anything is made',
  options,
  async (t) => {
    const path = temporarySocketPath(t)
    const long = join(dirname(path), 'x'.repeat(100))
    await assert.rejects(connectSocket(long), { reason: 'path_invalid' })
    const handlers = { onTransport: () => {}, onError: () => {} }
    await assert.rejects(listenOnSocket(long, handlers), { reason: 'path_invalid' })
    assert.equal(existsSync(long.slice(0, 107)), false)
  },
)

test('connecting where nobody listens fails with the cause', options, async (t) => {
  const path = temporarySocketPath(t)
  const absent = await failureOf(connectSocket(path))
  assert.equal(absent.reason, 'connect_failed')
  assert.equal(codeOf(absent.cause), 'ENOENT')
  writeFileSync(path, '')
  const refused = await failureOf(connectSocket(path))
  assert.equal(refused.reason, 'connect_failed')
  assert.equal(codeOf(refused.cause), 'ECONNREFUSED')
})

test('an abort ends an attempt to connect with its reason', options, async (t) => {
  const path = temporarySocketPath(t)
  const reason = new Error('changed my mind')
  await assert.rejects(connectSocket(path, { signal: AbortSignal.abort(reason) }), reason)
})

test('listening where a file is already fails and leaves it alone', options, async (t) => {
  const path = temporarySocketPath(t)
  const handlers = { onTransport: () => {}, onError: () => {} }
  mkdirSync(path)
  const failed = await failureOf(listenOnSocket(path, handlers))
  assert.equal(failed.reason, 'listen_failed')
  assert.equal(codeOf(failed.cause), 'EADDRINUSE')
  assert.ok(existsSync(path))
})

test(
  'a listener that closes takes its socket away and leaves connections alone',
  options,
  async (t) => {
    const path = temporarySocketPath(t)
    const accepted: Transport[] = []
    const onTransport = (transport: Transport): void => void accepted.push(transport)
    const listener = await listenOnSocket(path, { onTransport, onError: () => {} })
    const client = await connectSocket(path)
    t.after(() => Promise.all([client.close(), ...accepted.map((each) => each.close())]))
    while (accepted.length === 0) await new Promise(setImmediate)
    await Promise.all([listener.close(), listener.close()])
    assert.equal(existsSync(path), false)
    const received = new Promise((resolve) => accepted[0]?.reader.listen(resolve))
    await client.writer.write({ jsonrpc: '2.0' })
    await client.writer.writeEncoded('{"jsonrpc":"2.0","method":"told"}')
    assert.deepEqual(await received, { jsonrpc: '2.0', method: 'told' })
  },
)

test(
  'a connection over the limit is told so, and there is room again when one ends',
  options,
  async (t) => {
    const { path, transports } = await startEchoServer(t, { connectionsMax: 2 })
    const first = await RawPeer.connect(t, path)
    const second = await RawPeer.connect(t, path)
    for (const peer of [first, second]) {
      peer.sendMessage({ jsonrpc: '2.0', id: 1, method: 'echo' })
      await peer.receive()
    }
    // As after a handshake: one that has none would give way.
    for (const transport of transports) transport.raiseBodyLimit()
    const third = await RawPeer.connect(t, path)
    const [answer] = await third.receiveAll()
    assert.equal(answer?.error?.code, 42900)
    assert.equal(answer?.id, null)
    assert.equal(answer?.error?.data?.kind, 'overloaded')
    const ended = new Promise((resolve) => transports[0]?.onClose(resolve))
    first.socket.end()
    await ended
    const fourth = await RawPeer.connect(t, path)
    fourth.sendMessage({ jsonrpc: '2.0', id: 4, method: 'echo' })
    assert.equal((await fourth.receive()).id, 4)
  },
)

test(
  'a peer that is torn down in the middle of a message closes its transport alone',
  options,
  async (t) => {
    const { path, transports } = await startEchoServer(t)
    const torn = await RawPeer.connect(t, path)
    const other = await RawPeer.connect(t, path)
    torn.sendMessage({ jsonrpc: '2.0', id: 1, method: 'echo' })
    await torn.receive()
    const closed = new Promise((resolve) => transports[0]?.onClose(resolve))
    torn.socket.write('Content-Length: 100\r\n\r\n{"json', () => torn.socket.destroy())
    await closed
    other.sendMessage({ jsonrpc: '2.0', id: 2, method: 'echo' })
    assert.equal((await other.receive()).id, 2)
  },
)

test(
  'a server hangs up on a peer that does not, after its broken framing was answered',
  options,
  async (t) => {
    const { path, transports } = await startEchoServer(t, { limits: { lingerMs: 20 } })
    const peer = await RawPeer.connect(t, path)
    peer.socket.removeAllListeners('end')
    peer.send('nonsense\n')
    assert.equal((await peer.receive()).error?.code, -32600)
    await new Promise((resolve) => transports[0]?.onClose(resolve))
  },
)

async function failureOf(attempt: Promise<unknown>): Promise<TransportError> {
  const outcome = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof TransportError)
  return outcome
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
