/** Lists and counts that take longer than a turn are of one position, and hold nobody up. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import fc from 'fast-check'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { filterPredicate, recordComparator, targetValue } from '../../sdk/filter/evaluate.ts'
import { parseOrder } from '../../sdk/filter/order.ts'
import { parseFilter } from '../../sdk/filter/parse-filter.ts'
import { resolveTarget } from '../../sdk/filter/target.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Lifecycle, Record } from '../../sdk/model.ts'
import { caller, Note, openTestStore } from '../support/store.ts'

const owner = caller()
const type = 'Note'
/** Enough that the first slice does not hold them all. */
const recordCount = 330
const numRuns = process.env.ORION_LONG === '1' ? 200 : 8

const noteData = fc.record({
  title: fc.constantFrom('a', 'b', 'ab', 'é', '%'),
  count: fc.integer({ min: 0, max: 4 }),
  ratio: fc.constantFrom(0, 0.5, -1.5, 1e300),
  flag: fc.boolean(),
  extra: fc.constantFrom<JsonObject>({ a: 1 }, { a: '1' }, { a: [1] }, {}),
})
const where = fc.constantFrom<JsonObject | undefined>(
  undefined,
  { count: { gte: 2 } },
  { title: { contains: 'a' } },
  { not: { flag: true } },
  { 'extra.a': 1 },
  { or: [{ ratio: { lt: 0 } }, { count: 0 }] },
  { updatedBy: 'writer' },
)
interface Term {
  field: string
  direction?: 'asc' | 'desc'
}
const orderBy = fc.constantFrom<Term[] | undefined>(
  undefined,
  [{ field: 'ratio', direction: 'desc' }],
  [{ field: 'count' }, { field: 'title', direction: 'desc' }],
  [{ field: 'updatedAt' }],
  [{ field: 'extra.a' }],
)
const lifecycle = fc.subarray<Lifecycle>(['active', 'archived', 'deleted'], { minLength: 1 })

/** A store in which nothing but a few rows is done in one turn, and what its records were at each position. */
async function filledStore(t: TestContext, seed: readonly JsonObject[]) {
  const store = await openTestStore(t, { limits: { turnMaxMs: 0 } })
  const operations = Array.from({ length: recordCount }, (_, n) => ({
    op: 'create' as const,
    type,
    id: `n${n}`,
    data: seed[n % seed.length] ?? { title: 'a' },
  }))
  const { results } = await store.transact({ operations }, owner)
  const states: { readonly seq: number; readonly record: Record }[] = []
  for (const { id, token } of results) {
    states.push({ seq: Number(store.seqOf(token)), record: await store.get({ type, id }, owner) })
  }
  return { store, states }
}

/** Writes at random until it is told to stop. */
async function keepWriting(
  { store, states }: Awaited<ReturnType<typeof filledStore>>,
  data: readonly JsonObject[],
  isOver: () => boolean,
): Promise<void> {
  const writer = caller('writer')
  for (let step = 0; !isOver(); step++) {
    const id = `n${(step * 7919) % (recordCount + 20)}`
    const set = data[step % data.length] ?? {}
    const present = await store.get({ type, id }, owner).catch(() => undefined)
    const at = { type, id, expectedVersion: present?.version ?? 1 }
    if (present === undefined) {
      await store.create({ type, id, data: { title: 'new', ...set } }, writer)
    } else if (present.lifecycle === 'deleted') await store.restore(at, writer)
    else if (step % 5 === 1) await store.delete(at, writer)
    else if (step % 5 === 2) await store.archive(at, writer)
    else await store.update({ ...at, set }, writer)
    const record = await store.get({ type, id }, owner)
    states.push({ seq: Number(store.seqOf(record.token)), record })
    if (step % 10 === 9) await store.compact(store.token())
  }
}

/** What there was at a position. */
function asOf(states: readonly { seq: number; record: Record }[], seq: number): Record[] {
  const found = new Map<string, Record>()
  for (const state of states) if (state.seq <= seq) found.set(state.record.id, state.record)
  return [...found.values()]
}

