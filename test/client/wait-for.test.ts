import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CancelledError,
  DisconnectedError,
  GoneError,
  InvalidRequestError,
  TimeoutError,
} from '../../sdk/client/typed-errors.ts'
import { text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { ScriptedDaemon, scriptedError } from '../support/scripted-daemon.ts'
import { daemonClient, scriptedClient, until } from '../support/sdk-client.ts'

const Job = defineRecordType('Job', { fields: { name: text(), state: text() } })

test('the first event of a pattern ends the wait, and its subscription', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const waiting = client.waitFor('Build.*')
  await until(() => daemon.subscriberCount === 1)
  daemon.emit('Other.thing')
  const first = daemon.emit('Build.finished')
  daemon.emit('Build.finished')
  assert.equal((await waiting).seq, first.seq)
  await until(() => daemon.subscriberCount === 0)
})

test('with a token nothing that happened before the wait slips through', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const after = daemon.emit('Build.started').token
  const { seq } = daemon.emit('Build.finished')
  assert.equal((await client.waitFor('Build.*', undefined, { after })).seq, seq)
})

test('a wait goes on over a lost connection, and over events that came meanwhile', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const waiting = client.waitFor('Build.*')
  await until(() => daemon.subscriberCount === 1)
  daemon.unreachable = new Error('nobody there')
  daemon.drop()
  const { seq } = daemon.emit('Build.finished')
  await until(() => !client.connected)
  daemon.unreachable = undefined
  assert.equal((await waiting).seq, seq)
})

test('a wait that runs out of time, is cancelled, or is refused says so, and leaves nothing open', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await assert.rejects(client.waitFor('Build.*', undefined, { timeoutMs: 30 }), TimeoutError)
  const controller = new AbortController()
  const { signal } = controller
  const cancelled = client.waitFor('Build.*', undefined, { signal })
  await until(() => daemon.subscriberCount === 1)
  controller.abort()
  await assert.rejects(cancelled, CancelledError)
  await assert.rejects(client.waitFor('Build.*', undefined, { signal }), CancelledError)
  await until(() => daemon.subscriberCount === 0)
  daemon.handleOnce('subscription/open', () => {
    throw scriptedError('invalid_request', {})
  })
  await assert.rejects(client.waitFor('Nothing.*'), InvalidRequestError)
})

test('the time of a wait runs while nobody is there, too', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.unreachable = new Error('nobody there')
  daemon.drop()
  await assert.rejects(client.waitFor('Build.*', undefined, { timeoutMs: 50 }), TimeoutError)
})

test('a client that closes ends its waits', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const waiting = client.waitFor('Build.*')
  await until(() => daemon.subscriberCount === 1)
  await Promise.all([assert.rejects(waiting, DisconnectedError), client.close()])
})

test('a hole in which the event may have been ends the wait rather than let it hang', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handleOnce('subscription/open', (params, call) => {
    const answer = daemon.usual('subscription/open', params, call) as { subscriptionId: string }
    const { subscriptionId } = answer
    const gap = { reason: 'compacted', floor: daemon.tokenAt(0), token: daemon.tokenAt(0) }
    call.connection.notify('subscription/gap', { subscriptionId, ...gap })
    setImmediate(() => call.connection.notify('subscription/gap', { subscriptionId, ...gap }))
    return answer
  })
  const after = daemon.tokenAt(0)
  await assert.rejects(client.waitFor('Build.*', undefined, { after }), GoneError)
})

test('with a filter the record of the event fits, and one that left does not count', async (t) => {
  const daemon = await startDaemon(t)
  const client = await daemonClient(t, daemon)
  const jobs = client.repository(Job)
  const { token } = await jobs.create({ name: 'a', state: 'running' }, { id: 'a' })
  const waiting = client.waitFor(Job, { name: 'a', state: 'done' }, { after: token })
  await jobs.create({ name: 'b', state: 'done' })
  await jobs.update('a', { expectedVersion: 1, set: { state: 'failed' } })
  await jobs.update('a', { expectedVersion: 2, set: { state: 'done' } })
  const { id, version, record } = await waiting
  assert.deepEqual([id, version, record?.data.state], ['a', 3, 'done'])
  const left = client.waitFor(Job, { state: 'done' }, { after: record?.token ?? token })
  await jobs.update('a', { expectedVersion: 3, set: { state: 'running' } })
  await jobs.create({ name: 'c', state: 'done' }, { id: 'c' })
  assert.equal((await left).id, 'c')
})
