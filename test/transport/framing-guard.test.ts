import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node'
import { startEchoServer } from './echo-server.ts'
import { echoRequestOfBytes, frame, RawPeer, type WireMessage } from './raw-peer.ts'

const headerMaxBytes = 8 * 1024
const handshakeBodyMaxBytes = 64 * 1024
const bodyMaxBytes = 16 * 1024 * 1024
const options = { timeout: 120_000 }

interface Refused {
  readonly name: string
  readonly input: string | Buffer
  readonly code: number
  readonly id?: string | number | null
}

/** Input after which the stream can't be cut into frames any more. */
const broken: readonly Refused[] = [
  { name: 'no Content-Length', input: 'Content-Type: application/json\r\n\r\n{}' },
  { name: 'an empty header', input: '\r\n\r\n{}' },
  { name: 'a negative Content-Length', input: 'Content-Length: -5\r\n\r\n{}' },
  { name: 'a signed Content-Length', input: 'Content-Length: +2\r\n\r\n{}' },
  { name: 'a Content-Length that is no number', input: 'Content-Length: NaN\r\n\r\n{}' },
  { name: 'a fractional Content-Length', input: 'Content-Length: 2.0\r\n\r\n{}' },
  { name: 'a hexadecimal Content-Length', input: 'Content-Length: 0x2\r\n\r\n{}' },
  { name: 'an exponent in Content-Length', input: 'Content-Length: 2e0\r\n\r\n{}' },
  { name: 'an empty Content-Length', input: 'Content-Length: \r\n\r\n{}' },
  { name: 'two lengths in one Content-Length', input: 'Content-Length: 2, 2\r\n\r\n{}' },
  { name: 'two Content-Lengths', input: 'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}' },
  {
    name: 'two Content-Lengths in two cases',
    input: 'content-length: 2\r\nCONTENT-LENGTH: 3\r\n\r\n{}',
  },
  { name: 'a length over 2^53', input: `Content-Length: ${'9'.repeat(30)}\r\n\r\n{}` },
  { name: 'a declared length of 2 GB', input: 'Content-Length: 2000000000\r\n\r\n' },
  { name: 'lines that end in LF alone', input: 'Content-Length: 2\n\n{}' },
  { name: 'a space before the colon', input: 'Content-Length : 2\r\n\r\n{}' },
  { name: 'a folded header line', input: 'X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}' },
  { name: 'a line without a colon', input: 'Content-Length 2\r\n\r\n{}' },
  {
    name: 'another charset',
    input: 'Content-Length: 2\r\nContent-Type: a/b; charset=utf-16\r\n\r\n{}',
  },
  { name: 'bare JSON without a header', input: '{"jsonrpc":"2.0","id":1,"method":"echo"}' },
  { name: 'binary noise', input: Buffer.from([0, 255, 1, 254]) },
].map((row) => ({ ...row, code: -32600, id: null }))

for (const { name, input, code } of broken) {
  test(
    `${name} is answered with ${code} and id null, then the connection is closed`,
    options,
    async (t) => {
      const { path } = await startEchoServer(t)
      const peer = await RawPeer.connect(t, path)
      peer.send(input)
      const answers = await peer.receiveAll()
      assert.equal(answers.length, 1)
      assertRefusal(answers[0], { code, id: null, kind: 'invalid_request' })
    },
  )
}

const jsonRpc = (members: object): string => JSON.stringify({ jsonrpc: '2.0', ...members })
const nested = (levels: number): string => {
  const inner = levels - 1 // The message itself is a level.
  return `{"jsonrpc":"2.0","id":7,"method":"echo","params":${'['.repeat(inner)}${']'.repeat(inner)}}`
}

