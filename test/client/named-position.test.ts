/** Named positions: what a handler has dealt with does not come again, in whichever process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DaemonStatus } from '../../sdk/protocol/daemon.ts'
import { startDaemon } from '../support/daemon.ts'
import { ScriptedDaemon } from '../support/scripted-daemon.ts'
import { daemonClient, scriptedClient, until } from '../support/sdk-client.ts'

test('the next subscription with the name goes on after what was handled', async (t) => {
  const daemon = await startDaemon(t)
  const writer = await daemonClient(t, daemon)
  const first = await daemonClient(t, daemon)
  const options = { name: 'indexer', allowUnknown: true }
  const stream = await first.subscribe('Test.*', options)
  for (let i = 1; i <= 6; i++) await writer.publish('Test.done', i)
  for (let i = 1; i <= 3; i++) assert.equal((await stream.next()).value?.payload, i)
  // The third one was handed out; only asking for another would say that it is dealt with.
  await stream.close()
  const second = await daemonClient(t, daemon)
  const resumed = await second.subscribe('Test.*', { ...options, from: 'now' })
  for (let i = 3; i <= 6; i++) assert.equal((await resumed.next()).value?.payload, i)
})

test('what was handled is told in time, without an end, and newest first of all', async (t) => {
  const daemon = await startDaemon(t)
  const client = await daemonClient(t, daemon)
  const seen: unknown[] = []
  const options = { name: 'indexer', allowUnknown: true }
  await client.on('Test.*', ({ payload }) => void seen.push(payload), options)
  let last = ''
  for (let i = 0; i < 50; i++) last = (await client.publish('Test.done', i)).token
  const kept = async (): Promise<unknown> =>
    (await client.request(DaemonStatus, {})).positions.map(({ token }) => token)
  let tokens = await kept()
  while (JSON.stringify(tokens) !== JSON.stringify([last])) tokens = await kept()
  assert.equal(seen.length, 50)
})

test('after a lost connection what was not acknowledged is sent again and delivered once', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const start = daemon.token
  let acknowledged = 0
  daemon.handle('subscription/open', (params, call) =>
    daemon.usual('subscription/open', { ...params, from: start }, call),
  )
  daemon.handle('subscription/acknowledge', ({ token }) => {
    acknowledged++
    return { token }
  })
  const seen: number[] = []
  await client.on('Build.*', ({ seq }) => void seen.push(seq), { name: 'indexer' })
  for (let i = 0; i < 5; i++) daemon.emit('Build.a')
  await until(() => seen.length === 5 && acknowledged > 0)
  daemon.drop()
  await until(() => daemon.subscriberCount === 2)
  daemon.emit('Build.b')
  await until(() => seen.length >= 6)
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6])
  assert.ok(acknowledged < 6, 'not one message for each event')
})
