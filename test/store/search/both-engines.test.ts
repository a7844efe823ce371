/** The same records and queries on both engines: the same hits in the same order, with the same scores. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { engineNames } from '../../../daemon/store/engine/load-engine.ts'
import type { StoreApi } from '../../../daemon/store/store-api.ts'
import { list, text } from '../../../sdk/field.ts'
import { defineRecordType } from '../../../sdk/record-type.ts'
import { caller, openTestStore } from '../../support/store.ts'

const owner = caller()
const Found = defineRecordType('Found', {
  fields: {
    title: text({ searchable: 3 }),
    tags: list(text(), { searchable: true }),
    body: text({ searchable: true, optional: true }),
  },
})
const words = [
  'cab',
  'cabin',
  'Café',
  'dab',
  'ab',
  'a',
  'save_insight',
  '저장소',
  '저장',
  '장소',
  '東京都',
]
const phrase = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 })
const sentence = phrase.map((some) => some.join(' '))
const data = fc.record(
  { title: sentence, tags: fc.array(sentence, { maxLength: 2 }), body: sentence },
  { requiredKeys: ['title', 'tags'] },
)
const { query } = fc.letrec<{ query: string; part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...words),
    fc.constantFrom(...words).map((word) => `${word.slice(0, 2)}*`),
    phrase.map((some) => `"${some.slice(0, 3).join(' ')}"`),
    tie('query').map((inner) => `(${inner})`),
  ),
  query: fc
    .tuple(
      tie('part'),
      fc.array(fc.tuple(fc.constantFrom(' ', ' OR ', ' -', ' NOT '), tie('part')), {
        maxLength: 3,
      }),
    )
    .map(([first, rest]) => first + rest.map(([sign, part]) => sign + part).join('')),
}))

test('random queries find the same with the same scores on both engines', async (t) => {
  let found = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(data, { minLength: 5, maxLength: 25 }),
      fc.array(query, { minLength: 20, maxLength: 20 }),
      fc.array(fc.nat(24), { maxLength: 6 }),
      async (records, queries, changed) => {
        const stores: StoreApi[] = []
        for (const engine of engineNames) stores.push(await storeOn(t, engine, records, changed))
        for (const asked of queries) {
          const [one, other] = await Promise.all(stores.map((store) => hitsOf(store, asked)))
          assert.deepEqual(one, other, asked)
          found += one?.length ?? 0
        }
        for (const store of stores) await store.close()
      },
    ),
    { numRuns: process.env.ORION_LONG === '1' ? 200 : 8 },
  )
  assert.ok(found > 100, `${found}`)
})

test('the hits of an alternative are not forgotten with those of the row before it', async (t) => {
  const records = [
    { title: 'cab', tags: ['저장소 cabin'] },
    { title: 'a 저장소 dab', tags: [] },
    { title: 'cab', tags: [] },
  ]
  const stores: StoreApi[] = []
  for (const engine of engineNames) stores.push(await storeOn(t, engine, records, []))
  for (const asked of [
    'cab OR 장소* ("cab cab" OR "a 저장소")',
    '(장소* ("cab cab" OR "a 저장소")) -zip',
    'cab OR (장소* ("cab cab" OR "a 저장소") -zip)',
  ]) {
    const [one, other] = await Promise.all(stores.map((store) => hitsOf(store, asked)))
    assert.deepEqual(one, other, asked)
    assert.equal(one?.flat()[0], 'r1', asked)
  }
})

test('queries nested in every way are taken by both engines, or refused before either is asked', async (t) => {
  const stores: StoreApi[] = []
  for (const engine of engineNames) {
    stores.push(await storeOn(t, engine, [{ title: 'cab dab', tags: [] }], []))
  }
  let taken = 0
  let refused = 0
  for (let levels = 0; levels <= 8; levels++) {
    for (let way = 0; way < 2 ** levels; way += levels < 5 ? 1 : 7) {
      let asked = 'cab'
      for (let level = 0; level < levels; level++) {
        const outer = ((way >> level) & 1) === 0 ? `x${level} -dab OR` : `-y${level} cab`
        asked = `${outer} (${asked}) OR z${level}`
      }
      const [one, other] = await Promise.all(stores.map((store) => hitsOf(store, asked)))
      assert.deepEqual(one, other, asked)
      if (one === undefined) refused++
      else taken++
    }
  }
  assert.ok(taken > 20 && refused > 20, `${taken} ${refused}`)
})

test('what must not be there changes no score of what is found', async (t) => {
  const records = [
    { title: 'cab dab', tags: ['ab'] },
    { title: 'dab cab cab', tags: [] },
    { title: 'ab', tags: ['dab dab', 'cabin'] },
  ]
  for (const engine of engineNames) {
    const store = await storeOn(t, engine, records, [])
    for (const [asked, plain] of [
      ['cab -zip dab', 'cab dab'],
      ['cab -(ab zip) dab', 'cab dab'],
      ['(cab -zip) dab OR cabin', 'cab dab OR cabin'],
      ['zip -cab OR cab -zip', 'zip OR cab'],
    ] as const) {
      assert.deepEqual(await hitsOf(store, asked), await hitsOf(store, plain), `${engine} ${asked}`)
    }
  }
})

async function storeOn(
  t: TestContext,
  engine: string,
  records: readonly object[],
  changed: readonly number[],
): Promise<StoreApi> {
  const before = process.env.ORION_ENGINE
  process.env.ORION_ENGINE = engine
  const store = await openTestStore(t, { types: [Found.definition] })
  if (before === undefined) delete process.env.ORION_ENGINE
  else process.env.ORION_ENGINE = before
  const operations = records.map((one, index) => {
    return { op: 'create' as const, type: 'Found', id: `r${index}`, data: { ...one } }
  })
  await store.transact({ operations }, owner)
  // What is taken out of the index leaves its measures right.
  for (const index of changed) {
    if (index >= records.length) continue
    const set = { title: `cabin ${index}` }
    await store.update({ type: 'Found', id: `r${index}`, force: true, set }, owner)
  }
  return store
}

async function hitsOf(store: StoreApi, asked: string): Promise<unknown[] | undefined> {
  try {
    const { hits } = await store.search({ types: ['Found'], query: asked, limit: 50 }, owner)
    return hits.map(({ record, score }) => [record.id, score.toFixed(9)])
  } catch (error) {
    assert.match(String(error), /expected words to look for|levels of AND, OR and NOT/)
    return undefined
  }
}
