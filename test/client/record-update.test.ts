import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CancelledError, ConflictError, NotFoundError } from '../../sdk/client/typed-errors.ts'
import { integer, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { ScriptedDaemon, scriptedError } from '../support/scripted-daemon.ts'
import { daemonClient, scriptedClient } from '../support/sdk-client.ts'

const Counter = defineRecordType('Counter', {
  fields: { count: integer({ default: 0 }), label: text({ optional: true }) },
})
const plusOne = (record: { readonly data: { readonly count: number } }) => ({
  set: { count: record.data.count + 1 },
})

test('ten clients that each update one record many times lose no update', async (t) => {
  const rounds = process.env.ORION_LONG === '1' ? 100 : 30
  const daemon = await startDaemon(t)
  const clients = await Promise.all(Array.from({ length: 10 }, () => daemonClient(t, daemon)))
  const first = clients[0]?.repository(Counter)
  await first?.create({}, { id: 'c' })
  let calls = 0
  await Promise.all(
    clients.map(async (client) => {
      const counters = client.repository(Counter)
      for (let round = 0; round < rounds; round++) {
        await counters.update('c', (record) => {
          calls++
          return plusOne(record)
        })
      }
    }),
  )
  const record = await first?.get('c')
  assert.equal(record?.version, 10 * rounds + 1)
  assert.equal(record?.data.count, 10 * rounds)
  assert.ok(calls > 10 * rounds, 'nobody ever lost a race: the test tested nothing')
})

test('after a lost race the function gets the record that won, without another read', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await counters.create({ count: 0 }, { id: 'c' })
  const seen: number[] = []
  const result = await counters.update('c', async (record) => {
    seen.push(record.data.count)
    if (seen.length === 1) await counters.update('c', { expectedVersion: 1, set: { count: 10 } })
    return plusOne(record)
  })
  assert.deepEqual(seen, [0, 10])
  assert.equal(result.version, 3)
  assert.equal(daemon.count('record/get'), 1)
  const keys = daemon.requests.flatMap(({ params }) => params.idempotencyKey ?? [])
  assert.equal(new Set(keys).size, keys.length)
})

test('a function that wants no change writes nothing', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await counters.create({ count: 0 }, { id: 'c' })
  const result = await counters.update('c', () => undefined)
  assert.equal(result.changed, false)
  assert.equal(result.version, 1)
  assert.equal(daemon.count('record/update'), 0)
})

test('a record that is hidden in the conflict is read again', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await counters.create({ count: 0 }, { id: 'c' })
  daemon.handleOnce('record/update', () => {
    const current = { version: 2 } as never
    throw scriptedError('conflict', { reason: 'version', current })
  })
  await counters.update('c', plusOne)
  assert.equal(daemon.count('record/get'), 2)
})

test('a conflict that is about the version that was seen is not tried again', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await counters.create({ count: 0 }, { id: 'c' })
  const current = await counters.get('c')
  daemon.handle('record/update', () => {
    throw scriptedError('conflict', {
      reason: 'version',
      current: JSON.parse(JSON.stringify(current)),
    })
  })
  await assert.rejects(counters.update('c', plusOne), ConflictError)
  assert.equal(daemon.count('record/update'), 1)
})

test('losing for ever ends with the time, and with the last conflict', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await counters.create({ count: 0 }, { id: 'c' })
  let version = 1
  daemon.handle('record/update', () => {
    version++
    throw scriptedError('conflict', { reason: 'version', current: { version } as never })
  })
  daemon.handle('record/get', (params, call) => ({
    ...(daemon.usual('record/get', params, call) as object),
    version,
  }))
  const update = counters.update('c', plusOne, { timeoutMs: 60 })
  await assert.rejects(update, (error) => {
    return error instanceof ConflictError || (error as { kind?: string }).kind === 'timeout'
  })
  assert.ok(version > 2)
})

test('a signal ends the retrying', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await counters.create({ count: 0 }, { id: 'c' })
  const controller = new AbortController()
  daemon.handle('record/update', () => {
    controller.abort()
    throw scriptedError('conflict', { reason: 'version', current: { version: 2 } as never })
  })
  const { signal } = controller
  await assert.rejects(counters.update('c', plusOne, { signal }), CancelledError)
  assert.equal(daemon.count('record/update'), 1)
})

test('a write based on a read of an earlier epoch is never made in the next one', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await counters.create({ count: 0 }, { id: 'c' })
  const epochs: unknown[] = []
  const result = await counters.update('c', async (record) => {
    epochs.push(record.data.count)
    if (epochs.length === 1) {
      // The store is put back to a state in which the same version says something else.
      const old = daemon.records.get('Counter/c')
      if (old !== undefined) daemon.records.set('Counter/c', { ...old, data: { count: 100 } })
      daemon.epoch = 'epoch2'
      daemon.drop()
      await counters.find('c')
    }
    return plusOne(record)
  })
  assert.equal(result.version, 2)
  assert.deepEqual(epochs, [0, 100])
  assert.equal(daemon.records.get('Counter/c')?.data.count, 101)
})

test('an update of nothing is told so', async (t) => {
  const daemon = new ScriptedDaemon()
  const counters = (await scriptedClient(t, daemon)).repository(Counter)
  await assert.rejects(counters.update('nobody', plusOne), NotFoundError)
})
