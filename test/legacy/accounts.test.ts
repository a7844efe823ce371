import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LegacyRow } from '../../plugins/legacy/record-types.ts'
import { accountFor } from './account-for.ts'
import { makeLegacyPlace, snapshotOf } from './legacy-place.ts'
import { makeSeededFile } from './seeded-file.ts'

for (const [seed, variant] of [
  [1, 'a'],
  [2, 'b'],
] as const) {
  test(`every row of file ${seed}, in schema ${variant}, is in one pile, and nothing of it is lost`, async (t) => {
    const { client, from, run } = await makeLegacyPlace(t, { rows: [] })
    const other = from.replace('ontology', 'seeded')
    const verdicts = await makeSeededFile(other, { seed, variant, count: 220 })
    const before = snapshotOf(other)
    const { report, succeeded } = await run('migrate', [], { from: other })
    assert.equal(succeeded, true)
    const verdict = (id: string) => verdicts.get(id)
    const piles = await accountFor({ client, from: other, report, verdict })
    assert.ok(
      ['migrated', 'repaired', 'carried', 'quarantined'].every((pile) => piles[pile]),
      'rows of all piles',
    )
    assert.deepEqual(snapshotOf(other), before)
  })
}

test('two runs over one file at the same time bring each row over once', async (t) => {
  const { client, from, run } = await makeLegacyPlace(t, { count: 300 })
  const more = { batchSize: 30 }
  const both = await Promise.all([run('migrate', [], more), run('migrate', [], more)])
  let brought = 0
  for (const { report, succeeded } of both) {
    assert.equal(succeeded, true)
    const { read, piles } = report.migration ?? assert.fail()
    assert.equal(read, 300)
    assert.equal(
      Object.values(piles).reduce((sum, one) => sum + one, 0),
      read,
    )
    brought += read - piles.unchanged
  }
  assert.equal(brought, 300)
  assert.equal((await client.repository(LegacyRow).count()).count, 300)
  const again = await run()
  assert.equal(again.report.migration?.piles.unchanged, 300, from)
})
