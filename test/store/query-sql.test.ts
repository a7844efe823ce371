import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { filterPredicate, recordComparator, targetValue } from '../../sdk/filter/evaluate.ts'
import { parseOrder } from '../../sdk/filter/order.ts'
import { filterDepthMax, filterPartsMax, parseFilter } from '../../sdk/filter/parse-filter.ts'
import { resolveTarget } from '../../sdk/filter/target.ts'
import { canonicalJson, type Json, type JsonObject } from '../../sdk/json.ts'
import type { Lifecycle, Record } from '../../sdk/model.ts'
import { Sample, sampleRecord } from '../filter/sample-type.ts'
import { orderableField, orderBy, records, where } from './query-arbitraries.ts'
import { openSampleTable, type SampleQuery } from './sample-store.ts'

const numRuns = process.env.ORION_LONG === '1' ? 20_000 : 300
const lifecycles = fc.subarray<Lifecycle>(['active', 'archived', 'deleted'], { minLength: 1 })
const all: readonly Lifecycle[] = ['active', 'archived', 'deleted']

/** What a list should hold, by the evaluator. */
function expected(from: readonly Record[], query: SampleQuery): readonly Record[] {
  const fits = filterPredicate(parseFilter(Sample.definition, query.where))
  const order = parseOrder(Sample.definition, query.orderBy)
  return from
    .filter((record) => query.lifecycle.includes(record.lifecycle) && fits(record))
    .sort(recordComparator(order))
}

test('a list from SQL, page by page, is the list of the evaluator', async (t) => {
  const table = await openSampleTable(t)
  const pageLimit = fc.integer({ min: 1, max: 5 })
  fc.assert(
    fc.property(
      records,
      fc.array(fc.tuple(where, orderBy, lifecycles, pageLimit), { minLength: 5, maxLength: 5 }),
      (stored, queries) => {
        table.fill(stored)
        for (const [filter, order, lifecycle, limit] of queries) {
          const query = { where: filter, orderBy: order, lifecycle }
          const wanted = expected(stored, query).map((record) => record.id)
          assert.deepEqual(table.list(query, limit), wanted, JSON.stringify(query))
          assert.equal(table.count(query), wanted.length)
        }
      },
    ),
    { numRuns },
  )
})

test('the groups of a count are those of the evaluator', async (t) => {
  const table = await openSampleTable(t)
  fc.assert(
    fc.property(records, where, orderableField, (stored, filter, field) => {
      table.fill(stored)
      const query = { where: filter, lifecycle: all }
      const target = resolveTarget(Sample.definition, { name: field, path: '' })
      const counts = new Map<string, number>()
      for (const record of expected(stored, query)) {
        const value = groupText(targetValue(target, record))
        counts.set(value, (counts.get(value) ?? 0) + 1)
      }
      const groups = table.groups(query, field)
      const told = new Map(groups.map(({ value, count }) => [groupText(value), count]))
      assert.equal(told.size, groups.length)
      assert.deepEqual(new Map([...told].sort()), new Map([...counts].sort()))
      const sizes = groups.map((group) => group.count)
      assert.deepEqual(
        sizes,
        sizes.toSorted((left, right) => right - left),
      )
    }),
    { numRuns },
  )
})

/** Objects inside free JSON are grouped by their text, in the order in which their members were written. */
function groupText(value: Json): string {
  return typeof value === 'object' ? JSON.stringify(value) : canonicalJson(value)
}

test('a page goes on after its cursor while others write', async (t) => {
  const table = await openSampleTable(t)
  const stored = ['a', 'c', 'e', 'g'].map((id) => sampleRecord({ count: 1 }, { id }))
  table.fill(stored)
  const query = { orderBy: [{ field: 'count' }], lifecycle: all }
  const first = table.page({ ...query, limit: 2 })
  assert.deepEqual(first.ids, ['a', 'c'])
  // The last record of the page goes, one appears in front of it and one behind.
  table.fill([...stored.slice(2), ...['b', 'd'].map((id) => sampleRecord({ count: 1 }, { id }))])
  assert.deepEqual(table.list({ ...query, after: first.next }), ['d', 'e', 'g'])
})

