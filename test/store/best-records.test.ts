import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BestRecords, type Candidate } from '../../daemon/store/best-records.ts'
import { parseOrder } from '../../sdk/filter/order.ts'
import { Sample, sampleRecord } from '../filter/sample-type.ts'

const byCount = [parseOrder(Sample.definition, [{ field: 'count' }]), 1] as const
const byCountDown = [
  parseOrder(Sample.definition, [{ field: 'count', direction: 'desc' }]),
  -1,
] as const

test('a page ends at the first record that finds no room, in whatever order they come', () => {
  const records = fc.uniqueArray(
    fc.record({ count: fc.nat(50), length: fc.integer({ min: 1, max: 10 }) }),
    { selector: ({ count }) => count, maxLength: 20 },
  )
  const bounds = fc.record({
    limit: fc.integer({ min: 1, max: 8 }),
    maxLength: fc.constantFrom(1, 8, 20, 1000),
  })
  fc.assert(
    fc.property(records, bounds, fc.constantFrom(byCount, byCountDown), (all, of, how) => {
      const [order, sign] = how
      const best = new BestRecords(order, of)
      for (const { count, length } of all) best.add(candidate(count, length))
      const sorted = all.toSorted((left, right) => sign * (left.count - right.count))
      const wanted: number[] = []
      let total = 0
      for (const { count, length } of sorted) {
        total += length
        if (wanted.length >= of.limit || (wanted.length > 0 && total > of.maxLength)) break
        wanted.push(count)
      }
      assert.deepEqual(
        best.records.map(({ data }) => data.count),
        wanted,
      )
      const last = wanted.at(-1)
      const next = wanted.length < all.length && last !== undefined ? [last, `${last}`] : undefined
      assert.deepEqual(best.nextKey, next)
    }),
    { numRuns: 1000 },
  )
})

function candidate(count: number, length: number): Candidate {
  return { key: [count, `${count}`], record: sampleRecord({ count }), length }
}