/** Input after which the connection lives on. */
const refused: readonly Refused[] = [
  { name: 'a body that is not JSON', input: '{"jsonrpc":', code: -32700 },
  { name: 'an empty body', input: '', code: -32700 },
  { name: 'a body of white space', input: '  \r\n ', code: -32700 },
  { name: 'two values in one body', input: '{} {}', code: -32700 },
  { name: 'a body with a byte order mark', input: '\ufeff{}', code: -32700 },
  { name: 'a body that is not UTF-8', input: Buffer.from('{"a":"\xff"}', 'latin1'), code: -32700 },
  {
    name: 'a body cut in the middle of a character',
    input: Buffer.from('"ü"').subarray(0, 2),
    code: -32700,
  },
  { name: 'an object that is no message', input: '{"foo":1}', code: -32600 },
  { name: 'an object that has only an id', input: '{"jsonrpc":"2.0","id":7}', code: -32600, id: 7 },
  { name: 'a number', input: '7', code: -32600 },
  { name: 'null', input: 'null', code: -32600 },
  { name: 'text', input: '"echo"', code: -32600 },
  { name: 'an empty batch', input: '[]', code: -32600 },
  { name: 'a batch', input: `[${jsonRpc({ id: 7, method: 'echo' })}]`, code: -32600 },
  { name: 'a request without jsonrpc', input: '{"id":7,"method":"echo"}', code: -32600, id: 7 },
  {
    name: 'a request of jsonrpc 1.0',
    input: '{"jsonrpc":"1.0","id":"a","method":"echo"}',
    code: -32600,
    id: 'a',
  },
  {
    name: 'jsonrpc as a number',
    input: '{"jsonrpc":2.0,"id":7,"method":"echo"}',
    code: -32600,
    id: 7,
  },
  { name: 'a notification without jsonrpc', input: '{"method":"echo"}', code: -32600 },
  { name: 'a method that is a number', input: jsonRpc({ id: 7, method: 1 }), code: -32600, id: 7 },
  { name: 'a method that is null', input: jsonRpc({ id: 7, method: null }), code: -32600, id: 7 },
  { name: 'a request with id null', input: jsonRpc({ id: null, method: 'echo' }), code: -32600 },
  { name: 'an id that is an object', input: jsonRpc({ id: {}, method: 'echo' }), code: -32600 },
  { name: 'an id that is true', input: jsonRpc({ id: true, method: 'echo' }), code: -32600 },
  {
    name: 'an id that no number can hold',
    input: '{"jsonrpc":"2.0","id":9007199254740993,"method":"echo"}',
    code: -32600,
  },
  { name: 'an infinite id', input: '{"jsonrpc":"2.0","id":1e400,"method":"echo"}', code: -32600 },
  {
    name: 'params that are text',
    input: jsonRpc({ id: 7, method: 'echo', params: 'a' }),
    code: -32600,
    id: 7,
  },
  {
    name: 'params that are a number',
    input: jsonRpc({ id: 7, method: 'echo', params: 0 }),
    code: -32600,
    id: 7,
  },
  {
    name: 'a notification with params that are text',
    input: jsonRpc({ method: 'echo', params: 'a' }),
    code: -32600,
  },
  { name: 'a response without id', input: jsonRpc({ result: 1 }), code: -32600 },
  { name: 'a response whose error is text', input: jsonRpc({ id: 7, error: 'a' }), code: -32600 },
  { name: 'a response without jsonrpc', input: '{"id":7,"result":1}', code: -32600 },
  { name: 'nesting of 201 levels', input: nested(201), code: -32600, id: 7 },
  { name: 'nesting of 20,000 levels', input: nested(20_000), code: -32600, id: 7 },
  { name: 'nesting of objects', input: `${'{"a":'.repeat(201)}1${'}'.repeat(201)}`, code: -32600 },
  { name: '20,000 brackets that are never closed', input: '['.repeat(20_000), code: -32600 },
  { name: 'an unknown method', input: jsonRpc({ id: 7, method: 'nothing' }), code: -32601, id: 7 },
]

