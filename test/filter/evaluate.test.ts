import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterPredicate, recordComparator, sortKeyOf } from '../../sdk/filter/evaluate.ts'
import { parseOrder } from '../../sdk/filter/order.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Record, Version } from '../../sdk/model.ts'
import { Sample, sampleRecord } from './sample-type.ts'

function fits(where: JsonObject, record: Record): boolean {
  return filterPredicate(parseFilter(Sample.definition, where))(record)
}

const record = sampleRecord(
  {
    title: '저장소를 100%_rebuilt',
    count: 5,
    done: false,
    due: '2026-11-22T09:30:12.482913Z',
    level: 'middle',
    tags: ['ci', '빌드'],
    sizes: [1, 2],
    inner: { name: '', size: 0, open: true, words: ['a'], free: { deep: { er: null } } },
    free: { n: 1, t: 'text', yes: true, no: false, nothing: null, list: [1, 'b', true], o: {} },
  },
  { id: 'r-1', version: 7 as Version, createdBy: 'agent:claude' },
)

const holding: readonly JsonObject[] = [
  {},
  { and: [] },
  { title: { contains: '저장소' } },
  { title: { contains: '%_' } },
  { title: { startsWith: '저장' } },
  { title: { endsWith: 'rebuilt' } },
  { title: { startsWith: '', endsWith: '', contains: '' } },
  { title: { gt: 'zzz' } },
  { count: 5 },
  { count: { gt: 4.5, lte: 5 } },
  { count: { between: [5, 5] } },
  { count: { in: [null, 5] } },
  { note: { in: [null, 'x'] } },
  { note: null },
  { note: { isNull: true } },
  { note: { ne: 'x' } },
  { note: { notIn: ['x'] } },
  { not: { note: { gt: 'a' } } },
  { note: { notIn: [] } },
  { done: false },
  { done: { ne: true } },
  { due: '2026-11-22T18:30:12.482913+09:00' },
  { level: { in: ['high', 'middle'] } },
  { tags: { contains: 'ci' } },
  { sizes: { contains: 2 } },
  { parts: { isNull: true } },
  { 'inner.name': '' },
  { 'inner.open': true },
  { 'inner.words': { contains: 'a' } },
  { 'inner.free.deep.er': null },
  { 'inner.free.deep.er.further': null },
  { 'free.n': 1 },
  { 'free.n': { in: ['1', true, 1] } },
  { 'free.t': { contains: 'ex' } },
  { 'free.list': { contains: 'b' } },
  { 'free.list': { contains: true } },
  { 'free.yes': true },
  { 'free.nothing': null },
  { 'free.absent': { isNull: true } },
  { 'free.o': { isNull: false } },
  { id: 'r-1', version: { gte: 7 }, createdBy: { startsWith: 'agent:' } },
  { createdAt: { lt: '2027-01-01T00:00:00Z' } },
  { or: [{ count: 6 }, { count: 5 }] },
  { not: { or: [] } },
]
for (const where of holding) {
  test(`${JSON.stringify(where)} holds`, () => {
    assert.equal(fits(where, record), true)
    assert.equal(fits({ not: where }, record), false)
  })
}

const failing: readonly JsonObject[] = [
  { or: [] },
  { title: { contains: '_%' } },
  { title: { contains: '100%_Rebuilt' } },
  { note: { isNull: false } },
  { note: { contains: '' } },
  { note: { gte: '' } },
  { note: { in: ['x'] } },
  { note: { ne: null } },
  { count: { in: [] } },
  { count: { ne: 5 } },
  { count: { between: [6, 4] } },
  { tags: { contains: 'c' } },
  { sizes: { contains: 3 } },
  { parts: { isNull: false } },
  { 'inner.free.deep': null },
  { 'free.n': true },
  { 'free.n': '1' },
  { 'free.yes': 1 },
  { 'free.t': { gt: 0 } },
  { 'free.n': { lt: 'a' } },
  { 'free.list': { contains: '1' } },
  { 'free.list.0': { isNull: false } },
  { 'free.t.length': { isNull: false } },
  { 'free.__proto__': { isNull: false } },
  { 'free.toString': { isNull: false } },
  { 'free.o': null },
  { version: { gt: 7 } },
]
for (const where of failing) {
  test(`${JSON.stringify(where)} does not hold`, () => {
    assert.equal(fits(where, record), false)
    assert.equal(fits({ not: where }, record), true)
  })
}

