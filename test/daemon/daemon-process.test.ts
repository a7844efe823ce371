import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { locateRuntime } from '../../sdk/launch/runtime-directory.ts'
import { prepareStore } from '../../sdk/launch/store-location.ts'
import { stdioTransport } from '../../sdk/transport/stdio.ts'
import { type DaemonProcess, spawnServe, startDaemonProcess, testPlace } from '../support/daemon.ts'
import { WireClient } from '../support/wire-client.ts'

const note = { type: 'OrionInsight', data: { summary: 'a', domain: 'build' } }

function runtimeOf({ location }: Pick<DaemonProcess, 'location'>) {
  const env = { ORION_RUNTIME_DIR: join(location.directory, '..', 'run') }
  return locateRuntime({ storeDirectory: location.directory, env })
}

test('two clients on one socket write, see each other, and one is told why it lost', async (t) => {
  const daemon = await startDaemonProcess(t)
  const [editor, agent] = [await daemon.connect(), await daemon.connect()]
  await editor.call('subscription/open', { patterns: ['OrionInsight.*'] })
  const { id } = await agent.call('record/create', note)
  await editor.until(() => editor.events().length === 1)
  const change = { type: 'OrionInsight', id, expectedVersion: 1 }
  await editor.call('record/update', { ...change, set: { summary: 'b' } })
  const lost = await agent.refused('record/update', { ...change, set: { summary: 'c' } })
  assert.equal(lost.code, 40900)
  assert.equal(lost.data.current.data.summary, 'b')
  assert.deepEqual(lost.data.changedFields, ['summary'])
})

