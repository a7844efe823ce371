/** A page of the log ends between two transactions, whether it comes from memory or from the file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { caller, openTestStore } from '../support/store.ts'

const owner = caller()
const operationsEach = 3

for (const [where, limits] of [
  ['memory', {}],
  ['the file', { logTailMaxEvents: 1 }],
] as const) {
  test(`a page from ${where} holds whole transactions, and at least one`, async (t) => {
    const store = await openTestStore(t, { limits })
    for (let txn = 0; txn < 4; txn++) {
      const operations = Array.from({ length: operationsEach }, (_, at) => {
        return { op: 'create' as const, type: 'Note', data: { title: `${txn} ${at}` } }
      })
      await store.transact({ operations }, owner)
    }
    const page = (after: number, limit: number): number[] =>
      store.log.readEvents(after, limit).map(({ seq }) => seq)
    for (let limit = 1; limit <= 5; limit++) assert.deepEqual(page(0, limit), [1, 2, 3])
    for (const limit of [6, 7, 8]) assert.deepEqual(page(0, limit), [1, 2, 3, 4, 5, 6])
    assert.deepEqual(page(6, 4), [7, 8, 9])
    assert.deepEqual(page(9, 100), [10, 11, 12])
    assert.deepEqual(page(12, 100), [])
  })
}