interface OrderCase {
  readonly name: string
  readonly orderBy?: readonly JsonObject[]
  readonly records: readonly Record[]
}

/** The records of each case stand in the order expected. */
const orders: readonly OrderCase[] = [
  {
    name: 'newest first, then by id, when nothing is asked',
    records: [
      sampleRecord({}, { id: 'z', createdAt: '2026-11-22T09:30:12.482914Z' }),
      sampleRecord({}, { id: 'a' }),
      sampleRecord({}, { id: 'b' }),
    ],
  },
  {
    name: 'missing first when ascending',
    orderBy: [{ field: 'count' }],
    records: [
      sampleRecord({}, { id: 'b' }),
      sampleRecord({}, { id: 'c' }),
      sampleRecord({ count: -1 }, { id: 'a' }),
      sampleRecord({ count: 10 }, { id: 'd' }),
    ],
  },
  {
    name: 'missing last when descending, ties still by ascending id',
    orderBy: [{ field: 'count', direction: 'desc' }],
    records: [
      sampleRecord({ count: 10 }, { id: 'd' }),
      sampleRecord({ count: 9 }, { id: 'a' }),
      sampleRecord({}, { id: 'b' }),
      sampleRecord({}, { id: 'c' }),
    ],
  },
  {
    name: 'texts by code point, above the surrogates too',
    orderBy: [{ field: 'title' }],
    records: ['', 'A', 'a', 'aa', 'é', '\ufffd', '\u{1f600}'].map((title, index) =>
      sampleRecord({ title }, { id: `${9 - index}` }),
    ),
  },
  {
    name: 'kinds inside json: missing, numbers with booleans, texts',
    orderBy: [{ field: 'free.a' }, { field: 'version', direction: 'desc' }],
    records: [
      sampleRecord({ free: { a: [1] } }, { id: 'a', version: 3 as Version }),
      sampleRecord({ free: {} }, { id: 'b', version: 2 as Version }),
      sampleRecord({ free: { a: null } }, { id: 'c' }),
      sampleRecord({ free: { a: -1 } }),
      sampleRecord({ free: { a: false } }),
      sampleRecord({ free: { a: true } }),
      sampleRecord({ free: { a: 1.5 } }),
      sampleRecord({ free: { a: '0' } }),
    ],
  },
  {
    name: 'by id alone',
    orderBy: [{ field: 'id', direction: 'desc' }],
    records: ['b', 'a', 'B'].map((id) => sampleRecord({}, { id })),
  },
]
for (const { name, orderBy, records } of orders) {
  test(`records are ordered ${name}`, () => {
    const order = parseOrder(Sample.definition, orderBy)
    const sorted = records.toReversed().sort(recordComparator(order))
    const keys = (of: readonly Record[]) => of.map((item) => sortKeyOf(order, item))
    assert.deepEqual(keys(sorted), keys(records))
  })
}

const badOrders: readonly (readonly [orderBy: unknown, path: string])[] = [
  [{ field: 'count' }, 'orderBy'],
  [['count'], 'orderBy.0'],
  [[{ direction: 'asc' }], 'orderBy.0.field'],
  [[{ field: 'cuont' }], 'orderBy.0.field'],
  [[{ field: 'count', direction: 'down' }], 'orderBy.0.direction'],
  [[{ field: 'tags' }], 'orderBy.0.field'],
  [[{ field: 'inner' }], 'orderBy.0.field'],
  [[{ field: 'count' }, { field: 'count', direction: 'desc' }], 'orderBy.1.field'],
]
for (const [orderBy, path] of badOrders) {
  test(`the order ${JSON.stringify(orderBy)} is refused at ${path}`, () => {
    assert.throws(
      () => parseOrder(Sample.definition, orderBy),
      (error: { kind?: unknown; data?: { issues?: { path: string }[] } }) =>
        error.kind === 'invalid_request' && error.data?.issues?.[0]?.path === path,
    )
  })
}
