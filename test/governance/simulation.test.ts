/** Simulations: they tell the truth, and nothing of it happens. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { StoreLocation } from '../../sdk/launch/store-location.ts'
import { startDaemonProcess } from '../support/daemon.ts'
import { createNote, startPeople } from '../support/people.ts'
import type { Parsed } from '../support/wire-client.ts'

const manyNotes = Array.from({ length: 900 }, (_, index) =>
  createNote(`n${index}`, 'x'.repeat(150)),
)

/** The file of a store and its log, byte for byte. */
function hashOf({ databasePath }: StoreLocation): string {
  const hash = createHash('sha256')
  for (const path of [databasePath, `${databasePath}-wal`]) {
    hash.update(existsSync(path) ? readFileSync(path) : 'none')
  }
  return hash.digest('hex')
}

test('a simulation tells what would be created, updated, deleted, and sent', async (t) => {
  const { owner } = await startPeople(t)
  for (const id of ['a', 'b', 'c']) {
    await owner.call('record/create', { type: 'Note', id, data: { title: id } })
  }
  await owner.call('record/archive', { type: 'Note', id: 'c', expectedVersion: 1 })
  const seen = await owner.call('simulation/run', {
    operations: [
      createNote('new'),
      { op: 'update', type: 'Note', id: 'new', set: { count: 3 } },
      { op: 'update', type: 'Note', id: 'a', set: { title: 'z' } },
      { op: 'delete', type: 'Note', id: 'b' },
      { op: 'restore', type: 'Note', id: 'c' },
    ],
  })
  const [created] = seen.created
  assert.deepEqual([created.id, created.version, created.data.count], ['new', 2, 3])
  const fields = [{ field: 'title', before: 'a', after: 'z' }]
  assert.deepEqual(seen.updated, [{ type: 'Note', id: 'a', version: 2, fields }])
  assert.deepEqual(seen.deleted, [{ type: 'Note', id: 'b', version: 2 }])
  assert.deepEqual(seen.restored, [{ type: 'Note', id: 'c', version: 3 }])
  assert.deepEqual(
    seen.events.map(({ topic, id }: Parsed) => `${topic} ${id}`),
    ['Note.created new', 'Note.updated new', 'Note.updated a', 'Note.deleted b', 'Note.restored c'],
  )
  const { operations, guards, digest } = seen
  const forged = { operations: operations.slice(1), guards, digest, as: 'transaction' }
  assert.equal((await owner.refused('simulation/apply', forged)).data.reason, 'digest')
  await owner.call('simulation/apply', { operations, guards, digest, as: 'transaction' })
  const applied = await owner.call('record/get', { type: 'Note', id: 'new' })
  assert.deepEqual([applied.version, applied.data], [2, created.data])
  const late = await owner.refused('simulation/apply', {
    operations,
    guards,
    digest,
    as: 'transaction',
  })
  assert.equal(late.data.reason, 'guard')
})

test('actions see what the ones before would have done, and the first that fails is the last', async (t) => {
  const { owner, agent, reviewer } = await startPeople(t)
  const step = (summary: string) => ({
    action: 'memory.save_insight',
    params: { summary, domain: 'd' },
  })
  const seen = await agent.call('simulation/run', {
    actions: [step('a'), step('b'), step('a'), step('c')],
  })
  assert.deepEqual(
    seen.steps.map(({ ok }: Parsed) => ok),
    [true, true, false],
  )
  assert.match(seen.steps[2].error.message, /known already/)
  assert.equal(seen.created.length, 2)
  assert.equal((await owner.call('record/count', { type: 'OrionInsight' })).count, 0)
  assert.equal((await owner.call('record/count', { type: 'OrionActionLog' })).count, 0)
  const { operations, guards, digest } = seen
  const order = { operations, guards, digest }
  assert.equal(
    (await agent.refused('simulation/apply', { ...order, as: 'transaction' })).code,
    40300,
  )
  const { proposal } = await agent.call('simulation/apply', { ...order, as: 'proposal' })
  await reviewer.call('proposal/approve', { id: proposal.id, digest: proposal.digest })
  await agent.call('proposal/execute', { id: proposal.id })
  const { records } = await owner.call('record/list', { type: 'OrionInsight' })
  assert.deepEqual(
    new Set(records.map(({ id }: Parsed) => id)),
    new Set(seen.created.map(({ id }: Parsed) => id)),
  )
})

test('a simulation changes no byte of the store, nor does one that is refused or too large for memory', async (t) => {
  const { owner, location } = await startPeople(t, { limits: { pageCacheKib: 64 } })
  await owner.call('record/create', { type: 'Note', id: 'a', data: { title: 'a' } })
  const { subscriptionId } = await owner.call('subscription/open', { patterns: ['*'] })
  const before = hashOf(location)
  const status = await owner.call('daemon/status')
  const { events } = await owner.call('simulation/run', { operations: manyNotes })
  assert.equal(events.length, 900)
  const twice = [...manyNotes.slice(0, 500), createNote('n0')]
  assert.equal((await owner.refused('simulation/run', { operations: twice })).data.operation, 500)
  await owner.call('subscription/flush', { subscriptionId })
  assert.deepEqual(owner.events(subscriptionId), [])
  assert.deepEqual((await owner.call('daemon/status')).log, status.log)
  await owner.call('simulation/run', { operations: manyNotes })
  assert.equal(hashOf(location), before)
})

test('simulations among writes are of one position each, and leave the writes alone', async (t) => {
  const { owner, agent, daemon } = await startPeople(t)
  await owner.call('record/create', { type: 'Tally', id: 't', data: { total: 0 } })
  const writes = Array.from({ length: 40 }, () =>
    owner.call('record/update', {
      type: 'Tally',
      id: 't',
      apply: [{ field: 'total', op: 'increment', value: 1 }],
    }),
  )
  const seen = await Promise.all(
    Array.from({ length: 20 }, () =>
      agent.call('simulation/run', {
        operations: [{ op: 'update', type: 'Tally', id: 't', set: { total: -1 } }],
      }),
    ),
  )
  await Promise.all(writes)
  for (const { updated, operations } of seen) {
    const [{ fields, version }] = updated
    assert.equal(fields[0].before, version - 2, 'the value before is that of the version before')
    assert.equal(operations[0].expectedVersion, version - 1)
  }
  const tally = await owner.call('record/get', { type: 'Tally', id: 't' })
  assert.deepEqual([tally.version, tally.data.total], [41, 40])
  const { events } = await owner.call('event/list', { patterns: ['Tally.*'] })
  assert.equal(events.length, 41)
  assert.equal(daemon.status().log.seq, events.at(-1).seq)
})

test('a daemon that is killed in the middle of a simulation leaves its files as they were', async (t) => {
  const daemon = await startDaemonProcess(t)
  const client = await daemon.connect()
  await client.call('record/create', {
    type: 'OrionInsight',
    id: 'a',
    data: { summary: 'a', domain: 'b' },
  })
  const before = hashOf(daemon.location)
  const operations = manyNotes.map(({ id }) => ({
    op: 'create',
    type: 'OrionInsight',
    id,
    data: { summary: 'x'.repeat(150), domain: 'b' },
  }))
  // One is done for certain; of the others some are under way when the daemon is killed.
  const running = Array.from({ length: 8 }, () => client.send('simulation/run', { operations }))
  await client.answer(running[0] ?? 0)
  daemon.kill('SIGKILL')
  await daemon.exited
  assert.ok(running.some((id) => !client.received.some((message) => message.id === id)))
  assert.equal(hashOf(daemon.location), before)
})
