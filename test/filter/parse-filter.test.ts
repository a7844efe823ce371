import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOrionError } from '../../sdk/errors.ts'
import {
  filterContainsMaxLength,
  filterDepthMax,
  filterPartsMax,
  filterValuesMax,
  parseFilter,
} from '../../sdk/filter/parse-filter.ts'
import { Sample } from './sample-type.ts'

function errorOf(where: unknown): {
  kind: string
  path?: string | undefined
  meant?: string | undefined
} {
  try {
    parseFilter(Sample.definition, where)
  } catch (error) {
    if (isOrionError(error, 'invalid_request')) {
      const { issues, didYouMean } = error.data
      return { kind: error.kind, path: issues?.[0]?.path, meant: didYouMean }
    }
    if (isOrionError(error)) return { kind: error.kind }
    throw error
  }
  return { kind: 'none' }
}

const refused: readonly (readonly [name: string, where: unknown, path: string, meant?: string])[] =
  [
    ['a text for a filter', 'title', ''],
    ['a list for a filter', [], ''],
    ['null for a filter', null, ''],
    ['an unknown field', { titel: 'x' }, 'titel', 'title'],
    ['an unknown field like nothing known', { qqqqqqqqqq: 'x' }, 'qqqqqqqqqq'],
    ['an unknown field of the envelope', { createdat: 'x' }, 'createdat', 'createdAt'],
    ['a member of the prototype', { constructor: 'x' }, 'constructor'],
    ['an own __proto__', JSON.parse('{"__proto__": {"eq": 1}}'), '__proto__'],
    ['the data as a whole', { data: null }, 'data'],
    ['an unknown operator', { title: { equals: 'x' } }, 'title.equals'],
    ['a mistyped operator', { title: { startWith: 'x' } }, 'title.startWith', 'startsWith'],
    ['LIKE', { title: { like: '%x%' } }, 'title.like'],
    ['no operator', { title: {} }, 'title'],
    ['a list where a value is wanted', { title: ['x'] }, 'title'],
    ['a number for a text', { title: 5 }, 'title'],
    ['a lone surrogate', { title: 'a\ud800' }, 'title'],
    ['a text for an integer', { count: '5' }, 'count'],
    ['a fraction for an integer', { count: { eq: 1.5 } }, 'count.eq'],
    ['a number beyond all bounds', { score: { gt: Number.POSITIVE_INFINITY } }, 'score.gt'],
    ['an instant without a zone', { due: { gt: '2026-11-22 09:30' } }, 'due.gt'],
    ['a text for a boolean', { done: 'true' }, 'done'],
    ['an order of booleans', { done: { gt: false } }, 'done.gt'],
    [
      'an unknown value of an enumeration',
      { level: { in: ['low', 'hihg'] } },
      'level.in.1',
      'high',
    ],
    ['an order of an enumeration', { level: { gt: 'low' } }, 'level.gt'],
    ['a substring of an instant', { due: { contains: '2026' } }, 'due.contains'],
    ['a value for a list', { tags: 'x' }, 'tags'],
    ['a list for a list', { tags: { eq: ['x'] } }, 'tags.eq'],
    ['a number in a list of texts', { tags: { contains: 5 } }, 'tags.contains'],
    ['null in a list', { tags: { contains: null } }, 'tags.contains'],
    ['an object in a list of objects', { parts: { contains: { path: 'x' } } }, 'parts.contains'],
    ['a value for an object', { inner: 'x' }, 'inner'],
    ['an object as it is nested', { inner: { name: 'x' } }, 'inner.name'],
    ['a member of a text', { 'title.length': 1 }, 'title.length'],
    ['a member of a list', { 'parts.path': 'x' }, 'parts.path'],
    ['an unknown member', { 'inner.nmae': 'x' }, 'inner.nmae', 'inner.name'],
    ['an empty member', { 'free.': 'x' }, 'free.'],
    ['a member with a quotation mark', { 'free.a"b': 'x' }, 'free.a"b'],
    ['a member with a backslash', { 'free.a\\b': 'x' }, 'free.a\\b'],
    ['a member with a NUL', { 'free.a\0': 'x' }, 'free.a\0'],
    ['a list inside json', { 'free.a': { eq: [1] } }, 'free.a.eq'],
    ['a boolean as a bound inside json', { 'free.a': { gt: true } }, 'free.a.gt'],
    ['null as a bound', { count: { gt: null } }, 'count.gt'],
    ['one value for between', { count: { between: [1] } }, 'count.between'],
    ['a value for between', { count: { between: 1 } }, 'count.between'],
    ['two kinds for between', { 'free.a': { between: [1, 'b'] } }, 'free.a.between'],
    ['a value for in', { title: { in: 'x' } }, 'title.in'],
    ['a text for isNull', { note: { isNull: 'yes' } }, 'note.isNull'],
    ['a number for startsWith', { title: { startsWith: 1 } }, 'title.startsWith'],
    ['an object for and', { and: { title: 'x' } }, 'and'],
    ['a list for not', { not: [{ title: 'x' }] }, 'not'],
    ['a text among groups', { or: [{ title: 'x' }, 'y'] }, 'or.1'],
    [
      'a problem deep inside',
      { or: [{ not: { and: [{}, { count: 'x' }] } }] },
      'or.0.not.and.1.count',
    ],
  ]
