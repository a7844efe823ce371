/** Full-text indexes hold what the records hold: after every kind of write, another engine, another shape, a purge. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../../daemon/clock.ts'
import { type EngineName, loadEngine } from '../../../daemon/store/engine/load-engine.ts'
import { inspectFile } from '../../../daemon/store/inspect-file.ts'
import type { StoreApi } from '../../../daemon/store/store-api.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import { list, text } from '../../../sdk/field.ts'
import { defineRecordType } from '../../../sdk/record-type.ts'
import { loadTestEngine, testEngineName } from '../../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../../support/store.ts'

const fields = {
  title: text({ searchable: 2 }),
  note: text({ optional: true }),
  tags: list(text(), { default: [], searchable: true }),
}
const Leaf = defineRecordType('Leaf', { fields })
const LeafWithBody = defineRecordType('Leaf', {
  fields: { ...fields, body: text({ default: 'nothing yet', searchable: true }) },
})
const types = [Leaf.definition]
const me = caller()

/** What is wrong with the indexes of a store that was closed. */
async function faults(path: string, name: EngineName = testEngineName()): Promise<string[]> {
  const nowMicros = systemClock.nowMicros()
  const report = inspectFile(await loadEngine(name), path, { depth: 'everything', nowMicros })
  const search = report.findings.filter(({ check }) => check === 'search')
  assert.ok(search.length > 0, 'the indexes were looked at')
  return report.findings.filter(({ level }) => level === 'fail').map(({ message }) => message)
}

const ids = async (store: StoreApi, query: string): Promise<string> =>
  (await store.search({ query, limit: 1000 }, me)).hits
    .map(({ record }) => record.id)
    .sort()
    .join(' ')

const word = fc.constantFrom('red', 'green', 'blue', '저장소를', 'café', 'x')
const title = fc.array(word, { minLength: 1, maxLength: 4 }).map((all) => all.join(' '))
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const write = fc.record({
  op: fc.constantFrom(
    'create',
    'update',
    'update',
    'delete',
    'restore',
    'archive',
    'purge',
    'import',
    'note',
  ),
  id,
  title,
  tags: fc.array(word, { maxLength: 2 }),
  dryRun: fc.boolean(),
})
const group = fc.record({
  writes: fc.array(write, { minLength: 1, maxLength: 3 }),
  together: fc.boolean(),
})

type Write = typeof write extends fc.Arbitrary<infer W> ? W : never

const operationOf = ({ op, id, title, tags }: Write) => {
  const key = { type: 'Leaf', id, force: true }
  if (op === 'create') return { ...key, op, data: { title, tags } } as const
  if (op === 'update') return { ...key, op, set: { title, tags } } as const
  if (op === 'note') return { ...key, op: 'update', set: { note: title } } as const
  return { ...key, op: op === 'restore' || op === 'archive' ? op : 'delete' } as const
}

async function perform(
  store: StoreApi,
  { writes, together }: { readonly writes: readonly Write[]; readonly together: boolean },
): Promise<void> {
  const refused = (error: unknown): void => {
    if (!isOrionError(error)) throw error
  }
  if (together) {
    const operations = writes.map(operationOf)
    await store.transact({ operations, dryRun: writes[0]?.dryRun }, me).catch(refused)
    return
  }
  // At once, so that they share a transaction: those that are refused are taken back alone.
  await Promise.all(
    writes.map(async (one) => {
      const { op, id, title, tags, dryRun } = one
      const records = [{ type: 'Leaf', id, data: { title, tags } }]
      if (op === 'purge')
        await store.purge({ type: 'Leaf', id, force: true, dryRun }, me).catch(refused)
      else if (op === 'import') await store.import({ records, dryRun }, me).catch(refused)
      else await store.transact({ operations: [operationOf(one)], dryRun }, me).catch(refused)
    }),
  )
}

test('after any writes, refused and dry ones among them, the index holds the words of the records', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(group, { maxLength: 12 }), async (groups) => {
      const path = join(temporaryDirectory(t), 'store.db')
      const store = await openTestStore(t, { path, types })
      for (const one of groups) await perform(store, one)
      const { records } = await store.list({ type: 'Leaf', limit: 100 }, me)
      for (const sought of ['red', 'cafe', '저장소', 'x']) {
        const having = records.filter(({ data }) =>
          JSON.stringify(data, ['title', 'tags'])
            .normalize('NFD')
            .replace(/\u0301/g, '')
            .normalize('NFC')
            .includes(sought),
        )
        assert.equal(
          await ids(store, sought),
          having
            .map(({ id }) => id)
            .sort()
            .join(' '),
          sought,
        )
      }
      await store.close()
      assert.deepEqual(await faults(path), [])
    }),
    { numRuns: process.env.ORION_LONG === '1' ? 300 : 12 },
  )
})

