import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { type LegacyEntity, ObjectManager } from '../../plugins/legacy/object-manager.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'

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