const kinds = new Map([
  [-32600, 'invalid_request'],
  [-32700, 'parse_error'],
  [-32601, 'method_not_found'],
])

for (const { name, input, code, id = null } of refused) {
  test(`${name} is answered with ${code}, and the connection lives on`, options, async (t) => {
    const { path } = await startEchoServer(t)
    const peer = await RawPeer.connect(t, path)
    peer.send(frame(input))
    assertRefusal(await peer.receive(), { code, id, kind: kinds.get(code) ?? '' })
    await assertAlive(peer)
  })
}

/** Unusual, but allowed. */
const accepted: readonly {
  readonly name: string
  readonly input: string | Buffer
  readonly id: unknown
}[] = [
  { name: 'nesting of 200 levels', input: frame(nested(200)), id: 7 },
  { name: 'an empty text as id', input: frame(jsonRpc({ id: '', method: 'echo' })), id: '' },
  { name: 'a fractional id', input: frame(jsonRpc({ id: 1.5, method: 'echo' })), id: 1.5 },
  { name: 'a negative id', input: frame(jsonRpc({ id: -1, method: 'echo' })), id: -1 },
  {
    name: 'params that are null',
    input: frame(jsonRpc({ id: 7, method: 'echo', params: null })),
    id: 7,
  },
  {
    name: 'members that nobody knows',
    input: frame(jsonRpc({ id: 7, method: 'echo', x: 1 })),
    id: 7,
  },
  { name: 'U+FFFD in text', input: frame(jsonRpc({ id: '\ufffd', method: 'echo' })), id: '\ufffd' },
  {
    name: '300 brackets inside text',
    input: frame(jsonRpc({ id: 7, method: 'echo', params: ['[{'.repeat(150)] })),
    id: 7,
  },
]

for (const { name, input, id } of accepted) {
  test(`a request with ${name} is served`, options, async (t) => {
    const { path } = await startEchoServer(t)
    const peer = await RawPeer.connect(t, path)
    peer.send(input)
    const answer = await peer.receive()
    assert.equal(answer.error, undefined)
    assert.deepEqual(answer.id, id)
  })
}

const request = '{"jsonrpc":"2.0","id":7,"method":"echo"}'
const headers: readonly { readonly name: string; readonly header: string }[] = [
  { name: 'in lower case', header: `content-length: ${request.length}` },
  { name: 'in upper case', header: `CONTENT-LENGTH: ${request.length}` },
  { name: 'without a space', header: `Content-Length:${request.length}` },
  { name: 'with tabs and spaces', header: `Content-Length:\t ${request.length} ` },
  { name: 'with leading zeros', header: `Content-Length: 000${request.length}` },
  {
    name: 'after a Content-Type',
    header: `Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: ${request.length}`,
  },
  {
    name: 'before a Content-Type with charset utf8',
    header: `Content-Length: ${request.length}\r\ncontent-type: a/b;charset="UTF8"`,
  },
  {
    name: 'among headers that nobody knows',
    header: `X-A: b\r\nContent-Length: ${request.length}\r\nX-Empty:`,
  },
]

for (const { name, header } of headers) {
  test(`a Content-Length ${name} is understood`, options, async (t) => {
    const { path } = await startEchoServer(t)
    const peer = await RawPeer.connect(t, path)
    peer.send(`${header}\r\n\r\n${request}`)
    assert.equal((await peer.receive()).id, 7)
  })
}

test('a header of 8 KiB is taken, and one byte more breaks the framing', options, async (t) => {
  const { path } = await startEchoServer(t)
  const headerOf = (bytes: number): string => {
    const rest = `Content-Length: ${request.length}\r\nX-Pad: \r\n\r\n`
    return rest.replace('X-Pad: ', `X-Pad: ${'x'.repeat(bytes - rest.length)}`)
  }
  for (const bytes of [headerMaxBytes - 1, headerMaxBytes]) {
    const peer = await RawPeer.connect(t, path)
    peer.send(headerOf(bytes) + request)
    assert.equal((await peer.receive()).id, 7)
  }
  const tooLong = await RawPeer.connect(t, path)
  tooLong.send(headerOf(headerMaxBytes + 1) + request)
  assertRefusal((await tooLong.receiveAll())[0], {
    code: -32600,
    id: null,
    kind: 'invalid_request',
  })
})

