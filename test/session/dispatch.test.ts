import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routes } from '../../daemon/session/routes.ts'
import { requests } from '../../sdk/protocol/methods.ts'
import { startDaemon } from '../support/daemon.ts'

test('every declared request has a route, and every route a declaration', () => {
  assert.deepEqual(
    routes.map(({ definition }) => definition.method).toSorted(),
    requests.map(({ method }) => method).toSorted(),
  )
})

test('rpc.discover describes every request with its parameters, result and errors', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const document = await client.call('rpc.discover')
  assert.match(document.openrpc, /^1\.3\./)
  assert.deepEqual(
    document.methods.map(({ name }: { name: string }) => name).toSorted(),
    requests.map(({ method }) => method).toSorted(),
  )
  for (const { name, params, result, errors, summary } of document.methods) {
    assert.ok(Array.isArray(params), name)
    assert.equal(typeof result.schema, 'object', name)
    assert.ok(summary.length > 10, name)
    for (const { $ref } of errors) {
      const kind = $ref.replace('#/components/errors/', '')
      assert.equal(typeof document.components.errors[kind].code, 'number')
    }
  }
  const get = document.methods.find(({ name }: { name: string }) => name === 'record/get')
  assert.deepEqual(
    get.params.map(({ name, required }: { name: string; required: boolean }) => [name, required]),
    [
      ['type', true],
      ['id', true],
      ['version', false],
      ['expand', false],
      ['atLeast', false],
    ],
  )
  assert.ok(document['x-notifications'].length > 5)
})

test('rpc.discover has the record types that the caller may read', async (t) => {
  const daemon = await startDaemon(t)
  const owner = await daemon.connect()
  await owner.call('type/define', {
    definition: { name: 'Late', fields: { at: { kind: 'instant' } } },
  })
  const { types } = await owner.call('type/list')
  const { schemas } = (await owner.call('rpc.discover')).components
  assert.deepEqual(
    Object.keys(schemas),
    types.map(({ name }: { name: string }) => name),
  )
  for (const { name } of types) {
    assert.deepEqual(schemas[name], (await owner.call('type/get', { type: name })).jsonSchema)
  }
  const grant = { name: 'narrow', scopes: ['read'], types: ['Note'] }
  const { token } = await owner.call('token/create', grant)
  const narrow = await daemon.connect({ token })
  assert.deepEqual(Object.keys((await narrow.call('rpc.discover')).components.schemas), ['Note'])
})

test('requests of one turn are begun in the order they came', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const ids = Array.from({ length: 100 }, (_, index) =>
    client.send('record/create', { type: 'Note', data: { title: String(index) } }),
  )
  const tokens = await Promise.all(ids.map(async (id) => (await client.answer(id)).result.token))
  const seqs = tokens.map((token) => Number(token.split('.').at(-1)))
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  )
  const { queue } = await client.call('daemon/status')
  assert.ok(queue.batches < 60, `${queue.batches} commits for 100 writes of one turn`)
})

test('a write that was cancelled in time does nothing, and says so', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const kept = client.send('record/create', { type: 'Note', id: 'kept', data: { title: 'a' } })
  const lost = client.send('record/create', { type: 'Note', id: 'lost', data: { title: 'a' } })
  client.notify('$/cancelRequest', { id: lost })
  assert.equal((await client.answer(kept)).result.version, 1)
  assert.equal((await client.answer(lost)).error?.data.kind, 'cancelled')
  assert.equal((await client.refused('record/get', { type: 'Note', id: 'lost' })).code, 40400)
})

test('a conflict shows the current record only to those who may read it', async (t) => {
  const { connect } = await startDaemon(t)
  const owner = await connect()
  const writer = await connect({ narrow: { scopes: ['write'] } })
  await owner.call('record/create', { type: 'Note', id: 'a', data: { title: 'secret' } })
  const change = { type: 'Note', id: 'a', expectedVersion: 7, set: { title: 'b' } }
  const seen = await owner.refused('record/update', change)
  assert.equal(seen.code, 40900)
  assert.equal(seen.data.current.data.title, 'secret')
  const hidden = await writer.refused('record/update', change)
  assert.equal(hidden.data.reason, 'version')
  assert.deepEqual(hidden.data.current, { version: 1 })
  const exists = await writer.refused('record/create', {
    type: 'Note',
    id: 'a',
    data: { title: 'c' },
  })
  assert.deepEqual(exists.data.current, { version: 1 })
})

test('a writer who may not read gets no record back', async (t) => {
  const writer = await (await startDaemon(t)).connect({ narrow: { scopes: ['write'] } })
  const error = await writer.refused('record/create', {
    type: 'Note',
    data: { title: 'a' },
    return: 'record',
  })
  assert.equal(error.code, 40300)
  assert.equal(error.data.needs, 'read')
})

test('status tells who is connected, what they wait for, and why the daemon is alive', async (t) => {
  const { connect } = await startDaemon(t)
  const client = await connect()
  await connect({ client: { name: 'other', kind: 'agent' }, narrow: { principal: 'agent:x' } })
  await client.call('subscription/open', { patterns: ['Note.*'] })
  const status = await client.call('daemon/status')
  assert.equal(status.mode, 'in-process')
  assert.equal(status.pid, process.pid)
  assert.deepEqual(
    status.connections.map((connection: { client: string; kind: string; principal: string }) => [
      connection.client,
      connection.kind,
      connection.principal,
    ]),
    [
      ['test/1', 'script', 'owner'],
      ['other', 'agent', 'agent:x'],
    ],
  )
  assert.deepEqual(status.connections[0].subscriptions[0].patterns, ['Note.*'])
  assert.equal(status.connections[0].inFlight, 1)
  assert.match(status.aliveBecause[0], /2 connections/)
})

test('the connection of a client that hung up is there until its last answer is known, and no longer', async (t) => {
  const { connect, daemon } = await startDaemon(t)
  const client = await connect()
  client.send('event/list', { waitMs: 1_500 })
  await client.call('type/list')
  const hungUp = client.close()
  assert.equal(daemon.status().connections.length, 1)
  await hungUp
  while (daemon.status().connections.length > 0) await new Promise(setImmediate)
  assert.deepEqual(daemon.status().connections, [])
})
