/** The WebSocket listener: who gets in, who does not, and what is said over it. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { parseAccessToken } from '../../sdk/access-token.ts'
import { connect } from '../../sdk/client/connect.ts'
import { readDiscovery } from '../../sdk/launch/discovery-file.ts'
import { locateRuntime } from '../../sdk/launch/runtime-directory.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { Note } from '../support/store.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const page = 'https://tool.example.org'

/** A daemon that listens, its owner, and a token. */
async function listening(
  t: TestContext,
  options: Parameters<typeof startDaemon>[1] & { readonly websocket?: object } = {},
): Promise<TestDaemon & { url: string; host: string; owner: WireClient; made: Parsed }> {
  const websocket = { address: '127.0.0.1:0', origins: [page], ...options.websocket }
  const place = await startDaemon(t, {
    ...options,
    socket: true,
    settings: { websocket },
    limits: { wrongTokenDelayMs: 1, ...options.limits },
  })
  const owner = await place.connect()
  const made = await owner.call('token/create', { name: 'agent:web', scopes: ['read', 'write'] })
  const { websocket: url } = await owner.call('daemon/status')
  return { ...place, url, host: new URL(url).host, owner, made }
}

test('a client of the SDK works over a WebSocket as over a socket', async (t) => {
  const { url, made } = await listening(t)
  const client = await connect({ client: { name: 'web' }, url, token: made.token })
  t.after(() => client.close())
  assert.equal(client.server.principal, 'agent:web')
  const notes = client.repository(Note)
  const seen: string[] = []
  const both = new Promise<void>((resolve) => {
    void client.on('Note.*', ({ topic }) => {
      seen.push(topic)
      if (seen.length === 2) resolve()
    })
  })
  const { id } = await notes.create({ title: 'a'.repeat(100) })
  await notes.update(id, (record) => ({ set: { count: record.data.count + 1 } }))
  await both
  assert.deepEqual(seen, ['Note.created', 'Note.updated'])
  assert.equal((await notes.get(id)).createdBy, 'agent:web')
})

test('the address stands in the status and in the discovery file', async (t) => {
  const { url, location, env } = await listening(t)
  assert.match(url, /^ws:\/\/127\.0\.0\.1:\d+$/)
  const { discoveryPath } = locateRuntime({ storeDirectory: location.directory, env })
  assert.equal(readDiscovery(discoveryPath)?.websocket, url)
})

interface Knock {
  readonly what: string
  readonly status: number
  /** Given the daemon's own host and a good token. */
  readonly headers: (host: string, token: string) => { [name: string]: string | string[] }
  readonly path?: (token: string) => string
}

const good = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
const knocks: readonly Knock[] = [
  {
    what: 'its host and a token',
    status: 101,
    headers: (host, token) => ({ host, ...good(token) }),
  },
  {
    what: 'an origin that is let in',
    status: 101,
    headers: (host, token) => ({ host, origin: page, ...good(token) }),
  },
  {
    what: 'the token as a subprotocol',
    status: 101,
    headers: (host, token) => ({
      host,
      'sec-websocket-protocol': `orion.v1, orion.token.${token}`,
    }),
  },
  { what: 'no token', status: 401, headers: (host) => ({ host }) },
  { what: 'a wrong token', status: 401, headers: (host) => ({ host, ...good('guess') }) },
  {
    what: 'the token in the address',
    status: 401,
    headers: (host) => ({ host }),
    path: (token) => `/?token=${token}`,
  },
  {
    what: 'two tokens',
    status: 401,
    headers: (host, token) => ({
      host,
      ...good(token),
      'sec-websocket-protocol': `orion.v1, orion.token.${token}`,
    }),
  },
  {
    what: 'another scheme',
    status: 401,
    headers: (host, token) => ({ host, authorization: `Basic ${token}` }),
  },
  { what: 'no origin and no token', status: 401, headers: (host) => ({ host }) },
  ...[
    'null',
    'https://evil.example',
    'http://tool.example.org',
    `${page}.evil.example`,
    `${page}/`,
    page.toUpperCase(),
    'http://127.0.0.1',
  ].map((origin) => ({
    what: `the origin ${origin}`,
    status: 403,
    headers: (host: string, token: string) => ({ host, origin, ...good(token) }),
  })),
  ...[
    'evil.example',
    'localhost',
    '127.0.0.1',
    '127.0.0.1:1',
    '[::1]:80',
    '127.0.0.1.evil.example',
    '',
  ].map((host) => ({
    what: `the host ${JSON.stringify(host)}`,
    status: 403,
    headers: (_: string, token: string) => ({ host, ...good(token) }),
  })),
  {
    what: 'a name of the loopback address',
    status: 403,
    headers: (host, token) => ({ host: host.replace('127.0.0.1', 'localhost'), ...good(token) }),
  },
  {
    what: 'a blank after its host',
    status: 403,
    headers: (host, token) => ({ host: `${host}.`, ...good(token) }),
  },
]
test('the gate lets in exactly whom it should', async (t) => {
  const { host, made } = await listening(t)
  for (const { what, status, headers, path } of knocks) {
    const answer = await knock(host, headers(host, made.token), path?.(made.token))
    assert.equal(answer.status, status, what)
    assert.ok(!answer.text.includes(made.token), what)
  }
})