for (const [name, where, path, meant] of refused) {
  test(`${name} is refused with its place`, () => {
    assert.deepEqual(errorOf(where), { kind: 'invalid_request', path, meant })
  })
}

const accepted: readonly (readonly [name: string, where: unknown])[] = [
  ['nothing', undefined],
  ['an empty object', {}],
  ['empty groups', { and: [], or: [] }],
  ['every member of the envelope', { id: 'a', version: 1, createdBy: 'b', updatedBy: { ne: 'c' } }],
  ['a fraction as the bound of an integer', { count: { gt: 0.5 } }],
  ['an offset in an instant', { due: { lt: '2026-11-22T09:30:12+09:00' } }],
  [
    'members of objects and of json',
    { 'inner.free.a.b': 1, 'inner.name': 'x', 'free.빌드.0': true },
  ],
  ['null for everything', { title: null, tags: null, inner: null, free: null, 'free.a': null }],
]
for (const [name, where] of accepted) {
  test(`${name} is accepted`, () => assert.equal(errorOf(where).kind, 'none'))
}

test('an instant is brought to its canonical form', () => {
  const filter = parseFilter(Sample.definition, { due: { gte: '2026-11-22T18:30:00.5+09:00' } })
  assert.equal(filter.op === 'compare' && filter.value, '2026-11-22T09:30:00.500000Z')
})

/** `not` in `not`, so that the filter has this many levels. */
function nested(levels: number): object {
  return levels === 1 ? {} : { not: nested(levels - 1) }
}

test('a filter may be as deep as the limit and no deeper', () => {
  assert.equal(errorOf(nested(filterDepthMax)).kind, 'none')
  assert.equal(errorOf(nested(filterDepthMax + 1)).kind, 'too_large')
})

test('a filter a million levels deep is refused without exhausting the stack', () => {
  let where: object = {}
  for (let level = 0; level < 1_000_000; level++) where = { not: where }
  assert.equal(errorOf(where).kind, 'too_large')
})

test('a filter may have as many parts as the limit and no more', () => {
  const parts = (count: number) => ({ and: Array.from({ length: count }, () => ({})) })
  assert.equal(errorOf(parts(filterPartsMax - 1)).kind, 'none')
  assert.equal(errorOf(parts(filterPartsMax)).kind, 'too_large')
})

test('`in` may have as many values as the limit and no more', () => {
  const values = (count: number) => ({ count: { in: Array.from({ length: count }, (_, i) => i) } })
  assert.equal(errorOf(values(filterValuesMax)).kind, 'none')
  assert.equal(errorOf(values(filterValuesMax + 1)).kind, 'too_large')
})

test('`contains` may look for as many characters as the limit and no more', () => {
  const texts = (length: number) => ({
    or: [{ title: { contains: 'a'.repeat(100) } }, { title: { contains: 'b'.repeat(length) } }],
  })
  assert.equal(errorOf(texts(filterContainsMaxLength - 100)).kind, 'none')
  assert.equal(errorOf(texts(filterContainsMaxLength - 99)).kind, 'too_large')
})