test(
  'a header without an end is refused at 8 KiB, in one piece or byte by byte',
  options,
  async (t) => {
    const { path } = await startEchoServer(t)
    const header = `X: ${'x'.repeat(headerMaxBytes)}`
    const whole = await RawPeer.connect(t, path)
    whole.send(header)
    assertRefusal((await whole.receiveAll())[0], {
      code: -32600,
      id: null,
      kind: 'invalid_request',
    })
    const slow = await RawPeer.connect(t, path)
    slow.socket.setNoDelay(true)
    for (let at = 0; at < header.length; at += 100) {
      slow.send(header.slice(at, at + 100))
      if (at % 1000 === 0) await new Promise(setImmediate)
    }
    assertRefusal((await slow.receiveAll())[0], { code: -32600, id: null, kind: 'invalid_request' })
  },
)

test(
  'before the handshake a body of 64 KiB is taken, and one byte more breaks the framing',
  options,
  async (t) => {
    const { path } = await startEchoServer(t)
    const peer = await RawPeer.connect(t, path)
    peer.send(frame(echoRequestOfBytes(1, handshakeBodyMaxBytes)))
    assert.equal((await peer.receive()).id, 1)
    peer.send(frame(echoRequestOfBytes(2, handshakeBodyMaxBytes + 1)))
    assertRefusal((await peer.receiveAll())[0], { code: -32600, id: null, kind: 'invalid_request' })
  },
)

test('a declared length over the limit is refused before the body comes', options, async (t) => {
  const { path } = await startEchoServer(t)
  const peer = await RawPeer.connect(t, path)
  peer.send(`Content-Length: ${handshakeBodyMaxBytes + 1}\r\n\r\n`)
  assertRefusal((await peer.receiveAll())[0], { code: -32600, id: null, kind: 'invalid_request' })
})

test(
  'after the handshake a body of 16 MiB is taken, and one byte more breaks the framing',
  options,
  async (t) => {
    const { path } = await startEchoServer(t)
    const peer = await RawPeer.connect(t, path)
    peer.sendMessage({ jsonrpc: '2.0', id: 1, method: 'raise' })
    assert.equal((await peer.receive()).result, true)
    const body = echoRequestOfBytes(2, bodyMaxBytes).replace('"echo"', '"none"')
    peer.send(frame(body))
    assertRefusal(await peer.receive(), { code: -32601, id: 2, kind: 'method_not_found' })
    peer.send(frame(echoRequestOfBytes(3, bodyMaxBytes + 1)))
    assertRefusal((await peer.receiveAll())[0], { code: -32600, id: null, kind: 'invalid_request' })
  },
)

for (const body of ['[', '{"a":', '"', '[[],']) {
  const pieces = Math.floor((bodyMaxBytes - 2) / body.length)
  test(`a 16 MiB body of nothing but ${body} is refused without harm`, options, async (t) => {
    const { path } = await startEchoServer(t, { limits: { handshakeBodyMaxBytes: bodyMaxBytes } })
    const peer = await RawPeer.connect(t, path)
    peer.send(frame(body.repeat(pieces)))
    assert.ok([-32600, -32700].includes((await peer.receive()).error?.code ?? 0))
    await assertAlive(peer)
  })
}

