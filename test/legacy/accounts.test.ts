import assert from 'node:assert/strict'
import { test } from 'node:test'
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
    const verdicts = await makeSeededFile(other, { seed, variant, count: 330 })
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
