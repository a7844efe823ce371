/** Lists and counts that no index serves, in a daemon that others use meanwhile. Counts turns, never milliseconds. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { Note } from '../support/store.ts'
import type { WireClient } from '../support/wire-client.ts'

const options = { timeout: 120_000 }
const rows = 400

const slow = { turnMaxMs: 0, scansMax: 1, drainMaxMs: 60_000 }

/** A daemon whose walks look at one row a turn. */
async function startSlowDaemon(t: TestContext): Promise<TestDaemon & { readonly a: WireClient }> {
  const daemon = await startDaemon(t, { limits: slow })
  const a = await daemon.connect()
  const records = Array.from({ length: rows }, (_, n) => ({
    type: 'Note',
    id: `n${n}`,
    data: { title: `t${n % 7}`, count: n, tags: [n % 2 === 0 ? 'even' : 'odd'] },
  }))
  await a.call('record/import', { records })
  return { ...daemon, a }
}

const order = (direction: string): object => ({
  orderBy: [{ field: 'count', direction }],
  limit: 3,
})
const even = { tags: { contains: 'even' } }
const cases: readonly (readonly [string, object, (result: never) => unknown, unknown])[] = [
  ['record/count', { where: even }, ({ count }: { count: number }) => count, rows / 2],
  [
    'record/count',
    { groupBy: 'flag', lifecycle: ['active', 'archived', 'deleted'] },
    ({ groups }: { groups: unknown }) => groups,
    [{ value: null, count: rows }],
  ],
  ['record/list', { where: even, ...order('asc') }, idsOf, ['n0', 'n2', 'n4']],
  ['record/list', { where: even, ...order('desc') }, idsOf, ['n398', 'n396', 'n394']],
]

function idsOf({ records }: { records: readonly { readonly id: string }[] }): string[] {
  return records.map(({ id }) => id)
}

for (const [method, params, shown, wanted] of cases) {
  const told = `${method} ${JSON.stringify(params)}`
  test(`reads of another connection are answered during ${told}`, options, async (t) => {
    const { a, connect } = await startSlowDaemon(t)
    const b = await connect()
    const long = a.send(method, { type: 'Note', ...params })
    let turns = 0
    let answered = 0
    void (async () => {
      while (!isAnswered(a, long)) {
        await nextTurn()
        turns++
      }
    })()
    while (!isAnswered(a, long)) {
      const before = turns
      await b.call('record/get', { type: 'Note', id: 'n5' })
      if (isAnswered(a, long)) break
      answered++
      assert.ok(turns - before < 20, `a read took ${turns - before} turns`)
    }
    const { result } = await a.answer(long)
    assert.deepEqual(shown(result as never), wanted)
    assert.ok(answered >= 5, `${answered} reads were answered meanwhile`)
  })
}

function isAnswered(client: WireClient, id: number): boolean {
  return client.received.some((message) => message.id === id)
}

test('page after page holds each record once, in both directions', options, async (t) => {
  const { a } = await startSlowDaemon(t)
  for (const direction of ['asc', 'desc']) {
    const seen: string[] = []
    let after: string | undefined
    do {
      const params = { type: 'Note', where: even, ...order(direction), limit: 70, after }
      const page = await a.call('record/list', params)
      seen.push(...idsOf(page))
      after = page.next
    } while (after !== undefined)
    const wanted = Array.from({ length: rows / 2 }, (_, n) => `n${2 * n}`)
    assert.deepEqual(seen, direction === 'asc' ? wanted : wanted.reverse())
  }
})

test('a walk that is cancelled, or whose connection goes, makes room', options, async (t) => {
  const { a, connect, dial } = await startSlowDaemon(t)
  const params = { type: 'Note', where: even }
  const cancelled = a.send('record/count', params)
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  a.notify('$/cancelRequest', { id: cancelled })
  const { error } = await a.answer(cancelled)
  assert.equal(error?.data.kind, 'cancelled')
  const { client } = dial()
  await client.initialize()
  client.send('record/count', params)
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  await client.close()
  // There is room for one walk alone.
  const b = await connect()
  assert.equal((await b.call('record/count', params)).count, rows / 2)
})

test(
  'one who sends 64 long counts holds up another one for a walk, not for 64',
  options,
  async (t) => {
    const { a, connect } = await startSlowDaemon(t)
    const b = await connect()
    const params = { type: 'Note', where: even }
    const greedy = Array.from({ length: 64 }, () => a.send('record/count', params))
    await a.answer(greedy[0] ?? 0)
    assert.equal((await b.call('record/count', params)).count, rows / 2)
    const before = greedy.filter((id) => isAnswered(a, id)).length
    assert.ok(before <= 3, `${before} came before it`)
    for (const id of greedy) a.notify('$/cancelRequest', { id })
  },
)

test(
  'a type that gets a field and an index during a walk leaves its answer right',
  options,
  async (t) => {
    const { a, connect } = await startSlowDaemon(t)
    const b = await connect()
    const long = a.send('record/list', { type: 'Note', where: even, ...order('desc') })
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    const { definition } = Note
    const fields = { ...definition.fields, rank: { kind: 'integer', default: 1, indexed: true } }
    const indexes = [['count', 'title']]
    await b.call('type/define', { definition: { ...definition, fields, indexes } })
    await b.call('record/update', {
      type: 'Note',
      id: 'n398',
      expectedVersion: 1,
      set: { count: 0 },
    })
    assert.equal(isAnswered(a, long), false)
    const { result } = await a.answer(long)
    assert.deepEqual(idsOf(result), ['n398', 'n396', 'n394'])
    assert.equal(result.records[0].data.count, 398)
  },
)

test('a daemon that drains still answers the walks under way', options, async (t) => {
  const { a, daemon } = await startSlowDaemon(t)
  const long = a.send('record/count', { type: 'Note', where: even })
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  await daemon.close('the test ends it')
  assert.equal(a.received.find(({ id }) => id === long)?.result?.count, rows / 2)
})

test('the counts of type/list are those of the records', options, async (t) => {
  const { a } = await startSlowDaemon(t)
  await a.call('record/delete', { type: 'Note', id: 'n1', expectedVersion: 1 })
  const { types } = await a.call('type/list', { count: true })
  const counts = new Map(
    types.map(({ name, count }: { name: string; count: number }) => [name, count]),
  )
  assert.equal(counts.get('Note'), rows - 1)
  assert.equal(counts.get('Tally'), 0)
})
