/** What a daemon and the SDK make of a store whose file was damaged: answers, streams and live queries go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json, list, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { loadTestEngine } from '../support/engine.ts'
import { daemonClient } from '../support/sdk-client.ts'
import type { Parsed } from '../support/wire-client.ts'

const Part = defineRecordType('Part', {
  fields: {
    name: text({ maxLength: 20 }),
    tags: list(text(), { default: [] }),
    extra: json({ optional: true }),
  },
})

test('subscriptions, live queries and reverts go on over damaged rows, and a check lists them', async (t) => {
  const types = [Part.definition]
  const first = await startDaemon(t, { types })
  const { location } = first
  const writer = await first.connect()
  const data = { name: 'wheel', tags: ['round'], extra: { colour: 'red' } }
  for (const id of ['a', 'b', 'c']) await writer.call('record/create', { type: 'Part', id, data })
  const origin = await writer.call('record/get', { type: 'Part', id: 'a' })
  await first.daemon.close('the file is damaged now')
  const engine = await loadTestEngine()
  const options = { syncMode: 'off', cacheKib: 1024, statementsMax: 8 } as const
  const connection = engine.open(location.databasePath, options)
  connection.exec(`PRAGMA ignore_check_constraints = ON;
    UPDATE r_Part SET extra = '{"colour":', tags = '[' WHERE id = 'b';
    UPDATE log SET data = '{"name":' WHERE id = 'c';
    UPDATE log SET actor = '{' WHERE id = 'b'`)
  connection.close()

  const daemon = await startDaemon(t, { types, location })
  const wire = await daemon.connect()
  const { subscriptionId } = await wire.call('subscription/open', {
    patterns: ['Part.*'],
    where: { 'extra.colour': 'red' },
    from: origin.token,
  })
  assert.ok(subscriptionId !== undefined)
  await wire.first(({ method }) => method === 'subscription/synced')
  const events = wire
    .notifications('subscription/events')
    .flatMap(({ params }: Parsed) => params.events)
  assert.deepEqual(
    events.map(({ id, actor, quarantined, record }: Parsed) => [
      id,
      actor.principal === '(unreadable)',
      quarantined !== undefined,
      record.quarantined?.raw,
    ]),
    [
      ['b', true, true, undefined],
      ['c', false, false, { data: '{"name":' }],
    ],
  )

  const client = await daemonClient(t, daemon)
  const parts = client.repository(Part)
  const ids = async (limit?: number): Promise<string[]> => {
    const where = { tags: { contains: 'round' } } as const
    const live = await client.liveQuery(Part, { where, ...(limit === undefined ? {} : { limit }) })
    const found = live.records.map(({ id }) => id).sort()
    await live.close()
    return found
  }
  assert.deepEqual(await ids(), ['a', 'c'])
  assert.deepEqual(await ids(10), ['a', 'c'])
  const finding = async (): Promise<Parsed> => {
    const { findings } = await wire.call('daemon/check', {})
    return findings.find(({ check }: Parsed) => check === 'quarantine')
  }
  const told = await finding()
  assert.equal(told.level, 'fail')
  assert.match(told.message, /^1 record not fitting the type: Part b \(tags: it is no JSON: /)
  assert.match(told.message, /; 2 events that can't be read: seq \d+, \d+$/)

  const b = await parts.get('b')
  assert.deepEqual(b.quarantined?.raw, { tags: '[', extra: '{"colour":' })
  await assert.rejects(parts.update('b', { expectedVersion: 1, set: { name: 'x' } }), {
    kind: 'invalid_record',
  })
  await parts.revert('b', { toVersion: 1 })
  const mended = await parts.get('b')
  assert.deepEqual([mended.quarantined, mended.data], [undefined, data])
  await parts.update('c', { expectedVersion: 1, set: { name: 'other' } })
  await assert.rejects(parts.revert('c', { toVersion: 1 }), /version 1 of Part "c" can't be read/)
  assert.match((await finding()).message, /^2 events that can't be read/)
})
