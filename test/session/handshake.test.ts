import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initializeResult } from '../../sdk/protocol/handshake.ts'
import { startDaemon } from '../support/daemon.ts'

test('the handshake tells who is who, where the log stands, and what is allowed', async (t) => {
  const { dial, daemon } = await startDaemon(t)
  const { client } = dial()
  const result = await client.initialize({ unknownMember: 1 })
  assert.ok(initializeResult.safeParse(result).success)
  assert.equal(result.protocol, 1)
  assert.equal(result.principal, 'owner')
  assert.equal(result.instanceId, daemon.instanceId)
  assert.equal(result.token, daemon.status().token)
  assert.ok(result.scopes.includes('admin'))
  assert.equal(result.limits.bodyMaxBytes, 16 * 1024 * 1024)
})

test('before it every request but initialize is refused, known or not', async (t) => {
  const { client } = (await startDaemon(t)).dial()
  for (const method of ['record/get', 'daemon/status', 'rpc.discover', 'shutdown', 'no/such']) {
    const error = await client.refused(method, {})
    assert.equal(error.code, 40101)
    assert.equal(error.data.kind, 'not_initialized')
  }
  assert.equal((await client.initialize()).protocol, 1)
})

test('a second initialize is refused and changes nothing', async (t) => {
  const client = await (await startDaemon(t)).connect({ narrow: { scopes: ['read'] } })
  const error = await client.refused('initialize', {})
  assert.equal(error.code, 40000)
  assert.equal(error.data.kind, 'invalid_request')
  assert.equal((await client.refused('record/create', note)).code, 40300)
})

test('a client of another protocol is told which versions are spoken', async (t) => {
  const { client } = (await startDaemon(t)).dial()
  const error = await client.refused('initialize', { protocol: { min: 2, max: 7 } })
  assert.equal(error.code, 42600)
  assert.equal(error.data.kind, 'protocol_unsupported')
  assert.deepEqual(error.data.supported, { min: 1, max: 1 })
  assert.equal((await client.initialize({ protocol: { min: 0, max: 9 } })).protocol, 1)
})

test('a connection without a handshake is closed in time', async (t) => {
  const { client } = (await startDaemon(t, { limits: { handshakeMaxMs: 50 } })).dial()
  await client.closed
})

test('a connection that shook hands in time stays', async (t) => {
  const { connect } = await startDaemon(t, { limits: { handshakeMaxMs: 200 } })
  const client = await connect()
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.equal((await client.call('daemon/status')).connections.length, 1)
})

test('bodies are short before the handshake and long after it', async (t) => {
  const { dial } = await startDaemon(t)
  const early = dial().client
  early.send('initialize', { sessionId: 'x'.repeat(70_000) })
  const refusal = await early.first(({ id }) => id === null)
  assert.equal(refusal.error?.code, -32600)
  await early.closed
  const late = dial().client
  await late.initialize()
  const created = await late.call('record/create', {
    type: 'Note',
    data: { title: 'long', extra: { x: 'x'.repeat(200_000) } },
  })
  assert.equal(created.version, 1)
})

test('an LSP client needs no adapter', async (t) => {
  const { client } = (await startDaemon(t)).dial()
  const result = await client.call('initialize', {
    processId: process.pid,
    clientInfo: { name: 'Neovim', version: '0.10.0' },
    rootUri: null,
    workspaceFolders: null,
    capabilities: { textDocument: {} },
    trace: 'off',
  })
  assert.equal(result.serverInfo.name, 'orion')
  assert.equal(result.capabilities.textDocumentSync, 0)
  const { commands } = result.capabilities.executeCommandProvider
  assert.ok(commands.includes('orion.record/get'))
  client.notify('initialized', {})
  client.notify('textDocument/didOpen', { textDocument: {} })
  client.notify('workspace/didChangeConfiguration', {})
  client.notify('$/whatever')
  const created = await client.call('workspace/executeCommand', {
    command: 'orion.record/create',
    arguments: [note],
  })
  assert.equal(created.version, 1)
  const [connection] = (await client.call('daemon/status')).connections
  assert.equal(connection.client, 'Neovim/0.10.0')
  assert.equal(connection.kind, 'editor')
})

