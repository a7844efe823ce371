/** What a list reads, by the engine's own count, and what is said about it. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { boolean, integer, json, list, text } from '../../sdk/field.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { caller, openTestStore } from '../support/store.ts'

const owner = caller()
/** `npm run bench:records` asks the same of 100,000. */
const recordCount = 20_000
const domains = 200
const type = 'Finding'

const Finding = defineRecordType('Finding', {
  fields: {
    domain: text({ indexed: true }),
    slug: text({ unique: true }),
    rank: integer({ indexed: true }),
    plain: integer(),
    weight: integer(),
    done: boolean({ default: false }),
    tags: list(text(), { default: [] }),
    extra: json({ default: {} }),
  },
  indexes: [['done', 'weight']],
})

let store: StoreApi

before(async (t) => {
  // A turn is long here: whether a list is read at once must not depend on the machine.
  store = await openTestStore(t as never, {
    types: [Finding.definition],
    limits: { turnMaxMs: 60_000 },
  })
  for (let start = 0; start < recordCount; start += 1000) {
    const operations = Array.from({ length: 1000 }, (_, n) => {
      const at = start + n
      const data = {
        domain: `d${at % domains}`,
        slug: `s${at}`,
        rank: at,
        plain: at,
        weight: at % 500,
      }
      return { op: 'create' as const, type, id: `r${at}`, data }
    })
    await store.transact({ operations }, owner)
  }
})

const explain = (where?: JsonObject, more: object = {}) =>
  store.explain({ type, ...(where === undefined ? {} : { where }), ...more }, owner)

/** At most so many rows are read for one page. */
const cheap: readonly (readonly [
  name: string,
  where: JsonObject | undefined,
  more: object,
  readMax: number,
])[] = [
  ['one value of an indexed field', { domain: 'd7' }, { limit: 100 }, 100],
  ['several values of it', { domain: { in: ['d7', 'd8', 'd9'] } }, { limit: 1000 }, 300],
  ['alternatives that are both indexed', { or: [{ domain: 'd7' }, { slug: 's9' }] }, {}, 101],
  ['a unique value', { slug: 's15000' }, {}, 1],
  ['an id', { id: 'r17' }, {}, 1],
  ['a range', { rank: { between: [5000, 5049] } }, {}, 50],
  ['a prefix', { slug: { startsWith: 's1234' } }, {}, 11],
  ['two fields of one index', { done: false, weight: 3 }, {}, 40],
  ['an indexed field and another condition', { domain: 'd7', plain: { gt: 10_000 } }, {}, 100],
  ['nothing but the newest', undefined, { limit: 50 }, 52],
  ['an indexed field as the order', undefined, { orderBy: [{ field: 'rank' }], limit: 50 }, 52],
  [
    'the same from the other end',
    undefined,
    { orderBy: [{ field: 'rank', direction: 'desc' }], limit: 50 },
    52,
  ],
]
for (const [name, where, more, readMax] of cheap) {
  test(`a list by ${name} reads only what it needs of ${recordCount} records`, async () => {
    const explained = await explain(where, more)
    assert.ok(explained.complete)
    assert.ok(explained.rows.read <= readMax, JSON.stringify(explained, null, 1))
    assert.ok(explained.rows.answered > 0)
    assert.equal(explained.rows.table, recordCount)
    assert.deepEqual(explained.advice, [])
    assert.notEqual(explained.sorted === 'memory' && explained.rows.read > 300, true)
  })
}

test('each page reads as much as the first, however deep it lies', async () => {
  for (const orderBy of [
    undefined,
    [{ field: 'rank' }],
    [{ field: 'rank', direction: 'desc' as const }],
  ]) {
    const query = { type, limit: 1000, ...(orderBy === undefined ? {} : { orderBy }) }
    const first = await explain(undefined, query)
    let page = await store.list(query, owner)
    for (let n = 0; n < 15; n++) page = await store.list({ ...query, after: page.next }, owner)
    const deep = await explain(undefined, { ...query, after: page.next })
    assert.ok(deep.rows.read <= first.rows.read + 2, `${deep.rows.read} against ${first.rows.read}`)
    assert.equal(deep.rows.answered, 1000)
  }
})

