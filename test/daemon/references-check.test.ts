/** A table of references that was damaged behind our back is noticed and mended; so is told what names nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { list, reference } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { loadTestEngine } from '../support/engine.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const Link = defineRecordType('Link', {
  fields: { to: list(reference('self'), { default: [] }) },
})

async function findings(client: WireClient, params: object = {}): Promise<Parsed[]> {
  const answer = await client.call('daemon/check', params)
  return answer.findings.filter(({ check }: Parsed) => check === 'references')
}

test('a damaged table of references is told and built anew, and forced purges are told', async (t) => {
  const types = [Link.definition]
  const first = await startDaemon(t, { types })
  const { location } = first
  const writer = await first.connect()
  await writer.call('record/create', { type: 'Link', id: 'a', data: {} })
  await writer.call('record/create', { type: 'Link', id: 'b', data: { to: ['a', 'b'] } })
  assert.deepEqual(
    (await findings(writer)).map(({ level, message }) => `${level}: ${message}`),
    ['ok: 2 references, each in its table'],
  )
  await first.daemon.close('the file is damaged now')
  const engine = await loadTestEngine()
  const options = { syncMode: 'off', cacheKib: 1024, statementsMax: 8 } as const
  const connection = engine.open(location.databasePath, options)
  connection.exec(`DELETE FROM record_references WHERE target_id = 'a';
    INSERT INTO record_references VALUES ('Link', 'x', 'Link', 'to', 'y'), ('Link', 'x', 'Gone', 'to', 'y')`)
  connection.close()

  const { connect } = await startDaemon(t, { types, location })
  const client = await connect()
  const [told] = await findings(client)
  assert.equal(told?.level, 'fail')
  assert.match(told?.message, /differs from the records of Link, Gone$/)
  const repaired = await findings(client, { repair: true })
  assert.deepEqual(
    repaired.map(({ level, repaired: how }) => [level, how]),
    [
      ['ok', undefined],
      ['ok', 'built it anew for Link, Gone'],
    ],
  )
  const { referrers } = await client.call('record/referrers', { type: 'Link', id: 'a' })
  assert.deepEqual(
    referrers.map(({ record }: Parsed) => record.id),
    ['b'],
  )
  await client.call('record/purge', { type: 'Link', id: 'a', expectedVersion: 1, force: true })
  const [, dangling] = await findings(client)
  assert.equal(dangling?.level, 'warn')
  assert.match(dangling?.message, /not there: Link b names Link a \(to\)/)
})