test('a page that is read while others write is the page of its position', async (t) => {
  let interleaved = 0
  const data = fc.array(noteData, { minLength: 5, maxLength: 12 })
  const limit = fc.integer({ min: 1, max: 400 })
  await fc.assert(
    fc.asyncProperty(data, where, orderBy, lifecycle, limit, async (...[rows, ...asked]) => {
      const place = await filledStore(t, rows)
      let isOver = false
      const writing = keepWriting(place, rows, () => isOver)
      const [filter, order, lifecycles, pageLimit] = asked
      const query = { type, where: filter, orderBy: order, lifecycle: lifecycles, limit: pageLimit }
      const { records, next, token } = await place.store.list(query, owner)
      const rest =
        next === undefined
          ? undefined
          : await place.store.list({ ...query, after: next, limit: 1000 }, owner)
      isOver = true
      await writing
      const seq = Number(place.store.seqOf(token))
      if (place.store.log.durableSeq > seq) interleaved += 1
      const fits = filterPredicate(parseFilter(Note.definition, filter))
      const compare = recordComparator(parseOrder(Note.definition, order))
      const expectedAt = (position: number): Record[] =>
        asOf(place.states, position)
          .filter((record) => lifecycles.includes(record.lifecycle) && fits(record))
          .sort(compare)
      const expected = expectedAt(seq)
      assert.deepEqual(records, expected.slice(0, pageLimit))
      assert.equal(rest !== undefined, expected.length > pageLimit)
      const last = records.at(-1)
      if (rest !== undefined && last !== undefined) {
        const then = expectedAt(Number(place.store.seqOf(rest.token)))
        assert.deepEqual(
          rest.records,
          then.filter((record) => compare(last, record) < 0),
        )
      }
      await place.store.close()
    }),
    { numRuns },
  )
  assert.ok(interleaved > numRuns / 2, `${interleaved} of the pages were read while somebody wrote`)
})

test('a count that is made while others write is that of its position', async (t) => {
  const data = fc.array(noteData, { minLength: 5, maxLength: 12 })
  const groupBy = fc.constantFrom(
    undefined,
    'count',
    'title',
    'flag',
    'ratio',
    'extra.a',
    'updatedBy',
  )
  await fc.assert(
    fc.asyncProperty(data, where, groupBy, lifecycle, async (rows, filter, field, lifecycles) => {
      const place = await filledStore(t, rows)
      let isOver = false
      const writing = keepWriting(place, rows, () => isOver)
      const query = { type, where: filter, groupBy: field, lifecycle: lifecycles }
      const { count, groups, token } = await place.store.count(query, owner)
      isOver = true
      await writing
      const fits = filterPredicate(parseFilter(Note.definition, filter))
      const expected = asOf(place.states, Number(place.store.seqOf(token))).filter(
        (record) => lifecycles.includes(record.lifecycle) && fits(record),
      )
      assert.equal(count, expected.length)
      if (field !== undefined) {
        const target = resolveTarget(Note.definition, { name: field, path: '' })
        const counts = new Map<string, number>()
        for (const record of expected) {
          const value = JSON.stringify(targetValue(target, record))
          counts.set(value, (counts.get(value) ?? 0) + 1)
        }
        const told = (groups ?? []).map(
          (group) => [JSON.stringify(group.value), group.count] as const,
        )
        assert.deepEqual(new Map([...told].sort()), new Map([...counts].sort()))
        const sizes = told.map(([, size]) => size)
        assert.deepEqual(
          sizes,
          sizes.toSorted((left, right) => right - left),
        )
      }
      await place.store.close()
    }),
    { numRuns },
  )
})

test('all pages together hold each record once, in the order of a list that is read at once', async (t) => {
  const { store } = await filledStore(t, [
    { title: 'b', count: 1 },
    { title: 'a', count: 3 },
  ])
  const asked = {
    type,
    orderBy: [{ field: 'title' }, { field: 'createdAt', direction: 'desc' as const }],
  }
  const whole = await store.list({ ...asked, limit: 1000 }, owner)
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await store.list({ ...asked, limit: 37, after }, owner)
    ids.push(...page.records.map(({ id }) => id))
    after = page.next
  } while (after !== undefined)
  assert.equal(new Set(ids).size, recordCount)
  assert.deepEqual(
    ids,
    whole.records.map(({ id }) => id),
  )
})

