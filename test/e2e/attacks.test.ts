/** What a hostile peer does to a real daemon, while somebody else wants to be served. */
import assert from 'node:assert/strict'
import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect } from '../../sdk/index.ts'
import { type DaemonProcess, startDaemonProcess } from '../support/daemon.ts'
import type { WireClient } from '../support/wire-client.ts'
import { frame, RawPeer } from '../transport/raw-peer.ts'

const hello = { protocol: { min: 1, max: 1 }, client: { name: 'hostile', kind: 'other' } }
const message = (method: string, params: object, id?: number): Buffer =>
  frame(JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params }))
const insight = { type: 'OrionInsight', data: { summary: 'a', domain: 'build' } }

/** A write and a read by somebody who has nothing to do with it. */
async function assertServed(client: WireClient): Promise<void> {
  const { id } = await client.call('record/create', insight)
  assert.equal((await client.call('record/get', { type: insight.type, id })).version, 1)
}

async function greeted(t: TestContext, { socketPath }: DaemonProcess): Promise<RawPeer> {
  const peer = await RawPeer.connect(t, socketPath)
  peer.send(message('initialize', hello, 1))
  await peer.receive()
  return peer
}

test('who sends a byte now and then is cut off before the handshake, and holds nobody up after it', async (t) => {
  const daemon = await startDaemonProcess(t, { env: { ORION_LIMIT_HANDSHAKE_MAX_MS: '3000' } })
  const client = await daemon.connect()
  const slow = await RawPeer.connect(t, daemon.socketPath)
  const patient = await greeted(t, daemon)
  const header = Buffer.from('Content-Length: 60000\r\n\r\n')
  let sent = 0
  const timer = setInterval(() => {
    for (const { socket } of [slow, patient]) {
      if (socket.writable)
        socket.write(sent < header.length ? header.subarray(sent, sent + 1) : 'x')
    }
    sent++
  }, 20)
  t.after(() => clearInterval(timer))
  await slow.closed
  await assertServed(client)
  assert.ok(patient.socket.writable, 'one that shook hands may be as slow as it likes')
})

test('connections that say nothing keep nobody out', async (t) => {
  const env = { ORION_LIMIT_CONNECTIONS_MAX: '8', ORION_LIMIT_HANDSHAKE_MAX_MS: '60000' }
  const daemon = await startDaemonProcess(t, { env })
  const first = await daemon.connect()
  for (let round = 0; round < 5; round++) {
    for (let opened = 0; opened < 20; opened++) await RawPeer.connect(t, daemon.socketPath)
    const late = await daemon.connect()
    await assertServed(late)
    await late.close()
  }
  await assertServed(first)
})

test('who never reads its answers costs the daemon little, and nobody waits for it', async (t) => {
  const daemon = await startDaemonProcess(t)
  const client = await daemon.connect()
  const data = { ...insight.data, summary: 'x'.repeat(500_000) }
  const { id } = await client.call('record/create', { ...insight, data })
  const memory = async () => (await client.call('daemon/status')).memoryBytes
  const before = await memory()
  const deaf = await greeted(t, daemon)
  deaf.socket.pause()
  for (let asked = 2; asked < 1000; asked++) {
    deaf.send(message('record/get', { type: insight.type, id }, asked))
  }
  for (let served = 0; served < 20; served++) await assertServed(client)
  const grown = (await memory()) - before
  // All the answers together would be half a gigabyte.
  assert.ok(grown < 200 * 1024 * 1024, `${grown} bytes`)
})

test('a flood of cancellations, and subscriptions opened and closed without end, leave nothing', async (t) => {
  const daemon = await startDaemonProcess(t)
  const client = await daemon.connect()
  const flood = await greeted(t, daemon)
  const cancel = message('$/cancelRequest', { id: 77 })
  for (let count = 0; count < 50; count++) flood.send(Buffer.concat(Array(1000).fill(cancel)))
  const busy = await daemon.connect()
  for (let count = 0; count < 500; count++) {
    const opened = busy.send('subscription/open', {
      patterns: ['OrionInsight.*'],
      from: 'snapshot',
    })
    const { result } = await busy.answer(opened)
    await busy.call('subscription/close', { subscriptionId: result.subscriptionId })
  }
  await assertServed(client)
  const { connections } = await client.call('daemon/status')
  for (const { subscriptions } of connections) assert.deepEqual(subscriptions, [])
  flood.send(message('type/list', {}, 5))
  assert.ok((await flood.receive()).result)
})

test('a client’s name can write no line of its own into the log, nor control a terminal', async (t) => {
  const daemon = await startDaemonProcess(t, { env: { ORION_LOG: 'debug' } })
  const client = await daemon.connect()
  const name = 'evil"}\n{"level":"error","msg":"forged"}\u001b[2J\u202e'
  const peer = await RawPeer.connect(t, daemon.socketPath)
  peer.send(message('initialize', { ...hello, client: { name, kind: 'other' } }, 1))
  await peer.receive()
  peer.send(message(`no/such\n${name}`, { name }))
  peer.send(message(`no/such\n${name}`, { name }, 2))
  await peer.receive()
  await client.call('daemon/status')
  const lines = daemon
    .stderr()
    .split('\n')
    .filter((line) => line !== '')
  for (const line of lines) assert.notEqual(JSON.parse(line).msg, 'forged')
  assert.equal(daemon.stderr().includes('\u001b'), false)
})

test('a backup can be put over nothing that is the store’s, and not where it makes no sense', async (t) => {
  const daemon = await startDaemonProcess(t)
  const client = await daemon.connect()
  await assertServed(client)
  const { databasePath, directory } = daemon.location
  const link = join(directory, '..', 'link.sqlite')
  symlinkSync(databasePath, link)
  const before = lstatSync(databasePath).ino
  const odd = [
    databasePath,
    `${databasePath}-wal`,
    directory,
    '/proc/self/mem',
    '/dev/null/x',
    '',
    '\0',
  ]
  for (const path of [...odd, join(directory, '..', 'store', '..', 'store', 'store.sqlite')]) {
    const error = await client.refused('daemon/backup', { path })
    assert.notEqual(error.code, 50_000, `${path}: ${error.message}`)
  }
  await client.answer(client.send('daemon/backup', { path: link }))
  assert.equal(lstatSync(databasePath).ino, before, 'the store is the file that it was')
  await assertServed(client)
})

/** What somebody else could do to the place where clients look for the daemon. */
const ruses: readonly (readonly [name: string, set: (runtime: string) => void])[] = [
  ['lets everybody in', (runtime) => chmodSync(runtime, 0o777)],
  [
    'is a link to another',
    (runtime) => {
      renameSync(runtime, `${runtime}.real`)
      symlinkSync(`${runtime}.real`, runtime)
    },
  ],
  [
    'was made by another user first',
    (runtime) => {
      renameSync(runtime, `${runtime}.real`)
      mkdirSync(runtime, 0o700)
      if (process.getuid?.() === 0) chownSync(runtime, 12_345, 12_345)
      else chmodSync(runtime, 0o755)
    },
  ],
]

for (const [name, set] of ruses) {
  test(`no client trusts what listens in a run-time directory that ${name}`, async (t) => {
    const daemon = await startDaemonProcess(t)
    set(dirname(dirname(daemon.socketPath)))
    const place = { store: daemon.location.directory, env: { ...daemon.env } }
    const joining = connect({
      ...place,
      daemon: 'join-only',
      client: { name: 'victim' },
      timeoutMs: 5000,
    })
    await assert.rejects(joining, (error: Error) => {
      t.diagnostic(error.message)
      return true
    })
  })
}