test(
  'a request over 1,024 in flight is answered with overloaded, and those before it are served',
  options,
  async (t) => {
    const server = await startEchoServer(t)
    const peer = await RawPeer.connect(t, server.path)
    for (let id = 1; id <= 1025; id++) peer.sendMessage({ jsonrpc: '2.0', id, method: 'hold' })
    const refusal = await peer.receive()
    assertRefusal(refusal, { code: 42900, id: 1025, kind: 'overloaded' })
    assert.equal(refusal.error?.data?.retryable, true)
    assert.equal(typeof refusal.error?.data?.retryAfterMs, 'number')
    server.release()
    const ids = new Set<unknown>()
    for (let i = 0; i < 1024; i++) ids.add((await peer.receive()).id)
    assert.equal(ids.size, 1024)
    await assertAlive(peer)
  },
)

test(
  'an id of a request in flight is refused, and is free again after the answer',
  options,
  async (t) => {
    const server = await startEchoServer(t)
    const peer = await RawPeer.connect(t, server.path)
    peer.sendMessage({ jsonrpc: '2.0', id: 1, method: 'hold' })
    for (const id of [1, '1']) {
      peer.sendMessage({ jsonrpc: '2.0', id, method: 'echo', params: ['twin'] })
      assertRefusal(await peer.receive(), { code: -32600, id, kind: 'invalid_request' })
    }
    server.release()
    assert.deepEqual(await peer.receive(), { jsonrpc: '2.0', id: 1, result: true })
    peer.sendMessage({ jsonrpc: '2.0', id: 1, method: 'echo' })
    assert.equal((await peer.receive()).id, 1)
  },
)

test(
  'cancellations that name no request are dropped, and those that do reach it',
  options,
  async (t) => {
    const onConnection = (connection: MessageConnection): void => {
      connection.onRequest('wait', (token: CancellationToken) => untilCancelled(token))
    }
    const { path, log } = await startEchoServer(t, { onConnection })
    const peer = await RawPeer.connect(t, path)
    for (const params of [undefined, null, {}, [], { id: null }, { id: {} }]) {
      peer.sendMessage({ jsonrpc: '2.0', method: '$/cancelRequest', params })
    }
    await assertAlive(peer)
    peer.sendMessage({ jsonrpc: '2.0', id: 5, method: 'wait' })
    peer.sendMessage({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 5 } })
    assert.deepEqual(await peer.receive(), { jsonrpc: '2.0', id: 5, result: 'cancelled' })
    assert.deepEqual(log, [])
  },
)

test('a peer that ends its input still gets the answers to what it asked', options, async (t) => {
  const server = await startEchoServer(t)
  const peer = await RawPeer.connect(t, server.path)
  peer.sendMessage({ jsonrpc: '2.0', id: 1, method: 'hold' })
  peer.socket.end(frame('{"jsonrpc":"2.0","id":2,"method":"echo","params":["last"]}'))
  assert.deepEqual((await peer.receive()).result, 'last')
  server.release()
  assert.deepEqual(await peer.receiveAll(), [{ jsonrpc: '2.0', id: 1, result: true }])
})

function assertRefusal(
  answer: WireMessage | undefined,
  expected: { readonly code: number; readonly id: unknown; readonly kind: string },
): void {
  assert.equal(answer?.jsonrpc, '2.0')
  assert.equal(answer?.error?.code, expected.code)
  assert.deepEqual(answer?.id, expected.id)
  assert.equal(answer?.error?.data?.kind, expected.kind)
  assert.equal(typeof answer?.error?.data?.retryable, 'boolean')
}

/** A token that was cancelled before anybody asked for it never fires. */
async function untilCancelled(token: CancellationToken): Promise<string> {
  if (!token.isCancellationRequested) {
    await new Promise((resolve) => token.onCancellationRequested(resolve))
  }
  return 'cancelled'
}

/** Asks a question that must be answered, and be the next to be. */
async function assertAlive(peer: RawPeer): Promise<void> {
  peer.sendMessage({ jsonrpc: '2.0', id: 'alive', method: 'echo', params: { x: 1 } })
  assert.deepEqual(await peer.receive(), { jsonrpc: '2.0', id: 'alive', result: { x: 1 } })
}
