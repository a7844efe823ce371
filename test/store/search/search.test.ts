/** Searching a store's records: what is found, in which order, and that every write is seen. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { StoreApi } from '../../../daemon/store/store-api.ts'
import { list, number, text } from '../../../sdk/field.ts'
import type { Version } from '../../../sdk/model.ts'
import { defineRecordType } from '../../../sdk/record-type.ts'
import { caller, openTestStore, type TestStoreOptions } from '../../support/store.ts'

export const Page = defineRecordType('Page', {
  fields: {
    title: text({ searchable: 3 }),
    body: text({ optional: true, searchable: true }),
    tags: list(text(), { default: [], searchable: 2 }),
    rank: number({ default: 0 }),
  },
})
export const Memo = defineRecordType('Memo', {
  fields: { words: text({ searchable: true }), rank: number({ default: 0 }) },
})
const Plain = defineRecordType('Plain', { fields: { words: text() } })

const open = (t: TestContext, more: TestStoreOptions = {}): Promise<StoreApi> =>
  openTestStore(t, { types: [Page.definition, Memo.definition, Plain.definition], ...more })

const put = (store: StoreApi, id: string, title: string, more: object = {}) =>
  store.create({ type: 'Page', id, data: { title, ...more } }, caller())

const ids = async (store: StoreApi, query: string, more: object = {}): Promise<string[]> =>
  (await store.search({ query, ...more }, caller())).hits.map(({ record }) => record.id)

test('words are all looked for, any of them, none of them, in phrases, and by their beginnings', async (t) => {
  const store = await open(t)
  await put(store, 'a', 'the build cache is cold on Mondays')
  await put(store, 'b', 'a cold start of the daemon')
  await put(store, 'c', 'cache the build')
  const found = async (query: string): Promise<string> => (await ids(store, query)).sort().join('')
  const cases: [string, string][] = [
    ['cold', 'ab'],
    ['COLD', 'ab'],
    ['build cache', 'ac'],
    ['cold build', 'a'],
    ['daemon OR cache', 'abc'],
    ['daemon | cache', 'abc'],
    ['cold -daemon', 'a'],
    ['cold NOT daemon', 'a'],
    ['"build cache"', 'a'],
    ['"cache build"', ''],
    ['dae*', 'b'],
    ['(daemon OR mondays) cold', 'ab'],
    ['cold (daemon OR nothing)', 'b'],
    ['nothing', ''],
  ]
  for (const [query, expected] of cases) assert.equal(await found(query), expected, query)
})

test('letters are found whatever their case, accents, width and composition, and Korean inside of words', async (t) => {
  const store = await open(t)
  await put(store, 'a', 'Café CRÈME in İstanbul, Straße 12, ΟΔΟΣ')
  await put(store, 'b', '저장소를 잠근다. Redis캐시가 비었다')
  await put(store, 'c', '東京都の天気 データベース ｶﾞｷﾞ'.normalize('NFD'))
  await put(store, 'd', 'memory.save_insight failed')
  const cases: [string, string][] = [
    ['cafe', 'a'],
    ['CAFÉ'.normalize('NFD'), 'a'],
    ['creme istanbul', 'a'],
    ['STRASSE', 'a'],
    ['οδοσ', 'a'],
    ['저장소', 'b'],
    ['저장소'.normalize('NFD'), 'b'],
    ['장소', 'b'],
    ['저', 'b'],
    ['다', 'b'],
    ['저장고', ''],
    ['캐시', 'b'],
    ['redis캐시', 'b'],
    ['redis', 'b'],
    ['"저장소를 잠근다"', 'b'],
    ['"잠근다 저장소"', ''],
    ['東京', 'c'],
    ['京都', 'c'],
    ['気', 'c'],
    ['データ', 'c'],
    ['テータ', ''],
    ['ガギ', 'c'],
    ['save_insight', 'd'],
    ['insight_save', ''],
    ['save insight', 'd'],
  ]
  for (const [query, expected] of cases)
    assert.deepEqual((await ids(store, query)).join(''), expected, query)
})

/** Queries that look for nothing. */
const refused = [
  '',
  ' ',
  '"',
  '""',
  '-near',
  'NOT near',
  '*',
  '()',
  '((()))',
  '\0',
  '-',
  '\ud800',
  '…!?',
  'OR',
]

