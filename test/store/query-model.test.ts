/** Lists, counts and pages of the store against a model that shares no code with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Lifecycle, Record, Version } from '../../sdk/model.ts'
import { orderableField, orderBy, records, where } from './query-arbitraries.ts'
import { modelGroups, modelList } from './query-model.ts'
import { openSampleTable } from './sample-store.ts'

const numRuns = process.env.ORION_LONG === '1' ? 20_000 : 250
const lifecycles = fc.subarray<Lifecycle>(['active', 'archived', 'deleted'], { minLength: 1 })
const limits = fc.integer({ min: 1, max: 5 })

test('a list, its first page, its further pages and its count are those of the model', async (t) => {
  const table = await openSampleTable(t)
  const query = fc.record({ where, orderBy, lifecycle: lifecycles })
  const queries = fc.array(query, { minLength: 5, maxLength: 5 })
  fc.assert(
    fc.property(records, queries, limits, (stored, asked, limit) => {
      table.fill(stored)
      for (const one of asked) {
        const ids = modelList(stored, one).map(({ id }) => id)
        const told = JSON.stringify(one)
        const page = table.page({ ...one, limit })
        assert.deepEqual(page.ids, ids.slice(0, limit), told)
        assert.equal(page.next !== undefined, ids.length > limit, told)
        assert.deepEqual(table.list(one, limit), ids, told)
        assert.equal(table.count(one), ids.length, told)
      }
    }),
    { numRuns },
  )
})

test('the groups of a count are those of the model, the largest first', async (t) => {
  const table = await openSampleTable(t)
  fc.assert(
    fc.property(records, where, orderableField, lifecycles, (stored, filter, field, lifecycle) => {
      table.fill(stored)
      const query = { where: filter, lifecycle }
      const groups = table.groups(query, field)
      const told = groups.map(({ value, count }): [string, number] => [
        JSON.stringify(value),
        count,
      ])
      const wanted = modelGroups(modelList(stored, query), field)
      assert.deepEqual(new Map([...told].sort()), new Map([...wanted].sort()))
      assert.equal(told.length, wanted.size)
      for (const [at, group] of groups.entries()) {
        assert.ok(group.count >= (groups[at + 1]?.count ?? 0))
      }
    }),
    { numRuns },
  )
})

test('whoever pages while others write meets each record that they left alone once, in order', async (t) => {
  const table = await openSampleTable(t)
  const others = fc.array(records, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      records,
      others,
      where,
      orderBy,
      limits,
      (stored, written, filter, order, limit) => {
        const query = { where: filter, orderBy: order, lifecycle: ['active' as const] }
        const quiet = stored.filter((_, at) => at % 2 === 0)
        const met: string[] = []
        let after: string | undefined
        let round = 0
        do {
          // Between two pages everything else goes, comes, or becomes something else.
          const loud = (written[round++ % written.length] ?? []).filter((_, at) => at % 2 === 1)
          table.fill([...quiet, ...loud.map(changed)])
          const page = table.page({ ...query, limit, ...(after === undefined ? {} : { after }) })
          met.push(...page.ids)
          after = page.next
        } while (after !== undefined && round < 50)
        const ids = new Set(quiet.map(({ id }) => id))
        const wanted = modelList(quiet, query).map(({ id }) => id)
        assert.deepEqual(
          met.filter((id) => ids.has(id)),
          wanted,
        )
      },
    ),
    { numRuns },
  )
})

function changed(record: Record): Record {
  return { ...record, version: (record.version + 1) as Version }
}
