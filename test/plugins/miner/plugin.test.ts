/** The miner as a plugin of a daemon: what counts once stays counted once, whatever happens to either. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type TestDaemon, testDaemon } from '../../../daemon/testing/index.ts'
import { failureKind } from '../../../plugins/miner/failure-kind.ts'
import { plugin } from '../../../plugins/miner/plugin.ts'
import { MinedFailure } from '../../../plugins/miner/record-types.ts'
import { OrionActionLog, OrionInsight } from '../../../plugins/orion/record-types.ts'
import { ExecuteAction } from '../../../sdk/index.ts'

async function minedDaemon(t: TestContext): Promise<TestDaemon> {
  const daemon = await testDaemon({ plugins: [plugin] })
  t.after(() => daemon.close())
  return daemon
}

test('actions that fail again become an insight, and a restart counts none of them twice', async (t) => {
  const daemon = await minedDaemon(t)
  const agent = await daemon.client({ principal: 'agent:a', scopes: ['read', 'write'] })
  const insights = agent.repository(OrionInsight)
  const learn = async () =>
    await agent.request(ExecuteAction, {
      action: 'memory.save_insight',
      params: { summary: 'tests need a clock', domain: 'build' },
    })
  await learn()
  for (let time = 0; time < 3; time += 1) await assert.rejects(learn(), /is known already/)
  await daemon.settled()
  const mined = async () => (await insights.list({ where: { provenanceMethod: 'mining' } })).records
  const [insight, ...others] = await mined()
  assert.deepEqual(others, [])
  assert.match(
    insight?.data.summary ?? '',
    /^Failed 3 times: memory\.save_insight: .*is known already/,
  )
  assert.equal(insight?.createdBy, 'plugin:miner')
  assert.equal(insight?.data.sourceEpisodicIds.length, 3)

  await daemon.restart()
  await daemon.settled()
  assert.deepEqual(await mined(), [insight])
  await assert.rejects(learn(), /is known already/)
  await daemon.settled()
  assert.match((await mined())[0]?.data.summary ?? '', /^Failed 4 times: /)
})

test('the counts are right after restarts in the middle of many failures', async (t) => {
  const daemon = await minedDaemon(t)
  const client = await daemon.client()
  const logs = client.repository(OrionActionLog)
  const total = 40
  for (let index = 0; index < total; index += 1) {
    const error = `line ${index}: reason ${'abc'[index % 3]}`
    await logs.create({ actionType: 'build', status: 'FAILURE', error })
    // The miner is wherever it happens to be.
    if (index % 15 === 14) await daemon.restart()
  }
  await daemon.settled()
  const counts = await client
    .repository(MinedFailure)
    .count({ where: { kind: { isNull: false } }, groupBy: 'kind' })
  assert.equal(counts.count, total)
  for (const [letter, expected] of [
    ['a', 14],
    ['b', 13],
    ['c', 13],
  ] as const) {
    const { id } = failureKind('build', `line 1: reason ${letter}`)
    const { data } = await client.repository(OrionInsight).get(id)
    assert.equal(data.summary, `Failed ${expected} times: build: line <n>: reason ${letter}`)
    assert.equal(new Set(data.sourceEpisodicIds).size, expected)
  }
})

test('what failed before the plugin came is counted, and what is corrected or purged is not', async (t) => {
  const daemon = await minedDaemon(t)
  const client = await daemon.client()
  const logs = client.repository(OrionActionLog)
  const ids: string[] = []
  for (let index = 0; index < 4; index += 1) {
    const { id } = await logs.create({ actionType: 'build', status: 'PENDING' })
    await logs.update(id, { expectedVersion: 1, set: { status: 'FAILURE', error: 'x' } })
    ids.push(id)
  }
  const [corrected = '', purged = '', ...kept] = ids
  await logs.update(corrected, { expectedVersion: 2, set: { status: 'ROLLED_BACK' } })
  await daemon.settled()
  await logs.purge(purged, { expectedVersion: 2 })
  await daemon.settled()
  const { data } = await client.repository(OrionInsight).get(failureKind('build', 'x').id)
  assert.equal(data.summary, 'Failed 2 times: build: x')
  assert.deepEqual([...data.sourceEpisodicIds].sort(), kept.sort())
})