test('there is no cursor after the last page, even a full one', async (t) => {
  const table = await openSampleTable(t)
  table.fill(['a', 'b'].map((id) => sampleRecord({}, { id })))
  assert.equal(table.page({ lifecycle: all, limit: 2 }).next, undefined)
  assert.ok(table.page({ lifecycle: all, limit: 1 }).next)
})

const sameShape: readonly (readonly [JsonObject, JsonObject])[] = [
  [{ title: 'x' }, { title: 'it"s' }],
  [{ count: { in: [1, 2] } }, { count: { in: Array.from({ length: 1000 }, (_, n) => n) } }],
  [{ title: { startsWith: 'a' } }, { title: { startsWith: '저장' } }],
  [{ title: { endsWith: 'a' } }, { title: { endsWith: '저장' } }],
  [{ 'free.a': { contains: 'x' } }, { 'free.b.c': { contains: 'y' } }],
]
for (const [left, right] of sameShape) {
  const shape = JSON.stringify(left)
  test(`the SQL of ${shape} does not depend on its values`, async (t) => {
    const table = await openSampleTable(t)
    const sqlOf = (filter: JsonObject) =>
      table.compileList({ where: filter, lifecycle: ['active'], limit: filter === left ? 1 : 2 })
        .sql
    const normal = (sql: string) => sql.replaceAll(/json_(extract|type|each)\("free", \?\)/g, '')
    assert.equal(normal(sqlOf(left)), normal(sqlOf(right)))
  })
}

/** What random data meets too seldom: values that SQLite by itself would take for others. */
const lookalikes: readonly (readonly [data: JsonObject, filter: JsonObject, fits: boolean])[] = [
  [{ free: { a: 2 ** 62 } }, { 'free.a': 2 ** 62 }, true],
  [{ free: { a: 2 ** 62 } }, { 'free.a': { in: [2 ** 62, 1] } }, true],
  [{ free: { a: [2 ** 62] } }, { 'free.a': { contains: 2 ** 62 } }, true],
  [{ inner: { size: 2 ** 62 } }, { 'inner.size': 2 ** 62 }, true],
  [{ inner: { size: 2 ** 62 } }, { 'inner.size': { gt: 2 ** 62 } }, false],
  [{ score: 2 ** 62 }, { score: { in: [2 ** 62, 1] } }, true],
  [{ title: '\ue000' }, { title: { startsWith: '\ud7ff' } }, false],
  [{ title: '\ud7ff\u{10ffff}\u{10ffff}' }, { title: { startsWith: '\ud7ff' } }, true],
  [{ title: '\u{10ffff}a' }, { title: { startsWith: '\u{10ffff}' } }, true],
  [{ title: 'b' }, { title: { startsWith: 'a\u{10ffff}' } }, false],
  [{ free: { a: [[1]] } }, { 'free.a': { contains: '[1]' } }, false],
  [{ free: { a: [true] } }, { 'free.a': { contains: 1 } }, false],
  [{ free: { a: [1] } }, { 'free.a': { contains: true } }, false],
  [{ free: { a: { b: 'x' } } }, { 'free.a': { contains: 'x' } }, false],
  [{ free: { a: 5 } }, { 'free.a': { contains: 5 } }, false],
  [{ free: { a: [1] } }, { 'free.a': '[1]' }, false],
  [{ free: { a: true } }, { 'free.a': 1 }, false],
]
for (const [data, where, fits] of lookalikes) {
  const told = JSON.stringify(where)
  test(`${JSON.stringify(data)} ${fits ? 'fits' : 'does not fit'} ${told}`, async (t) => {
    const table = await openSampleTable(t)
    table.fill([sampleRecord(data)])
    assert.deepEqual(table.list({ where, lifecycle: all }), fits ? ['a'] : [])
    assert.deepEqual(table.list({ where: { not: where }, lifecycle: all }), fits ? [] : ['a'])
    const evaluated = filterPredicate(parseFilter(Sample.definition, where))
    assert.equal(evaluated(sampleRecord(data)), fits)
  })
}

