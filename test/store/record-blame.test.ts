/** Each field of a record names the change that gave it its value, however far back that is. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { integer, text } from '../../sdk/field.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { caller, openTestStore } from '../support/store.ts'

const owner = caller()
const agent = caller('agent:a', { client: 'agent/2' })
const n = { type: 'Note', id: 'n' }

/** Field -> version that set it, as the store tells it. */
async function versionsOf(store: StoreApi): Promise<{ [field: string]: number | string }> {
  const { fields } = await store.blame(n, owner)
  return Object.fromEntries(
    fields.map(({ field, origin, change }) => [field, change?.version ?? origin]),
  )
}

test('each field names who set it last, when, through which client and why', async (t) => {
  const store = await openTestStore(t)
  await store.create({ ...n, data: { title: 'a', count: 1 }, reason: 'found it' }, owner)
  await store.update({ ...n, expectedVersion: 1, set: { count: 2 }, reason: 'again' }, agent)
  await store.archive({ ...n, expectedVersion: 2 }, owner)
  const { fields, version } = await store.blame(n, owner)
  assert.equal(version, 3)
  const told = new Map(fields.map(({ field, change }) => [field, change]))
  assert.deepEqual([...told.keys()].sort(), Object.keys((await store.get(n, owner)).data).sort())
  const { versions } = await store.history(n, owner)
  const second = versions.find((one) => one.version === 2)
  assert.deepEqual(told.get('count'), {
    version: 2,
    op: 'updated',
    at: second?.at,
    actor: { principal: 'agent:a', client: 'agent/2' },
    token: second?.token,
    reason: 'again',
  })
  assert.equal(told.get('title')?.reason, 'found it')
  await assert.rejects(store.blame({ type: 'Note', id: 'none' }, owner), { kind: 'not_found' })
})

test('what a model remembers of random writes is what the record tells', async (t) => {
  const change = fc.record({
    title: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    count: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    flag: fc.option(fc.constantFrom<boolean | 'unset'>(true, false, 'unset'), { nil: undefined }),
    archive: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      const store = await openTestStore(t)
      let record = await created(store)
      const model: { [field: string]: number } = { title: 1, count: 1, state: 1, tags: 1 }
      for (const { flag, archive, title, count } of changes) {
        const set: { -readonly [K in keyof JsonObject]: JsonObject[K] } = {}
        if (title !== undefined) set.title = title
        if (count !== undefined) set.count = count
        if (flag !== undefined && flag !== 'unset') set.flag = flag
        const unset = flag === 'unset' ? ['flag'] : []
        const expectedVersion = record.version
        const { version } = await store.update({ ...n, expectedVersion, set, unset }, owner)
        const next = await store.get(n, owner)
        for (const field of Object.keys(next.data)) {
          if (next.data[field] !== record.data[field]) {
            if (field !== 'tags') model[field] = version
          }
        }
        if (!('flag' in next.data)) delete model.flag
        record = next
        if (archive) {
          await store.archive({ ...n, expectedVersion: version }, owner)
          await store.restore({ ...n, expectedVersion: version + 1 }, owner)
          record = await store.get(n, owner)
        }
      }
      assert.deepEqual(await versionsOf(store), model)
      await store.close()
    }),
    { numRuns: 25 },
  )
})

test('a value that nobody set is the default of the type, and one of a purged life is not told', async (t) => {
  const store = await openTestStore(t)
  await created(store)
  await store.purge({ ...n, expectedVersion: 1 }, owner)
  await store.create({ ...n, data: { title: 'heir' } }, owner)
  const { definition } = defineRecordType('Note', { fields: { weight: integer({ default: 7 }) } })
  await store.defineType({ definition }, owner)
  const told = await versionsOf(store)
  assert.equal(told.weight, 'default')
  assert.equal(told.title, 3, 'the heir goes on counting')
})

test('a value from before the history that is kept says so', async (t) => {
  const store = await openTestStore(t)
  await created(store)
  for (let version = 1; version <= 5; version++)
    await store.update({ ...n, expectedVersion: version, set: { count: version } }, owner)
  await store.compact(store.token())
  const told = await versionsOf(store)
  assert.deepEqual([told.count, told.title], [6, 'forgotten'])
})

test('a walk over a long life lets others have a turn, and ends when nobody wants its answer', async (t) => {
  const Counter = defineRecordType('Note', { fields: { title: text(), count: integer() } })
  const store = await openTestStore(t, { types: [Counter.definition], limits: { turnMaxMs: 0 } })
  await store.create({ ...n, data: { title: 'a', count: 0 } }, owner)
  const operations = Array.from({ length: 999 }, (_, step) => ({
    op: 'update' as const,
    ...n,
    expectedVersion: step + 1,
    set: { count: step + 1 },
  }))
  await store.transact({ operations }, owner)
  let turns = 0
  let isOver = false
  const counting = (): void => {
    turns += 1
    if (!isOver) setImmediate(counting)
  }
  setImmediate(counting)
  const { fields } = await store.blame(n, owner)
  isOver = true
  assert.deepEqual(
    fields.map(({ change }) => change?.version),
    [1, 1000],
  )
  assert.ok(turns >= 5, `others had ${turns} turns`)
  await assert.rejects(store.blame(n, caller('owner', { cancelled: true })), { kind: 'cancelled' })
})

async function created(store: StoreApi) {
  await store.create({ ...n, data: { title: 'a' } }, owner)
  return await store.get(n, owner)
}