async function filled(t: TestContext, count = 300): Promise<string> {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await openTestStore(t, { path, types })
  const operations = Array.from({ length: count }, (_, index) => ({
    op: 'create' as const,
    type: 'Leaf',
    id: `l${index}`,
    data: { title: `leaf ${index} ${index % 3 === 0 ? 'red' : 'green'}` },
  }))
  await store.transact({ operations }, me)
  await store.close()
  return path
}

test('a type that gains a searched field is searched by it, in the records that were there too', async (t) => {
  const path = await filled(t)
  const store = await openTestStore(t, { path, types })
  assert.equal((await store.search({ query: 'nothing' }, me)).hits.length, 0)
  await store.defineType({ definition: LeafWithBody.definition }, me)
  await store.update({ type: 'Leaf', id: 'l7', expectedVersion: 1, set: { body: 'else' } }, me)
  while ((await ids(store, 'nothing')).split(' ').length < 299) await new Promise(setImmediate)
  assert.equal(await ids(store, 'else'), 'l7')
  await store.close()
  assert.deepEqual(await faults(path), [])
})

test('another engine builds the index anew, and searches wait for it', async (t) => {
  const path = await filled(t)
  const names: EngineName[] = ['sqlite-wasm', 'sql.js', 'sqlite-wasm']
  const before = process.env.ORION_ENGINE
  t.after(() => {
    if (before === undefined) delete process.env.ORION_ENGINE
    else process.env.ORION_ENGINE = before
  })
  for (const name of names) {
    process.env.ORION_ENGINE = name
    const store = await openTestStore(t, { path, types })
    assert.equal((await store.search({ query: 'red', limit: 1000 }, me)).hits.length, 100)
    await store.update(
      { type: 'Leaf', id: 'l0', force: true, set: { title: `red of ${name}` } },
      me,
    )
    await store.close()
    assert.deepEqual(await faults(path, name), [])
  }
})

test('a store that ends while an index is built goes on where it was', async (t) => {
  const path = await filled(t, 900)
  const first = await openTestStore(t, { path, types })
  await first.defineType({ definition: LeafWithBody.definition }, me)
  await first.close()
  const store = await openTestStore(t, { path, types: [LeafWithBody.definition] })
  await store.update({ type: 'Leaf', id: 'l0', expectedVersion: 1, set: { body: 'changed' } }, me)
  while ((await ids(store, 'nothing')).split(' ').length < 899) await new Promise(setImmediate)
  assert.equal(await ids(store, 'changed'), 'l0')
  await store.close()
  assert.deepEqual(await faults(path), [])
})

test('what was purged is gone from the index, its older words too', async (t) => {
  const path = await filled(t, 50)
  const store = await openTestStore(t, { path, types })
  await store.create({ type: 'Leaf', id: 's', data: { title: 'quetzalcoatl' } }, me)
  await store.update(
    { type: 'Leaf', id: 's', expectedVersion: 1, set: { title: 'xochipilli' } },
    me,
  )
  await store.purge({ type: 'Leaf', id: 's', expectedVersion: 2 }, me)
  assert.equal(await ids(store, 'xochipilli OR quetzalcoatl'), '')
  const holds = (file: string): boolean =>
    /quetzalcoatl|xochipilli/.test(readFileSync(file, 'latin1'))
  for (let turn = 0; turn < 200; turn += 1) {
    await store.backup(`${path}.copy`)
    if (!holds(`${path}.copy`)) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.ok(!holds(`${path}.copy`))
  await store.close()
  assert.ok(!holds(path))
  assert.deepEqual(await faults(path), [])
})

test('an index that is not as its records is found out, and built anew', async (t) => {
  const path = await filled(t, 20)
  const connection = (await loadTestEngine()).open(path, {
    syncMode: 'full',
    cacheKib: 1024,
    statementsMax: 8,
  })
  connection.exec(`UPDATE r_Leaf SET title = 'another' WHERE id = 'l3'`)
  connection.close()
  const wrong = (await faults(path)).join()
  assert.match(wrong, /the search index of Leaf is wrong/)
  const store = await openTestStore(t, { path, types })
  await store.rebuild({ indexes: ['s_Leaf_1'] })
  assert.equal(await ids(store, 'another'), 'l3')
  await store.close()
  assert.doesNotMatch((await faults(path)).join(), /search index/)
})

test('long searches go on in turns, and find what one of one turn would', async (t) => {
  const path = await filled(t, 1000)
  const whole = await openTestStore(t, { path, types })
  const expected = (await whole.search({ query: 'leaf', limit: 1000 }, me)).hits.map(
    ({ record, score }) => [record.id, score],
  )
  assert.equal(expected.length, 1000)
  await whole.close()
  const store = await openTestStore(t, { path, types, limits: { turnMaxMs: 0 } })
  let turns = 0
  let isOver = false
  const searching = store.search({ query: 'leaf', limit: 1000 }, me).finally(() => {
    isOver = true
  })
  while (!isOver) {
    turns += 1
    await new Promise(setImmediate)
  }
  assert.ok(turns > 20, `it took ${turns} turns`)
  assert.deepEqual(
    (await searching).hits.map(({ record, score }) => [record.id, score]),
    expected,
  )
})
