/** The judgement of the gate, on a real store. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { testDaemon } from '../../../daemon/testing/index.ts'
import { judge, ruleProblem } from '../../../plugins/ci-gate/gate.ts'
import { filterOfPattern, fitsPattern } from '../../../plugins/ci-gate/job-pattern.ts'
import { jobsMax, openFailures } from '../../../plugins/ci-gate/open-failures.ts'
import { CiRule } from '../../../plugins/ci-gate/record-types.ts'
import { JobResult } from '../../../plugins/orion/record-types.ts'
import type { HookContext } from '../../../sdk/plugin/plugin-context.ts'

type Status = 'SUCCESS' | 'FAILURE' | 'BLOCKED'

async function gatedStore(t: TestContext) {
  const daemon = await testDaemon({ types: [CiRule] })
  t.after(() => daemon.close())
  const client = await daemon.client()
  const results = client.repository(JobResult)
  const rules = client.repository(CiRule)
  const end = async (jobId: string, status: Status, runId?: string) =>
    await results.create({ jobId, status, ...(runId === undefined ? {} : { runId }) })
  const list: HookContext['list'] = async (type, selection = {}) =>
    (await client.repository(type).list(selection)).records
  const context = { list }
  return { daemon, results, rules, end, context }
}

test('a job may begin while no job fails that a rule names', async (t) => {
  const { daemon, rules, end, context } = await gatedStore(t)
  await rules.create(
    { gates: 'deploy-*', needs: ['test-*', 'lint'], remedy: 'Mend main first.' },
    { id: 'main-is-green' },
  )
  await rules.create({ gates: 'nightly', needs: ['*'] }, { id: 'nightly' })
  await end('docs', 'FAILURE')
  assert.deepEqual(await judge('deploy-eu', context), { passes: true, rules: ['main-is-green'] })
  daemon.clock.advance({ hours: 9, minutes: 30 })
  const { id } = await end('test-unit', 'FAILURE', '17')
  assert.deepEqual(await judge('deploy-eu', context), {
    passes: false,
    reason:
      'deploy-eu may not begin. Rule main-is-green: test-unit failed in run 17 at 2026-01-01T09:30Z ' +
      `(JobResult ${id}). Mend main first.`,
  })
  assert.deepEqual(await judge('build', context), { passes: true, rules: [] })
  await end('test-unit', 'SUCCESS')
  assert.deepEqual(await judge('deploy-eu', context), { passes: true, rules: ['main-is-green'] })
})

test('the newest result of a job decides, and one that is put away does not count', async (t) => {
  const { results, end, context } = await gatedStore(t)
  const failing = async () => (await openFailures('*', context)).map(({ data }) => data.jobId)
  await end('a', 'FAILURE')
  await end('a', 'SUCCESS')
  await end('b', 'SUCCESS')
  const { id, version } = await end('b', 'FAILURE')
  await end('c', 'BLOCKED')
  assert.deepEqual(await failing(), ['c', 'b'])
  await results.archive(id, { expectedVersion: version })
  assert.deepEqual(await failing(), ['c'])
})

test('a job is found among many results, and does not stand in its own way', async (t) => {
  const { results, rules, end, context } = await gatedStore(t)
  await rules.create({ gates: '*', needs: ['*'] }, { id: 'all' })
  await end('lost', 'FAILURE')
  // More failures of one job than a page holds stand before the one that is looked for.
  const flaky = Array.from({ length: 250 }, () => ({
    data: { jobId: 'flaky', status: 'FAILURE' } as const,
  }))
  await results.createMany(flaky)
  assert.deepEqual(
    (await openFailures('*', context)).map(({ data }) => data.jobId),
    ['flaky', 'lost'],
  )
  const verdict = await judge('flaky', context)
  assert.match(
    verdict.passes ? '' : verdict.reason,
    /^flaky may not begin\. Rule all: lost failed at /,
  )
  await end('lost', 'SUCCESS')
  assert.deepEqual(await judge('flaky', context), { passes: true, rules: ['all'] })
})

test('a rule about more failing jobs than can be looked at is said, and lets nothing through', async (t) => {
  const { results, context } = await gatedStore(t)
  const many = Array.from({ length: jobsMax + 1 }, (_, index) => ({
    data: { jobId: `job-${index}`, status: 'FAILURE' } as const,
  }))
  await results.createMany(many)
  await assert.rejects(
    openFailures('job-*', context),
    /more than 200 jobs that fit job-\* have failed/,
  )
})

for (const [rule, refuse] of [
  [{ gates: 'a', needs: [] }, /a job at least/],
  [{ gates: 'a', needs: ['b', 'a'] }, /a can’t wait for itself/],
  [{ gates: ' a', needs: ['b'] }, /no space around " a"/],
  [{ gates: 'a', needs: ['b '] }, /no space around "b "/],
] as const) {
  test(`a rule is refused: ${refuse.source}`, () =>
    assert.match(ruleProblem(rule)?.refuse ?? '', refuse))
}

test('a rule that makes sense is not refused', () => {
  assert.equal(ruleProblem({ gates: 'a-*', needs: ['a-b', '*'] }), undefined)
})

test('a star stands for any characters, and the filter lets through all that fits', () => {
  const pieces = fc.array(fc.constantFrom('a', 'b', '.', '*'), { maxLength: 8 })
  fc.assert(
    fc.property(pieces, pieces, (patternPieces, jobPieces) => {
      const pattern = patternPieces.join('')
      const job = jobPieces.join('').replaceAll('*', '-')
      const escaped = patternPieces.map((piece) =>
        piece === '*' ? '.*' : piece.replace('.', '\\.'),
      )
      const fits = new RegExp(`^${escaped.join('')}$`).test(job)
      assert.equal(fitsPattern(pattern, job), fits)
      const filter = filterOfPattern(pattern)
      const lets = 'eq' in filter ? job === filter.eq : job.startsWith(filter.startsWith)
      assert.ok(lets || !fits)
    }),
    { numRuns: 3000 },
  )
})
