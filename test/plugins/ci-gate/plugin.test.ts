/** The gate as a plugin of a daemon. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testDaemon } from '../../../daemon/testing/index.ts'
import { plugin } from '../../../plugins/ci-gate/plugin.ts'
import { CiPass, CiRule } from '../../../plugins/ci-gate/record-types.ts'
import { JobResult } from '../../../plugins/orion/record-types.ts'
import { ExecuteAction, isOrionError } from '../../../sdk/index.ts'

async function gate(t: TestContext) {
  const daemon = await testDaemon({ plugins: [plugin] })
  t.after(() => daemon.close())
  const owner = await daemon.client()
  const rules = owner.repository(CiRule)
  await rules.create({ gates: 'deploy-*', needs: ['test-*'] }, { id: 'main-is-green' })
  const end = async (jobId: string, status: 'SUCCESS' | 'FAILURE') =>
    await owner.repository(JobResult).create({ jobId, status })
  // It may not even read how the jobs ended: the gate looks with rights of its own.
  const scopes = ['read', 'write'] as const
  const ci = await daemon.client({ principal: 'ci:main', scopes, types: ['CiPass'] })
  const pass = async (job: string) =>
    await ci.request(ExecuteAction, { action: 'ci.pass', params: { job, commit: '4f0c1e2' } })
  return { daemon, owner, rules, ci, end, pass }
}

const isRefused = (error: unknown): boolean =>
  isOrionError(error, 'forbidden') && /Rule main-is-green: test-unit failed/.test(error.message)

test('a job gets a pass when its rules are kept, and none while they are not', async (t) => {
  const { owner, ci, end, pass } = await gate(t)
  await end('test-unit', 'FAILURE')
  await assert.rejects(pass('deploy-eu'), isRefused)
  await pass('docs')
  await end('test-unit', 'SUCCESS')
  await pass('deploy-eu')
  const { records } = await owner.repository(CiPass).list()
  assert.deepEqual(
    records.toReversed().map(({ createdBy, data }) => [createdBy, data]),
    [
      ['ci:main', { job: 'docs', commit: '4f0c1e2', rules: [] }],
      ['ci:main', { job: 'deploy-eu', commit: '4f0c1e2', rules: ['main-is-green'] }],
    ],
  )
  assert.equal(ci.server.principal, 'ci:main')
})

test('there is no way past the gate', async (t) => {
  const { owner, ci, end } = await gate(t)
  await end('test-unit', 'FAILURE')
  const passes = ci.repository(CiPass)
  await assert.rejects(passes.create({ job: 'deploy-eu' }), isRefused)
  await assert.rejects(owner.repository(CiPass).create({ job: 'deploy-eu' }), isRefused)
  await assert.rejects(
    owner
      .transaction()
      .create(CiPass, { job: 'deploy-eu', rules: ['none'] })
      .commit(),
    isRefused,
  )
  const { id } = await passes.create({ job: 'docs', rules: ['invented'] })
  assert.deepEqual((await passes.get(id)).data.rules, [])
  await assert.rejects(passes.update(id, { expectedVersion: 1, set: { job: 'deploy-eu' } }))
})

test('a rule that makes no sense is refused where it is written', async (t) => {
  const { rules } = await gate(t)
  await assert.rejects(rules.create({ gates: 'a', needs: ['a'] }), /a can’t wait for itself/)
  await assert.rejects(
    rules.update('main-is-green', { expectedVersion: 1, set: { needs: [] } }),
    /expected a job at least/,
  )
})