test('others have their turns, and who does not want the answer any more ends it', async (t) => {
  const { store } = await filledStore(t, [{ title: 'a' }])
  const order: string[] = []
  await Promise.all([
    store.list({ type, orderBy: [{ field: 'ratio' }] }, owner).then(() => order.push('list')),
    store.count({ type, where: { ratio: 3 } }, owner).then(() => order.push('count')),
    new Promise((resolve) => setImmediate(resolve))
      .then(() => store.get({ type, id: 'n1' }, owner))
      .then(() => order.push('get')),
  ])
  assert.equal(order[0], 'get')
  let cancelled = false
  const impatient = {
    ...owner,
    get cancelled() {
      return cancelled
    },
  }
  const listing = store.list({ type, orderBy: [{ field: 'ratio' }] }, impatient)
  cancelled = true
  await assert.rejects(listing, { kind: 'cancelled' })
})

test('a page of long records ends where its answer is full, and goes on there', async (t) => {
  const store = await openTestStore(t, { limits: { turnMaxMs: 0, answerMaxLength: 20_000 } })
  const operations = Array.from({ length: recordCount }, (_, n) => ({
    op: 'create' as const,
    type,
    data: { title: 'a', extra: { text: 'x'.repeat(1000 + n) } },
  }))
  await store.transact({ operations }, owner)
  const ids = new Set<string>()
  let after: string | undefined
  do {
    const page = await store.list({ type, orderBy: [{ field: 'ratio' }], limit: 100, after }, owner)
    assert.ok(page.records.length > 10 && page.records.length < 25, `${page.records.length}`)
    for (const { id } of page.records) ids.add(id)
    after = ids.size > 100 ? undefined : page.next
    assert.ok(page.next !== undefined)
  } while (after !== undefined)
})

test('short records behind a long one are not listed in its place', async (t) => {
  const store = await openTestStore(t, { limits: { turnMaxMs: 0, answerMaxLength: 5000 } })
  const operations = Array.from({ length: 100 }, (_, n) => ({
    op: 'create' as const,
    type,
    id: `n${n}`,
    data: { title: 'a', count: n, extra: { text: 'x'.repeat(n < 60 ? 3000 : 1) } },
  }))
  await store.transact({ operations }, owner)
  for (const direction of ['asc', 'desc'] as const) {
    const ids: string[] = []
    let after: string | undefined
    do {
      const asked = { type, orderBy: [{ field: 'count', direction }], limit: 50, after }
      const page = await store.list(asked, owner)
      ids.push(...page.records.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    const all = operations.map(({ id }) => id)
    assert.deepEqual(ids, direction === 'asc' ? all : all.reverse())
  }
})

test('a store that closes refuses the scans under way', async (t) => {
  const { store } = await filledStore(t, [{ title: 'a' }])
  const scan = store.count({ type, where: { ratio: 3 } }, owner)
  await new Promise((resolve) => setImmediate(resolve))
  const closed = store.close()
  await assert.rejects(scan, { kind: 'draining' })
  await closed
  await assert.rejects(store.count({ type }, owner), { kind: 'draining' })
})

test('a count with too many groups is refused also when it is made in slices', async (t) => {
  const store = await openTestStore(t, { limits: { turnMaxMs: 0, groupsMax: 100 } })
  await fill(store)
  await assert.rejects(store.count({ type, groupBy: 'title' }, owner), { kind: 'too_large' })
  const { count } = await store.count({ type }, owner)
  assert.equal(count, recordCount)
})

async function fill(store: StoreApi): Promise<void> {
  const operations = Array.from({ length: recordCount }, (_, n) => ({
    op: 'create' as const,
    type,
    data: { title: `title ${n}` },
  }))
  await store.transact({ operations }, owner)
}
