/** The miner's judgement, against a model: a count is what is counted, whatever happened on the way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { failureKind } from '../../../plugins/miner/failure-kind.ts'
import { sourcesMax } from '../../../plugins/miner/kind-change.ts'
import { MinerModel } from './miner-model.ts'

const logIds = ['l1', 'l2', 'l3', 'l4', 'l5']
const anyLog = fc.constantFrom(...logIds)
const anyError = fc.constantFrom(
  'out of memory',
  'line 3: no such file',
  'line 4: no such file',
  undefined,
)

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('fail' as const), log: anyLog, error: anyError }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('succeed' as const), log: anyLog }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), log: anyLog }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), log: anyLog }) },
  // The miner hears of events late, twice, or again from long ago.
  { weight: 6, arbitrary: fc.record({ do: fc.constant('mine' as const), log: anyLog }) },
)

test('the counts are right after every event was delivered, however often and late', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const model = new MinerModel()
      for (const one of steps) {
        if (one.do === 'mine') await model.mine(one.log)
        else model.change(one.log, one.do, 'error' in one ? one.error : undefined)
      }
      for (const log of logIds) await model.mine(log)
      assert.deepEqual(model.counted(), model.failuresByKind())
      assert.deepEqual(toldByInsights(model), worthTelling(model))
      const settled = model.writes
      for (const log of logIds) await model.mine(log)
      assert.equal(model.writes, settled, 'what is in step is not written again')
    }),
    { numRuns: 200 },
  )
})

test('one failure is no insight, two are, and they name their logs', async () => {
  const model = new MinerModel()
  await model.fail('l1', 'no file 1')
  assert.deepEqual(model.insights(), [])
  await model.fail('l2', 'no file 2')
  const { id } = failureKind('build', 'no file 7')
  assert.deepEqual(model.insights(), [
    {
      id,
      lifecycle: 'active',
      summary: 'Failed 2 times: build: no file <n>',
      sources: ['l2', 'l1'],
    },
  ])
  assert.deepEqual(model.insight(id)?.data, {
    summary: 'Failed 2 times: build: no file <n>',
    domain: 'governance',
    tags: ['anti-pattern', 'auto-generated', 'build'],
    confidenceScore: 0.9,
    sourceEpisodicIds: ['l2', 'l1'],
    provenanceMethod: 'mining',
  })
})

test('an insight goes when its failures go, and comes back with them', async () => {
  const model = new MinerModel()
  await model.fail('l1', 'x')
  await model.fail('l2', 'x')
  model.change('l1', 'succeed')
  await model.mine('l1')
  assert.deepEqual(lifecycles(model), ['deleted'])
  await model.fail('l3', 'x')
  assert.deepEqual(model.insights(), [
    {
      id: failureKind('build', 'x').id,
      lifecycle: 'active',
      summary: 'Failed 2 times: build: x',
      sources: ['l3', 'l2'],
    },
  ])
})

test('what a person put away stays away, and what a person wrote stays written', async () => {
  const model = new MinerModel()
  await model.fail('l1', 'x')
  await model.fail('l2', 'x')
  const { id } = failureKind('build', 'x')
  model.byPerson(id, { summary: 'the disk of the builder is full' })
  await model.fail('l3', 'x')
  assert.deepEqual(
    model.insights().map(({ summary, sources }) => [summary, sources]),
    [['the disk of the builder is full', ['l3', 'l2', 'l1']]],
  )
  model.byPerson(id, {}, 'archived')
  await model.fail('l4', 'x')
  assert.deepEqual(lifecycles(model), ['archived'])
  assert.equal(model.counted()[id], 4)
})

test('an insight names the newest of many failures, and counts all', async () => {
  const model = new MinerModel()
  const total = sourcesMax + 20
  for (let index = 1; index <= total; index += 1) await model.fail(`log ${index}`, 'x')
  const [insight] = model.insights()
  assert.equal(insight?.summary, `Failed ${total} times: build: x`)
  assert.equal(insight?.sources.length, sourcesMax)
  assert.equal(insight?.sources[0], `log ${total}`)
  model.change(`log ${total}`, 'purge')
  await model.mine(`log ${total}`)
  assert.equal(model.insights()[0]?.sources.length, sourcesMax)
  assert.equal(model.insights()[0]?.sources[0], `log ${total - 1}`)
})

function lifecycles(model: MinerModel): string[] {
  return model.insights().map(({ lifecycle }) => lifecycle)
}

/** How many failures, and how many logs, each active insight tells of. */
function toldByInsights(model: MinerModel): readonly string[] {
  const active = model.insights().filter(({ lifecycle }) => lifecycle === 'active')
  return active
    .map(({ id, summary, sources }) => `${id}: ${summary.split(' ')[1]}, ${sources.length}`)
    .sort()
}

function worthTelling(model: MinerModel): readonly string[] {
  const kinds = Object.entries(model.failuresByKind()).filter(([, count]) => count >= 2)
  return kinds.map(([id, count]) => `${id}: ${count}, ${count}`).sort()
}
