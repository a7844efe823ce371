/** What a client reads is never older than what it has seen, whichever daemon answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenInvalidError } from '../../sdk/client/typed-errors.ts'
import type { Token } from '../../sdk/model.ts'
import { CreateRecord, GetRecord, ListRecords, RecordHistory } from '../../sdk/protocol/records.ts'
import { ScriptedDaemon, scriptedError } from '../support/scripted-daemon.ts'
import { scriptedClient, until } from '../support/sdk-client.ts'

const key = { type: 'Note', id: 'a' }
const note = { ...key, data: {} }

/** The `atLeast` of each read that came. */
function asked(daemon: ScriptedDaemon): unknown[] {
  return daemon.requests
    .filter(({ method }) => method === 'record/get' || method === 'record/list')
    .map(({ params }) => params.atLeast)
}

async function reconnected(daemon: ScriptedDaemon, requests: number): Promise<void> {
  daemon.drop()
  await until(() => daemon.count('initialize') === requests)
}

test('a daemon that has come as far is asked for nothing', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  await client.request(GetRecord, key)
  daemon.drop()
  await client.request(GetRecord, key)
  assert.deepEqual(asked(daemon), [undefined, undefined])
})

test('after a reconnect to a daemon that lags, reads ask for what was seen, until it is there', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  const seen = daemon.token
  const [lost] = daemon.events.splice(0)
  daemon.drop()
  await client.request(GetRecord, key)
  if (lost !== undefined) daemon.events.push(lost)
  await client.request(GetRecord, key)
  assert.deepEqual(asked(daemon), [seen, undefined])
})

test('events that were delivered count as seen', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  const stream = await client.subscribe('Build.*')
  const { token } = daemon.emit('Build.finished')
  await stream.next()
  await stream.close()
  daemon.events.pop()
  await reconnected(daemon, 1)
  await client.request(GetRecord, key)
  assert.deepEqual(asked(daemon), [token])
})

test('a later position of the caller’s own stands, an earlier one does not', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  const seen = daemon.token
  daemon.events.length = 0
  daemon.drop()
  daemon.handle('record/list', () => ({ records: [], token: daemon.tokenAt(0) }))
  for (const atLeast of [daemon.tokenAt(0), daemon.tokenAt(9), 'o1.store1.epoch9.3' as Token]) {
    await client.request(ListRecords, { type: 'Note', atLeast })
  }
  assert.deepEqual(asked(daemon), [seen, daemon.tokenAt(9), 'o1.store1.epoch9.3'])
})

test('another life of the log is read as it is, and what can’t ask is left alone', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  daemon.events.length = 0
  daemon.epoch = 'epoch2'
  daemon.drop()
  daemon.handle('record/history', () => ({ versions: [] }))
  await client.request(GetRecord, key)
  await client.request(RecordHistory, key)
  assert.deepEqual(asked(daemon), [undefined])
})

test('a daemon that never comes as far is an error, not an old answer', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  daemon.events.length = 0
  daemon.drop()
  daemon.handle('record/get', (params, call) => {
    if (params.atLeast !== undefined) throw scriptedError('token_invalid', {})
    return daemon.usual('record/get', params, call)
  })
  await assert.rejects(client.request(GetRecord, key), TokenInvalidError)
})