test('commands are the methods that were listed, with their own checks', async (t) => {
  const client = await (await startDaemon(t)).connect({ narrow: { scopes: ['read'] } })
  const run = (command: string, ...args: unknown[]) =>
    client.refused('workspace/executeCommand', { command, arguments: args })
  assert.equal((await run('orion.record/create', note)).code, 40300)
  assert.equal((await run('orion.record/get', { type: 1 })).code, -32602)
  assert.equal((await run('orion.initialize', {})).code, 40000)
  assert.equal((await run('orion.workspace/executeCommand', {})).code, 40000)
  assert.equal((await run('record/get', {})).code, 40000)
  assert.equal((await run('orion.record/get', {}, {})).code, 40000)
})

test('narrow lessens what a connection may do and names it', async (t) => {
  const { connect, dial } = await startDaemon(t)
  const agent = await connect({
    narrow: { principal: 'agent:claude', scopes: ['read', 'write'] },
    claims: { agent: 'claude', model: 'm1' },
  })
  await agent.call('subscription/open', { patterns: ['Note.*'] })
  await agent.call('record/create', note)
  await agent.until(() => agent.events().length === 1)
  const [event] = agent.events()
  assert.deepEqual(event.actor, {
    principal: 'agent:claude',
    client: 'test/1',
    scopes: ['read', 'write'],
    claims: { agent: 'claude', model: 'm1' },
  })
  const refused = await agent.refused('daemon/shutdown')
  assert.equal(refused.code, 40300)
  assert.equal(refused.data.needs, 'admin')
  const { client } = dial()
  assert.equal((await client.refused('initialize', { narrow: { scopes: ['root'] } })).code, -32602)
})

test('claims and narrow never give more', async (t) => {
  const { connect } = await startDaemon(t)
  const reader = await connect({ narrow: { scopes: ['read'] }, claims: { agent: 'admin' } })
  for (const method of ['record/create', 'record/purge', 'record/import', 'daemon/backup']) {
    const error = await reader.refused(method, { type: 'Note', id: 'a', data: {}, records: [{}] })
    assert.ok(error.code === 40300 || error.code === -32602, `${method}: ${error.code}`)
  }
})

test('a token is refused as long as nobody gives any', async (t) => {
  const { client } = (await startDaemon(t)).dial()
  const error = await client.refused('initialize', { token: 'guess' })
  assert.equal(error.code, 40100)
  assert.equal(error.data.kind, 'unauthenticated')
})

test('a session id that comes again closes the connection that had it', async (t) => {
  const { connect } = await startDaemon(t)
  const first = await connect({ sessionId: 'one' })
  const other = await connect({ sessionId: 'two' })
  const second = await connect({ sessionId: 'one' })
  await first.closed
  assert.equal((await second.call('daemon/status')).connections.length, 2)
  await other.call('daemon/status')
})

test('after shutdown only exit is expected, and exit closes', async (t) => {
  const { connect } = await startDaemon(t)
  const leaving = await connect()
  const staying = await connect()
  await leaving.call('subscription/open', { patterns: ['Note.*'] })
  assert.equal(await leaving.call('shutdown'), null)
  assert.equal((await leaving.refused('record/create', note)).code, 40000)
  await staying.call('record/create', note)
  assert.equal(leaving.events().length, 0)
  leaving.notify('exit')
  await leaving.closed
  assert.equal((await staying.call('daemon/status')).connections.length, 1)
})

test('the trace of a connection is sent while it is on', async (t) => {
  const client = await (await startDaemon(t)).connect()
  client.notify('$/setTrace', { value: 'nonsense' })
  client.notify('$/setTrace', { value: 'messages' })
  await client.call('record/create', note)
  client.notify('$/setTrace', { value: 'off' })
  await client.call('record/create', note)
  assert.deepEqual(
    client.notifications('$/logTrace').map(({ params }) => params.message),
    ['received record/create', 'answered record/create'],
  )
})

const note = { type: 'Note', data: { title: 'a' } }
