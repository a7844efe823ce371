/** Searching a store's records: what is found, in which order, and that every write is seen. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { StoreApi } from '../../../daemon/store/store-api.ts'
import { list, number, text } from '../../../sdk/field.ts'
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