test('no text breaks a query: it finds something, nothing, or is refused with what was expected', async (t) => {
  const store = await open(t)
  await put(store, 'a', 'near or and not "quoted" text')
  const harmless = [
    ...[
      '"near',
      'near"',
      '(near',
      'near)',
      ') near (',
      'near OR',
      'OR near',
      'near AND',
      'NOT NOT near',
    ],
    ...[
      'near -',
      'near*',
      '*near',
      'title:near',
      '{title}: near',
      '^near',
      'near/2 NEAR',
      'near;--',
      "near'",
    ],
    ...[
      'near\0',
      'near \ud800',
      '\udfff near',
      'near \ue000',
      'NEAR(near)',
      'near + near',
      '+near',
      'near || near',
    ],
  ]
  for (const query of harmless) {
    const { hits } = await store.search({ query }, caller())
    assert.ok(hits.length <= 1, query)
  }
  assert.deepEqual(await ids(store, 'near'), ['a'])
  for (const query of refused) {
    await assert.rejects(store.search({ query }, caller()), { kind: 'invalid_request' }, query)
  }
  const long = [
    'x '.repeat(100_000),
    'x'.repeat(2001),
    '('.repeat(9),
    'x y '.repeat(50),
    '가'.repeat(1000),
  ]
  for (const query of long)
    await assert.rejects(store.search({ query }, caller()), { kind: 'too_large' })
})

test('rare words count more than common ones, heavy fields more than light ones, short records more than long ones', async (t) => {
  const store = await open(t)
  for (let index = 0; index < 20; index += 1)
    await put(store, `n${index}`, 'common words in all of them')
  await put(store, 'light', 'something', { body: 'zebra' })
  await put(store, 'heavy', 'zebra', { body: 'something' })
  await put(store, 'long', 'something', { body: `zebra ${'and more of it '.repeat(20)}` })
  assert.deepEqual(await ids(store, 'zebra'), ['heavy', 'light', 'long'])
  await put(store, 'rare', 'quagga')
  assert.equal((await ids(store, 'common OR quagga'))[0], 'rare')
  const { hits } = await store.search({ query: 'common', limit: 3 }, caller())
  assert.deepEqual(
    hits.map(({ record }) => record.id),
    ['n19', 'n18', 'n17'],
    'of equal ones the newest',
  )
})

test('types are ranked together, named or all that may be read, and what is not searchable is said', async (t) => {
  const store = await open(t)
  await put(store, 'p', 'a walk in the park')
  await store.create({ type: 'Memo', id: 'm', data: { words: 'the park' } }, caller())
  await store.create({ type: 'Plain', id: 'x', data: { words: 'the park' } }, caller())
  const all = await store.search({ query: 'park' }, caller())
  assert.deepEqual(all.hits.map(({ record }) => record.type).sort(), ['Memo', 'Page'])
  assert.deepEqual(await ids(store, 'park', { types: ['Memo'] }), ['m'])
  const blind = caller('some', { mayRead: (type) => type !== 'Memo' })
  assert.deepEqual(
    (await store.search({ query: 'park' }, blind)).hits.map(({ record }) => record.id),
    ['p'],
  )
  await assert.rejects(store.search({ query: 'park', types: ['Plain'] }, caller()), {
    kind: 'invalid_request',
  })
  await assert.rejects(store.search({ query: 'park', types: ['Pages'] }, caller()), {
    kind: 'unknown_type',
  })
})

