/** The miner on a real store. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testDaemon } from '../../../daemon/testing/index.ts'
import { failureKind } from '../../../plugins/miner/failure-kind.ts'
import { type MineOptions, mineLog } from '../../../plugins/miner/mine-log.ts'
import { MinedFailure } from '../../../plugins/miner/record-types.ts'
import { OrionActionLog, OrionInsight } from '../../../plugins/orion/record-types.ts'

const rules = { occurrencesMin: 2, domain: 'governance', confidenceScore: 0.9 }

async function minedStore(t: TestContext) {
  const daemon = await testDaemon({ types: [MinedFailure] })
  t.after(() => daemon.close())
  const person = await daemon.client({ principal: 'person:a' })
  const client = await daemon.client({ principal: 'miner' })
  const logs = person.repository(OrionActionLog)
  const fail = async (error: string) => {
    const { id } = await logs.create({ actionType: 'build', status: 'FAILURE', error })
    return id
  }
  let events = 0
  const mine = async (id: string, more: Partial<MineOptions> = {}) => {
    events += 1
    return await mineLog(id, { client, rules, idempotencyKey: `event ${events}`, ...more })
  }
  const failures = client.repository(MinedFailure)
  const insight = async () =>
    await person.repository(OrionInsight).find(failureKind('build', 'x 1').id)
  return { person, logs, fail, mine, failures, insight }
}

test('failures in a store become an insight that names them', async (t) => {
  const { fail, mine, insight, failures } = await minedStore(t)
  const first = await fail('x 1')
  const second = await fail('x 2')
  assert.equal(await mine(first), true)
  assert.equal(await insight(), undefined)
  assert.equal(await mine(second), true)
  const { data, createdBy } = (await insight()) ?? assert.fail('expected an insight')
  assert.equal(data.summary, 'Failed 2 times: build: x <n>')
  assert.deepEqual(data.sourceEpisodicIds, [second, first])
  assert.equal(createdBy, 'miner')
  assert.equal((await failures.get(first)).data.log, first)
  assert.equal(await mine(first), false)
  assert.equal((await insight())?.version, 1)
})

test('a failure whose log is purged is not counted any more', async (t) => {
  const { fail, mine, logs, insight } = await minedStore(t)
  const ids = [await fail('x 1'), await fail('x 2'), await fail('x 3')]
  for (const id of ids) await mine(id)
  const [purged = '', ...others] = ids
  await logs.purge(purged, { expectedVersion: 1 })
  assert.equal(await mine(purged), true)
  const { data } = (await insight()) ?? assert.fail('expected an insight')
  assert.equal(data.summary, 'Failed 2 times: build: x <n>')
  assert.deepEqual(data.sourceEpisodicIds, others.toReversed())
})

test('the miner and people who change an insight at the same time lose nothing of each other', async (t) => {
  const { person, fail, mine, insight } = await minedStore(t)
  const [first, second] = [await fail('x 1'), await fail('x 2')]
  await mine(first)
  await mine(second)
  const { id } = failureKind('build', 'x 1')
  const tagging = async (): Promise<void> => {
    for (let index = 0; index < 20; index += 1) {
      const apply = [{ field: 'tags', op: 'addToSet', value: `tag ${index}` }] as const
      await person.repository(OrionInsight).update(id, { apply })
    }
  }
  const mining = async (): Promise<void> => {
    for (let index = 0; index < 20; index += 1) {
      const log = await fail(`x ${index}`)
      // As the daemon does with an event that was not handled.
      while (!(await mine(log).catch(() => false)));
    }
  }
  await Promise.all([tagging(), mining()])
  const { data } = (await insight()) ?? assert.fail('expected an insight')
  assert.equal(data.summary, 'Failed 22 times: build: x <n>')
  assert.equal(data.sourceEpisodicIds.length, 22)
  assert.equal(data.tags.filter((tag) => tag.startsWith('tag ')).length, 20)
})