/** Texts with NUL, each against what SQLite's own functions would make of it. */
const withNul: readonly (readonly [filter: JsonObject, fits: boolean])[] = [
  [{ title: 'a' }, false],
  [{ title: 'a\0b' }, true],
  [{ title: { contains: 'b' } }, true],
  [{ title: { contains: '\0' } }, true],
  [{ title: { endsWith: 'b' } }, true],
  [{ title: { endsWith: '\0b' } }, true],
  [{ title: { endsWith: 'a' } }, false],
  [{ title: { startsWith: 'a\0b' } }, true],
  [{ title: { startsWith: 'a\0c' } }, false],
  [{ title: { gt: 'a' } }, true],
  [{ title: { in: ['x', 'a\0b'] } }, true],
  [{ tags: { contains: '\0' } }, true],
  [{ tags: { contains: '' } }, false],
  [{ 'free.a': '\0' }, true],
  [{ 'free.a': { endsWith: '\0' } }, true],
]
for (const [filter, fits] of withNul) {
  test(`a text with NUL ${fits ? 'fits' : 'does not fit'} ${JSON.stringify(filter)}`, async (t) => {
    const table = await openSampleTable(t)
    const record = sampleRecord({ title: 'a\0b', tags: ['\0'], free: { a: '\0' } })
    table.fill([record])
    assert.deepEqual(table.list({ where: filter, lifecycle: all }), fits ? ['a'] : [])
  })
}

test('the largest filters that are allowed run', async (t) => {
  const table = await openSampleTable(t)
  table.fill([sampleRecord({ count: 1 })])
  const run = (filter: JsonObject) => table.list({ where: filter, lifecycle: all })
  const wide = Array.from({ length: 330 }, (_, n) => ({ count: { ne: n + 2 } }))
  assert.equal(wide.length * 3 < filterPartsMax, true)
  assert.deepEqual(run({ and: wide }), ['a'])
  assert.deepEqual(run({ or: wide }), ['a'])
  const members = Array.from({ length: filterPartsMax }, (_, n) => [`free.m${n}`, null])
  assert.deepEqual(run(Object.fromEntries(members)), ['a'])
  let deep: JsonObject = { and: wide.slice(0, 100) }
  for (let level = 3; level < filterDepthMax; level += 2)
    deep = { not: { or: [deep, { count: 0 }] } }
  const fits = filterPredicate(parseFilter(Sample.definition, deep))(sampleRecord({ count: 1 }))
  assert.deepEqual(run(deep), fits ? ['a'] : [])
})

test('a prefix, a range and an equality each enter an index', async (t) => {
  const table = await openSampleTable(t)
  const planOf = (filter: JsonObject) => table.plan({ where: filter, lifecycle: all })
  for (const title of ['x', { startsWith: 'x' }, { in: ['x', 'y'] }, { between: ['x', 'y'] }]) {
    assert.match(
      planOf({ title }),
      /SEARCH r_Sample USING INDEX r_Sample__title/,
      JSON.stringify(title),
    )
  }
})

test('a later page enters the index of its order where it goes on', async (t) => {
  const table = await openSampleTable(t)
  table.fill(['a', 'b', 'c'].map((id) => sampleRecord({}, { id })))
  const { next } = table.page({ lifecycle: ['active'], limit: 2 })
  const plan = table.plan({ lifecycle: ['active'], after: next })
  assert.match(plan, /SEARCH r_Sample USING INDEX r_Sample__created_at/)
  assert.doesNotMatch(plan, /TEMP B-TREE/)
})