function frame(message: object): string {
  const body = JSON.stringify(message)
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} drains: answers, bookmarks, says why, and leaves nothing behind`, async (t) => {
    const daemon = await startDaemonProcess(t)
    const client = await daemon.connect()
    await client.call('subscription/open', { patterns: ['OrionInsight.*'] })
    const writes = Array.from({ length: 50 }, () => client.send('record/create', note))
    await client.answer(writes[0] ?? 0)
    daemon.kill(signal)
    await client.closed
    assert.equal(await daemon.exited, 0)
    const answered = writes.map((id) => client.received.find((message) => message.id === id))
    for (const answer of answered) {
      const fine = answer?.result !== undefined || answer?.error?.data.kind === 'draining'
      assert.ok(fine, JSON.stringify(answer))
    }
    const notifications = client.received.filter(({ method }) => method !== undefined)
    assert.deepEqual(
      notifications.slice(-2).map(({ method }) => method),
      ['subscription/bookmark', 'subscription/closed'],
    )
    assert.equal(notifications.at(-1)?.params.reason, 'shutdown')
    assert.equal(existsSync(daemon.socketPath), false)
    assert.equal(existsSync(runtimeOf(daemon).discoveryPath), false)
    const next = await startDaemonProcess(t, { location: daemon.location })
    const { records } = await (await next.connect()).call('record/list', { type: 'OrionInsight' })
    assert.equal(records.length, answered.filter((answer) => answer?.result !== undefined).length)
  })
}

test('daemon/shutdown is answered, then the daemon ends', async (t) => {
  const daemon = await startDaemonProcess(t)
  const client = await daemon.connect()
  assert.equal(await client.call('daemon/shutdown'), null)
  await client.closed
  assert.equal(await daemon.exited, 0)
})

test('a client that does not read can not hold up the end', async (t) => {
  const daemon = await startDaemonProcess(t, { env: { ORION_LIMIT_DRAIN_MAX_MS: '300' } })
  const stuck = connect(daemon.socketPath) // Nobody listens to its data, so it reads nothing.
  t.after(() => stuck.destroy())
  stuck.write(frame({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }))
  const params = { patterns: ['*'] }
  stuck.write(frame({ jsonrpc: '2.0', id: 2, method: 'subscription/open', params }))
  const writer = await daemon.connect()
  const data = { summary: 'x'.repeat(50_000), domain: 'build' }
  for (let i = 0; i < 40; i++) await writer.call('record/create', { type: 'OrionInsight', data })
  const { connections } = await writer.call('daemon/status')
  assert.ok(connections[0].subscriptions[0].behind > 0)
  daemon.kill('SIGTERM')
  assert.equal(await daemon.exited, 0)
})

test('after kill -9 the next daemon has every answered write', async (t) => {
  const daemon = await startDaemonProcess(t)
  const client = await daemon.connect()
  const writes = Array.from({ length: 200 }, () => client.send('record/create', note))
  await client.answer(writes[20] ?? 0)
  daemon.kill('SIGKILL')
  await client.closed
  const answered = client.received.filter(({ result }) => result?.version === 1)
  const next = await startDaemonProcess(t, { location: daemon.location })
  const again = await next.connect()
  for (const { result } of answered) {
    const { type, id } = result
    assert.equal((await again.call('record/get', { type, id })).version, 1)
  }
  assert.ok(answered.length > 20)
})

test('without connection or work the daemon ends by itself, and not before', async (t) => {
  const daemon = await startDaemonProcess(t, { args: ['--idle-exit-ms', '400'] })
  const client = await daemon.connect()
  await new Promise((resolve) => setTimeout(resolve, 900))
  const { aliveBecause } = await client.call('daemon/status')
  assert.match(aliveBecause[0], /1 connection/)
  await client.close()
  assert.equal(await daemon.exited, 0)
})

test('a second daemon for the store says who has it, and the first one serves on', async (t) => {
  const daemon = await startDaemonProcess(t)
  const second = spawnServe(t, daemon.location, {})
  assert.equal(await second.exited, 6)
  assert.match(second.stderr(), /owns it/)
  assert.match(second.stderr(), /what to do: /)
  assert.equal((await (await daemon.connect()).call('daemon/status')).pid, daemon.pid)
})

test('a body over the limit closes its connection alone', async (t) => {
  const daemon = await startDaemonProcess(t, { env: { ORION_LIMIT_BODY_MAX_BYTES: '100000' } })
  const bystander = await daemon.connect()
  const client = await daemon.connect()
  const data = { summary: 'x'.repeat(200_000), domain: 'build' }
  client.send('record/create', { type: 'OrionInsight', data })
  await client.closed
  assert.equal(client.received.at(-1)?.error?.code, -32600)
  assert.equal((await bystander.call('record/list', { type: 'OrionInsight' })).records.length, 0)
})

test('connections over the cap are turned away, those that stand are served', async (t) => {
  const daemon = await startDaemonProcess(t, { env: { ORION_LIMIT_CONNECTIONS_MAX: '2' } })
  const first = await daemon.connect()
  const second = await daemon.connect()
  const third = await daemon.dial()
  await third.closed
  await first.call('daemon/status')
  await second.close()
  await first.call('daemon/status')
})

const failures: readonly (readonly [name: string, file: string, content: string, says: RegExp])[] =
  [
    ['a configuration that is no JSON', 'config.json', '{', /config\.json .*JSON/],
    ['a setting that nobody knows', 'config.json', '{"limits":{"idleExitMS":1}}', /idleExitMs/],
  ]

for (const [name, file, content, says] of failures) {
  test(`${name} stops the start with the reason and the remedy`, async (t) => {
    const { location, env } = testPlace(t)
    prepareStore(location)
    writeFileSync(join(location.directory, file), content)
    const child = spawnServe(t, location, { env })
    assert.equal(await child.exited, 6)
    assert.match(child.stderr(), says)
    assert.equal(readFileSync(join(location.directory, file), 'utf8'), content)
  })
}

test('a store file that is not SQLite is left alone, and the daemon tells whoever asks what to do', async (t) => {
  const { location } = testPlace(t)
  prepareStore(location)
  const path = join(location.directory, 'store.sqlite')
  writeFileSync(path, 'hello, this is no database. '.repeat(400))
  const client = await (await startDaemonProcess(t, { location })).connect()
  const refused = await client.refused('record/get', { type: 'Note', id: 'a' })
  assert.equal(refused.data.kind, 'storage_failed')
  assert.match(refused.data.remedy, /orion doctor --repair|orion backup restore/)
  assert.equal((await client.call('daemon/status')).store.state === 'ready', false)
  assert.equal(readFileSync(path, 'utf8'), 'hello, this is no database. '.repeat(400))
})

test('a wrong command line is told apart from a failed start', async (t) => {
  const { location, env } = testPlace(t)
  const child = spawnServe(t, location, { env, args: ['--idle-exit-ms', 'soon'] })
  assert.equal(await child.exited, 2)
  assert.match(child.stderr(), /--idle-exit-ms: expected a whole number, got soon/)
})

function serveStdio(t: TestContext) {
  const { location, env } = testPlace(t)
  const child = spawnServe(t, location, { env, args: ['--stdio'] })
  const transport = stdioTransport({
    side: 'client',
    streams: { input: child.stdout, output: child.stdin },
  })
  const client = new WireClient(transport)
  t.after(() => client.close())
  return { location, env, child, client }
}

test('on stdio the daemon serves one client, and ends when that one does', async (t) => {
  const { child, client, env, location } = serveStdio(t)
  await client.initialize()
  await client.call('record/create', note)
  assert.equal((await client.call('daemon/status')).mode, 'in-process')
  const runtime = locateRuntime({ storeDirectory: location.directory, env })
  assert.equal(existsSync(runtime.discoveryPath), false)
  await client.close()
  assert.equal(await child.exited, 0)
})

test('on stdio, exit ends the connection and the process', async (t) => {
  const { child, client } = serveStdio(t)
  await client.initialize()
  assert.equal(await client.call('shutdown'), null)
  client.notify('exit')
  assert.equal(await child.exited, 0)
})

test('on stdio the daemon ends when the process of its client is gone', async (t) => {
  const { child, client } = serveStdio(t)
  const gone = spawnServe(t, testPlace(t).location, { args: ['--no-such-option'] })
  await gone.exited
  await client.call('initialize', { processId: gone.pid, clientInfo: { name: 'editor' } })
  assert.equal(await child.exited, 0)
})