test('headers that come twice are refused, whichever is right', async (t) => {
  const { host, made } = await listening(t)
  for (const twice of [
    `Host: ${host}\r\nHost: evil.example`,
    `Host: evil.example\r\nHost: ${host}`,
    `Host: ${host}\r\nOrigin: ${page}\r\nOrigin: https://evil.example`,
  ]) {
    const lines = `GET / HTTP/1.1\r\n${twice}\r\nAuthorization: Bearer ${made.token}\r\n`
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
    assert.match(await raw(host, lines + upgrade + key), /^HTTP\/1\.1 4\d\d /)
  }
})

test('a revoked or expired token opens nothing, and a revoked one ends what is open', async (t) => {
  const { host, url, made, owner } = await listening(t, { limits: { handshakeMaxMs: 600_000 } })
  const socket = await openSocket(t, url, made.token)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await owner.call('token/revoke', { id: made.id })
  await closed
  assert.equal((await knock(host, { host, ...good(made.token) })).status, 401)
  const short = await owner.call('token/create', { name: 'b', scopes: ['read'], expiresInMs: 1 })
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal((await knock(host, { host, ...good(short.token) })).status, 401)
})

test('a connection is its token’s: another one in the handshake is refused', async (t) => {
  const { url, made, owner } = await listening(t)
  const other = await owner.call('token/create', { name: 'boss', scopes: ['admin'] })
  const socket = await openSocket(t, url, made.token)
  const hello = (token: string): object => ({ method: 'initialize', params: { token } })
  assert.equal((await exchange(socket, 1, hello(other.token))).error.code, 40100)
  const welcome = await exchange(socket, 2, hello(made.token))
  assert.equal(welcome.result.principal, 'agent:web')
})

test('a message is one of JSON-RPC; what is none is answered, and the connection lives on', async (t) => {
  const { url, made } = await listening(t)
  const socket = await openSocket(t, url, made.token)
  assert.equal((await sayRaw(socket, 'no JSON')).error.code, -32700)
  assert.equal((await sayRaw(socket, '')).error.code, -32700)
  assert.equal((await sayRaw(socket, '[1]')).error.code, -32600)
  assert.equal((await sayRaw(socket, 'Content-Length: 2\r\n\r\n{}')).error.code, -32700)
  const early = await exchange(socket, 1, { method: 'record/list', params: { type: 'Note' } })
  assert.equal(early.error.code, 40101)
  assert.equal((await exchange(socket, 2, { method: 'initialize', params: {} })).error, undefined)
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'type/list' }))
  assert.equal((await sayRaw(socket, bytes)).id, 3)
})

test('a message over the limit costs the connection, before the handshake and after it', async (t) => {
  const { url, made } = await listening(t, {
    limits: { bodyBeforeHandshakeMaxBytes: 1000, bodyMaxBytes: 100_000 },
  })
  const early = await openSocket(t, url, made.token)
  const refused = await sayRaw(early, JSON.stringify({ x: 'x'.repeat(2000) }))
  assert.equal(refused.error.code, -32600)
  const late = await openSocket(t, url, made.token)
  await exchange(late, 1, { method: 'initialize', params: {} })
  const closed = new Promise<number>((resolve) => late.once('close', resolve))
  late.send('x'.repeat(200_000))
  assert.equal(await closed, 1009)
})

test('whoever connects and says nothing, or half of it, is closed in time', async (t) => {
  const { host, url, made } = await listening(t, { limits: { handshakeMaxMs: 200 } })
  await raw(host, '')
  await raw(host, 'GET / HTTP/1.1\r\nHost:')
  const silent = await openSocket(t, url, made.token)
  await new Promise((resolve) => silent.once('close', resolve))
})

test('those who come with a token are let in, however many others say half of it', async (t) => {
  const limits = { connectionsMax: 4, handshakeMaxMs: 120_000 }
  const { host, url, made } = await listening(t, { limits })
  const { hostname, port } = new URL(`http://${host}`)
  for (let i = 0; i < 12; i++) {
    const half = connectTcp(Number(port), hostname)
    t.after(() => half.destroy())
    half.on('error', () => half.destroy())
    await new Promise((resolve) => half.write('GET / HTTP/1.1\r\nHost:', resolve))
  }
  const socket = await openSocket(t, url, made.token)
  const answer = await exchange(socket, 1, { method: 'initialize', params: {} })
  assert.equal(answer.result.principal, 'agent:web')
})