test('filters, lifecycles and fields go with the words', async (t) => {
  const store = await open(t)
  await put(store, 'a', 'green tea', { rank: 1 })
  await put(store, 'b', 'green apple', { rank: 2 })
  await put(store, 'c', 'green house', { rank: 3 })
  await store.create({ type: 'Memo', id: 'm', data: { words: 'green', rank: 9 } }, caller())
  await store.archive({ type: 'Page', id: 'c', expectedVersion: 1 as Version }, caller())
  assert.deepEqual((await ids(store, 'green', { where: { rank: { gte: 2 } } })).sort(), ['b', 'm'])
  assert.deepEqual(await ids(store, 'green', { where: { title: { startsWith: 'green t' } } }), [
    'a',
  ])
  assert.deepEqual(await ids(store, 'green', { lifecycle: ['archived'] }), ['c'])
  await assert.rejects(store.search({ query: 'green', where: { nothing: 1 } }, caller()), {
    kind: 'invalid_request',
  })
  await assert.rejects(
    store.search({ query: 'green', types: ['Page', 'Memo'], where: { title: 'x' } }, caller()),
    { kind: 'invalid_request' },
  )
  const { hits } = await store.search({ query: 'tea', fields: ['rank'] }, caller())
  assert.deepEqual(hits[0]?.record.data, { rank: 1 })
  await assert.rejects(store.search({ query: 'tea', fields: ['rnk'] }, caller()), /rnk/)
})

test('a snippet is a part of the record’s own text, with marks beside it', async (t) => {
  const store = await open(t)
  const shown = async (query: string): Promise<[string, string, string[]]> => {
    const { hits } = await store.search({ query, highlight: true }, caller())
    const { field = '', text = '', marks = [] } = hits[0]?.snippet ?? {}
    return [field, text, marks.map(([from, to]) => text.slice(from, to))]
  }
  await put(store, 'a', 'The <b>Büro</b> of 저장소를 [잠근다]')
  assert.deepEqual(await shown('buro'), ['title', 'The <b>Büro</b> of 저장소를 [잠근다]', ['Büro']])
  assert.deepEqual((await shown('저장소 büro'))[2], ['Büro', '저장소'])
  assert.deepEqual((await shown('잠*'))[2], ['잠'])
  const body = `${'filling of words '.repeat(40)}the needle is here${' and more of it'.repeat(40)}`
  await put(store, 'b', 'a haystack', { body, tags: ['sharp thing'] })
  const [field, text, marked] = await shown('needle')
  assert.deepEqual([field, marked], ['body', ['needle']])
  assert.ok(text.length < 250 && text.startsWith('…') && text.endsWith('…'), text)
  assert.deepEqual(await shown('sharp'), ['tags', 'sharp thing', ['sharp']])
})

test('pages follow one another although others write, and a cursor fits its own search alone', async (t) => {
  const store = await open(t)
  for (let index = 0; index < 30; index += 1) {
    await put(store, `p${index}`, `word ${'other '.repeat(index % 7)}`, { rank: index })
  }
  const whole = await ids(store, 'word other', { limit: 100 })
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = await store.search(
      { query: 'word other', limit: 4, ...(after && { after }) },
      caller(),
    )
    seen.push(...page.hits.map(({ record }) => record.id))
    after = page.next
    // What changes how rare the words are must not move those that are there.
    await put(store, `new${seen.length}`, 'unlike the others')
    await store.create({ type: 'Memo', data: { words: 'word' } }, caller())
  } while (after !== undefined)
  assert.deepEqual(seen, whole)
  const { next = '' } = await store.search({ query: 'word', limit: 1 }, caller())
  const refuse = (params: object) =>
    assert.rejects(store.search({ query: 'word', ...params }, caller()), {
      kind: 'invalid_request',
    })
  await refuse({ after: next, query: 'other' })
  await refuse({ after: next, types: ['Page'] })
  await refuse({ after: `${next}x` })
  await refuse({ after: next.replace(/^./, 'X') })
  await refuse({ after: '' })
  const list = await store.list({ type: 'Page', limit: 1 }, caller())
  await refuse({ after: list.next ?? '' })
})
