import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../sdk/client/connect.ts'
import {
  CancelledError,
  DisconnectedError,
  InvalidRequestError,
  TimeoutError,
  UnauthenticatedError,
} from '../../sdk/client/typed-errors.ts'
import { text } from '../../sdk/field.ts'
import { CreateRecord, GetRecord } from '../../sdk/protocol/records.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { testPlace } from '../support/daemon.ts'
import { ScriptedDaemon, scriptedError } from '../support/scripted-daemon.ts'
import { scriptedClient, until } from '../support/sdk-client.ts'

const client = { name: 'test', version: '1', kind: 'script' } as const
const Note = defineRecordType('Note', { fields: { title: text() } })

test('the handshake says who the client is, where it works, and which session it is', async (t) => {
  const daemon = new ScriptedDaemon()
  const connected = await scriptedClient(t, daemon, {
    client,
    cwd: process.cwd(),
    token: 'secret',
    claims: { agent: 'a' },
    narrow: { scopes: ['read'] },
  })
  const hello = daemon.requests[0]?.params
  assert.deepEqual(hello?.client, client)
  assert.deepEqual(hello?.protocol, { min: 1, max: 1 })
  assert.equal(hello?.token, 'secret')
  assert.deepEqual(hello?.claims, { agent: 'a' })
  assert.deepEqual(hello?.narrow, { scopes: ['read'] })
  assert.match(String(hello?.sessionId), /^[0-9a-f-]{36}$/)
  assert.equal(typeof (hello?.workspace as { root?: unknown } | undefined)?.root, 'string')
  assert.equal(connected.server.epoch, 'epoch1')
  assert.equal(connected.connected, true)
})

test('a new connection of the same client is the same session', async (t) => {
  const daemon = new ScriptedDaemon()
  const connected = await scriptedClient(t, daemon)
  daemon.drop()
  await assert.rejects(connected.request(GetRecord, { type: 'Note', id: 'a' }))
  const sessions = daemon.requests
    .filter(({ method }) => method === 'initialize')
    .map(({ params }) => params.sessionId)
  assert.equal(sessions.length, 2)
  assert.equal(sessions[0], sessions[1])
})

test('a client that nobody asks for anything does not connect again by itself', async (t) => {
  const daemon = new ScriptedDaemon()
  const connected = await scriptedClient(t, daemon)
  daemon.drop()
  await until(() => !connected.connected)
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(daemon.connectionCount, 0)
})

test('a refused handshake is told as it came, and not tried again', async () => {
  const daemon = new ScriptedDaemon()
  daemon.handle('initialize', () => {
    throw scriptedError('unauthenticated', {})
  })
  await assert.rejects(connect({ client, transport: daemon.dial }), UnauthenticatedError)
  assert.equal(daemon.count('initialize'), 1)
  await until(() => daemon.connectionCount === 0)
})

test('a refusal on a new connection ends what waits for it', async (t) => {
  const daemon = new ScriptedDaemon()
  const connected = await scriptedClient(t, daemon)
  daemon.handle('initialize', () => {
    throw scriptedError('unauthenticated', {})
  })
  daemon.drop()
  await until(() => !connected.connected)
  const write = connected.request(CreateRecord, { type: 'Note', data: {} })
  await assert.rejects(write, UnauthenticatedError)
})

test('a daemon that does not answer the handshake times out', async () => {
  const daemon = new ScriptedDaemon()
  daemon.handle('initialize', () => new Promise(() => {}))
  const connecting = connect({ client, transport: daemon.dial, timeoutMs: 30 })
  await assert.rejects(connecting, (error) => {
    return error instanceof TimeoutError || error instanceof DisconnectedError
  })
})

test('connecting can be given up, before and while it happens', async () => {
  const daemon = new ScriptedDaemon()
  daemon.handle('initialize', () => new Promise(() => {}))
  const signal = AbortSignal.abort('no')
  await assert.rejects(connect({ client, transport: daemon.dial, signal }), CancelledError)
  const controller = new AbortController()
  const connecting = connect({ client, transport: daemon.dial, signal: controller.signal })
  await daemon.arrival('initialize')
  controller.abort('no')
  await assert.rejects(connecting, (error) => {
    return error instanceof CancelledError && error.cause === 'no'
  })
})

test('a single transport is used once; afterwards the client is disconnected', async (t) => {
  const daemon = new ScriptedDaemon()
  const connected = await connect({ client, transport: await daemon.dial() })
  t.after(() => connected.close())
  daemon.drop()
  await until(() => !connected.connected)
  const read = connected.request(GetRecord, { type: 'Note', id: 'a' })
  await assert.rejects(read, DisconnectedError)
  assert.equal(daemon.count('initialize'), 1)
})

test('a client that only joins says at once that nobody is there', async (t) => {
  const { location, env } = testPlace(t)
  const joining = connect({ client, store: location.directory, env, daemon: 'join-only' })
  await assert.rejects(joining, DisconnectedError)
})

test('in process needs somebody who makes the daemon', async () => {
  const connecting = connect({ client, store: '/tmp/nowhere', daemon: 'in-process' })
  await assert.rejects(connecting, InvalidRequestError)
})

test('record types that are named are defined before the client is given out', async (t) => {
  const daemon = new ScriptedDaemon()
  await scriptedClient(t, daemon, { types: [Note] })
  assert.deepEqual([...daemon.types.keys()], ['Note'])
})
