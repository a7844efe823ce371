import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { type LegacyEntity, ObjectManager } from '../../plugins/legacy/object-manager.ts'
import { JobResult, OrionActionLog, OrionInsight } from '../../plugins/orion/record-types.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { makeLegacyPlace } from './legacy-place.ts'

const entity: LegacyEntity = {
  id: 'INS-1',
  version: 1,
  status: 'active',
  confidence_score: 0.5,
  decay_factor: null,
  provenance: { source_episodic_ids: [], method: 'manual' },
  content: { summary: 'old calls', domain: 'ports', tags: ['a'] },
  supports: [],
  contradicts: [],
  related_to: [],
}

test('the old calls work on the new store: save, get, a lost race, delete, subscribe', async (t) => {
  const client = await daemonClient(t, await startDaemon(t))
  const warned = once(process, 'warning')
  const manager = new ObjectManager(client)
  const [warning] = await warned
  assert.equal(warning.code, 'LEGACY_OBJECT_MANAGER')
  const told: string[] = []
  const unsubscribe = await manager.subscribe((kind, what) => {
    told.push(`${kind} ${typeof what === 'string' ? what : what.version}`)
  })
  const first = await manager.save('OrionInsight', entity)
  assert.equal(first.version, 1)
  assert.deepEqual(first.content, entity.content)
  const content = { summary: 'changed', domain: 'ports', tags: [] }
  const touched = await manager.save('OrionInsight', { ...entity, content, version: 2 })
  assert.equal(touched.version, 2)
  await assert.rejects(manager.save('OrionInsight', { ...entity, version: 1 }), {
    kind: 'conflict',
  })
  assert.deepEqual((await manager.get('OrionInsight', 'INS-1'))?.content, content)
  assert.equal(await manager.delete('INS-1'), true)
  assert.equal(await manager.delete('INS-1'), false)
  assert.equal(await manager.get('OrionInsight', 'INS-1'), undefined)
  await client.waitFor('OrionInsight.deleted', undefined, { after: client.server.token })
  await unsubscribe()
  assert.deepEqual(told, ['save 1', 'save 2', 'delete INS-1'])
})

test('what was got is saved again: nothing of it is lost that the old shape has no place for', async (t) => {
  const { client, run } = await makeLegacyPlace(t, 'real')
  await run()
  const manager = new ObjectManager(client)
  const [insight] = (await client.repository(OrionInsight).list({ limit: 1 })).records
  const id = insight?.id ?? ''
  const got = (await manager.get('OrionInsight', id)) ?? assert.fail()
  const saved = await manager.save('OrionInsight', { ...got, confidence_score: 0.7 })
  assert.deepEqual([saved.version, saved.confidence_score], [Number(got.version) + 1, 0.7])

  const jobs = client.repository(JobResult)
  const run1 = { jobId: 'j', status: 'SUCCESS', runId: 'r', attempt: 2 } as const
  await jobs.create({ ...run1, extra: { host: 'ci-1' } }, { id: 'J-1' })
  const job = (await manager.get('JobResult', 'J-1')) ?? assert.fail()
  assert.equal(job.host, 'ci-1')
  await manager.save('JobResult', { ...job, metrics: { ms: 3 } })
  const { runId, attempt, extra, metrics } = (await jobs.get('J-1')).data
  assert.deepEqual([runId, attempt, extra, metrics], ['r', 2, { host: 'ci-1' }, { ms: 3 }])
  await assert.rejects(
    manager.save('JobResult', { ...job, version: 2, host: 'ci-2' }),
    /has no field host/,
  )

  const logs = client.repository(OrionActionLog)
  await logs.create({ actionType: 'a', status: 'FAILURE', error: 'x' }, { id: 'L-1' })
  const log = (await manager.get('OrionActionLog', 'L-1')) ?? assert.fail()
  await manager.save('OrionActionLog', { ...log, status: 'SUCCESS', error: null })
  assert.equal((await logs.get('L-1')).data.error, undefined, 'what is null is taken away')
})

test('what the old classes refused is refused, by name', async (t) => {
  const client = await daemonClient(t, await startDaemon(t))
  const manager = new ObjectManager(client)
  await assert.rejects(
    manager.save('OrionInsight', { ...entity, colour: 'red' }),
    /has no field colour/,
  )
  await assert.rejects(
    manager.save('OrionInsight', { ...entity, content: null }),
    /content does not fit/,
  )
  await assert.rejects(manager.save('Wish', entity), /expected one of OrionActionLog/)
})