/** What reads everything, with what is advised against it. */
const costly: readonly (readonly [
  where: JsonObject,
  more: object,
  index: string[] | undefined,
  text: RegExp,
])[] = [
  [{ plain: 5 }, {}, ['plain', 'createdAt'], /indexes: \[\["plain", "createdAt"\]\]/],
  [{ plain: { gt: 19_990 } }, {}, ['plain'], /indexes: \[\["plain"\]\]/],
  [{ weight: 5, plain: { lt: 900 } }, {}, ['weight', 'plain'], /\["weight", "plain"\]/],
  [{ plain: 5 }, { orderBy: [{ field: 'weight' }] }, ['plain', 'weight'], /\["plain", "weight"\]/],
  [{ 'extra.a': 1 }, {}, undefined, /inside of an object has no index/],
  [{ tags: { contains: 'x' } }, {}, undefined, /what is in a list/],
  [{ slug: { contains: 'zz' } }, {}, undefined, /how a text begins/],
  [{ domain: { ne: 'd1' }, 'extra.a': 1 }, {}, undefined, /may be anywhere/],
]
for (const [where, more, index, text] of costly) {
  test(`a list by ${JSON.stringify(where)} is told to read everything, and what would help`, async () => {
    const explained = await explain(where, more)
    assert.equal(explained.rows.read, recordCount)
    const [advice] = explained.advice
    assert.deepEqual(advice?.index, index)
    assert.match(advice?.text ?? '', text)
  })
}

test('what is advised helps', async () => {
  const where = { plain: 77 }
  const { advice } = await explain(where)
  const definition = {
    ...Finding.definition,
    indexes: [['done', 'weight'], advice[0]?.index ?? []],
  }
  await store.defineType({ definition }, owner)
  const explained = await explain(where)
  assert.equal(explained.rows.read, 1)
  assert.deepEqual(explained.lookUps, [
    { through: 'index', fields: ['plain', 'createdAt', 'id'], entered: ['plain'] },
  ])
  assert.deepEqual(explained.conditions, [{ field: 'plain', operator: 'eq', servedBy: 'index' }])
})

test('it is told which index serves which condition, and how what fits is sorted', async () => {
  const explained = await explain(
    { domain: 'd1', 'extra.a': 1 },
    { orderBy: [{ field: 'weight' }] },
  )
  assert.deepEqual(explained.lookUps, [
    { through: 'index', fields: ['domain'], entered: ['domain'] },
  ])
  assert.deepEqual(explained.conditions, [
    { field: 'domain', operator: 'eq', servedBy: 'index' },
    {
      field: 'extra.a',
      operator: 'eq',
      servedBy: 'rows',
      because: 'a value inside of an object has no index',
    },
  ])
  assert.equal(explained.sorted, 'memory')
  assert.match(explained.plan.join('\n'), /SEARCH r_Finding USING INDEX r_Finding__domain/)
})

test('a list that takes longer than a turn is told to be read in slices', async (t) => {
  const small = await openTestStore(t, { types: [Finding.definition], limits: { turnMaxMs: 0 } })
  const operations = Array.from({ length: 100 }, (_, n) => ({
    op: 'create' as const,
    type,
    data: { domain: 'd', slug: `s${n}`, rank: n, plain: n, weight: n },
  }))
  await small.transact({ operations }, owner)
  const { complete, advice } = await small.explain({ type, where: { plain: 1 } }, owner)
  assert.equal(complete, false)
  assert.deepEqual(advice[0]?.index, ['plain', 'createdAt'])
})

test('an unknown field is refused as a list refuses it', async () => {
  await assert.rejects(() => explain({ plian: 1 }), { kind: 'invalid_request' })
})
