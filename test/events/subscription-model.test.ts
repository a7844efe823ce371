/** Whatever happens, what a subscriber folded is what the store was at its position, or it was told of a gap. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Wish } from './model/watcher.ts'
import { type Step, World, type Write } from './model/world.ts'

const long = process.env.ORION_LONG === '1'
const seed = Number(process.env.ORION_SEED ?? Date.now() % 2 ** 31)

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
const count = fc.integer({ min: 0, max: 9 })
const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ method: fc.constant('update' as const), id, count }) },
  { weight: 3, arbitrary: fc.record({ method: fc.constant('create' as const), id, count }) },
  {
    weight: 3,
    arbitrary: fc.record({
      method: fc.constantFrom('delete' as const, 'restore' as const, 'archive' as const),
      id,
    }),
  },
  { weight: 1, arbitrary: fc.record({ method: fc.constant('purge' as const), id }) },
  { weight: 1, arbitrary: fc.constant({ method: 'publish' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      method: fc.constant('transact' as const),
      ids: fc.array(id, { maxLength: 4 }),
      count,
    }),
  },
)

const wish: fc.Arbitrary<Wish> = fc.record({
  pattern: fc.constantFrom('Note.*' as const, 'Note.*' as const, 'Tally.*', '*', '*.updated'),
  filtered: fc.boolean(),
  coalesce: fc.constantFrom(false, false, true),
  onGap: fc.constantFrom('snapshot' as const, 'snapshot' as const, 'continue' as const),
  windowEvents: fc.constantFrom(1, 3, 256),
})

const only = <S extends Step>(step: S): fc.Arbitrary<Step> => fc.constant(step)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      writes: fc.array(write, { minLength: 1, maxLength: 25 }),
      turns: fc.integer({ min: 0, max: 12 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      wish,
      from: fc.constantFrom('now' as const, 'snapshot' as const, 'snapshot' as const),
    }),
  },
  { weight: 3, arbitrary: only({ do: 'stall' }) },
  { weight: 2, arbitrary: only({ do: 'release' }) },
  { weight: 2, arbitrary: only({ do: 'check' }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      watcher: fc.nat(5),
      after: fc.integer({ min: 0, max: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('compact' as const),
      share: fc.constantFrom(0.3, 0.8, 1),
    }),
  },
  { weight: 1, arbitrary: only({ do: 'restart' }) },
  { weight: 1, arbitrary: only({ do: 'backup' }) },
  { weight: 1, arbitrary: only({ do: 'restore' }) },
)

/** Enough records that a snapshot takes several slices. */
const seeding: readonly Step[] = [
  {
    do: 'write',
    writes: Array.from({ length: 60 }, (): Write => ({ method: 'transact', ids: [], count: 1 })),
    turns: 0,
  },
]

const parked: Wish = {
  pattern: '*',
  filtered: false,
  coalesce: false,
  onGap: 'snapshot',
  windowEvents: 256,
}
const updates: Step = {
  do: 'write',
  writes: Array.from({ length: 40 }, (): Write => ({ method: 'transact', ids: ['a'], count: 3 })),
  turns: 0,
}

/** A run with a gap for certain: compaction overtakes one who does not read, by more than a pump reads at a time. */
const overtaken: Step[] = [
  { do: 'open', wish: parked, from: 'now' },
  { do: 'write', writes: [{ method: 'create', id: 'a', count: 1 }], turns: 0 },
  { do: 'check' },
  { do: 'stall' },
  updates,
  updates,
  updates,
  { do: 'compact', share: 1 },
]

test('what a subscriber folded is what the store was, and every gap is told', async (t) => {
  t.diagnostic(`ORION_SEED=${seed}`)
  let gaps = 0
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 10, maxLength: long ? 150 : 40 }),
    async (steps) => {
      gaps += await run(t, steps)
    },
  )
  const numRuns = long ? Number(process.env.ORION_RUNS ?? 200) : 12
  await fc.assert(property, { numRuns, seed, endOnFailure: !long, examples: [[overtaken]] })
  assert.ok(gaps > 0, 'no run had a gap')
})

async function run(t: TestContext, steps: readonly Step[]): Promise<number> {
  const world = await World.start(t)
  try {
    for (const each of [...seeding, ...steps]) await world.take(each)
    await world.check()
    return world.gaps
  } catch (error) {
    t.diagnostic(error instanceof Error ? (error.stack ?? '').slice(0, 2000) : String(error))
    throw error
  } finally {
    await world.close()
  }
}
