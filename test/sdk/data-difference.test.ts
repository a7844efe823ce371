import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { changesBetween, differencesBetween } from '../../sdk/data-difference.ts'
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../sdk/json.ts'

const data = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), fc.jsonValue())
  .map((value): JsonObject => {
    const parsed: Json = JSON.parse(JSON.stringify(value))
    assert.ok(isJsonObject(parsed))
    return parsed
  })

test('fields that differ are told with both sides, and no other', () => {
  assert.deepEqual(differencesBetween({ a: 1, b: [1], c: 'x' }, { b: [1], c: 'y', d: null }), [
    { field: 'c', before: 'x', after: 'y' },
    { field: 'd', after: null },
    { field: 'a', before: 1 },
  ])
})

test('the changes between two states make one into the other, but for managed fields', () => {
  fc.assert(
    fc.property(data, data, fc.constantFrom('a', 'none'), (before, after, managed) => {
      const { set, unset } = changesBetween(before, after, (field) => field === managed)
      const result = new Map(Object.entries(before))
      for (const [field, value] of Object.entries(set)) result.set(field, value)
      for (const field of unset) result.delete(field)
      const wanted = new Map(Object.entries(after))
      const kept = Object.hasOwn(before, managed) ? before[managed] : undefined
      wanted.delete(managed)
      if (kept !== undefined) wanted.set(managed, kept)
      assert.ok(jsonEqual(Object.fromEntries(result), Object.fromEntries(wanted)))
    }),
  )
})