test('a server that can not prove that it knows the token is not shown it', async (t) => {
  const { made, url } = await listening(t)
  const heard: string[] = []
  const impostor = createServer((asked, response) => {
    heard.push(`${asked.url} ${JSON.stringify(asked.rawHeaders)}`)
    // What is asked is passed on to the daemon, under the daemon's own name.
    request(new URL(asked.url ?? '/', url.replace('ws:', 'http:')), (answer) => {
      response.writeHead(answer.statusCode ?? 500)
      answer.pipe(response)
    }).end()
  })
  impostor.on('upgrade', (asked: IncomingMessage, socket) => {
    heard.push(JSON.stringify(asked.rawHeaders))
    socket.destroy()
  })
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve))
  t.after(() => impostor.close())
  const { port } = impostor.address() as AddressInfo
  const wrong = `ws://127.0.0.1:${port}`
  await assert.rejects(connect({ client: { name: 'web' }, url: wrong, token: made.token }), {
    kind: 'unauthenticated',
  })
  const { secret = '' } = parseAccessToken(made.token) ?? {}
  assert.equal(heard.length, 1)
  assert.ok(!heard.join().includes(secret))
})

test('what is refused over HTTP is told as what it is', async (t) => {
  const { url, made, owner } = await listening(t)
  await owner.call('token/revoke', { id: made.id })
  const client = { name: 'web' }
  await assert.rejects(connect({ client, url, token: made.token }), {
    kind: 'unauthenticated',
    message: /revoked/,
  })
  await assert.rejects(connect({ client, url }), { kind: 'unauthenticated' })
  const byName = url.replace('127.0.0.1', 'localhost')
  await assert.rejects(connect({ client, url: byName, token: made.token }), { kind: 'forbidden' })
  for (const odd of ['http://127.0.0.1:1', 'ws://127.0.0.1:1/path', 'nothing']) {
    await assert.rejects(connect({ client, url: odd, token: made.token }), {
      kind: 'invalid_request',
    })
  }
})

const addresses: readonly (readonly [object, RegExp])[] = [
  [{ address: '0.0.0.0:0' }, /this machine alone/],
  [{ address: '[::]:0' }, /this machine alone/],
  [{ address: '192.0.2.1:80' }, /this machine alone/],
  [{ address: '0.0.0.0:0', allowPublic: true }, /hosts/],
  [{ address: 'example.org:80' }, /expected an IP address/],
  [{ address: '127.0.0.1' }, /expected an IP address/],
  [{ address: '127.0.0.1:99999' }, /expected an IP address/],
]
for (const [websocket, message] of addresses) {
  test(`a daemon does not start with ${JSON.stringify(websocket)}`, async (t) => {
    await assert.rejects(startDaemon(t, { socket: true, settings: { websocket } }), { message })
  })
}

/** Asks for a WebSocket with exactly these headers; the answer's status and text. */
function knock(
  host: string,
  headers: { [name: string]: string | string[] },
  path = '/',
): Promise<{ readonly status: number; readonly text: string }> {
  const [hostname, port] = host.split(':')
  return new Promise((resolve, reject) => {
    const asked = request({
      hostname,
      port,
      path,
      setHost: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    asked.once('error', reject)
    asked.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: 101, text: JSON.stringify(response.headers) })
    })
    asked.once('response', (response) => {
      let text = JSON.stringify(response.headers)
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.once('close', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.end()
  })
}

/** Sends bytes and gives what comes until the other side closes. */
function raw(host: string, bytes: string): Promise<string> {
  const [hostname, port] = host.split(':')
  return new Promise((resolve) => {
    let text = ''
    const socket = connectTcp(Number(port), hostname)
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve(text))
    socket.write(bytes)
  })
}

async function openSocket(t: TestContext, url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url, ['orion.v1', `orion.token.${token}`])
  t.after(() => socket.terminate())
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  assert.equal(socket.protocol, 'orion.v1')
  return socket
}

function exchange(socket: WebSocket, id: number, message: object): Promise<Parsed> {
  return sayRaw(socket, JSON.stringify({ jsonrpc: '2.0', id, ...message }))
}

async function sayRaw(socket: WebSocket, text: string | Buffer): Promise<Parsed> {
  const answer = new Promise<string>((resolve) => {
    socket.once('message', (data) => resolve(String(data)))
  })
  socket.send(text)
  return JSON.parse(await answer)
}
