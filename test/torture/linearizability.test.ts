/** The checker of histories: what could have happened passes, and each thing that could not is rejected. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Read, Write } from './check/client-account.ts'
import { findDisorder } from './check/linearizability.ts'
import { orderProblems, registerProblems } from './check/register-histories.ts'
import type { Operation } from './journal.ts'

const thing = { type: 'Thing', id: 'a' } as const

/** A history of one record, in a few words. */
function wrote(
  [sentUs, heardUs]: readonly [number, number | undefined],
  operation: Partial<Operation> & { readonly to: number; readonly seq?: number },
): Write {
  const { to, seq = to, expectedVersion, ...rest } = operation
  const value = { summary: `v${to}` }
  const how: Operation =
    expectedVersion === undefined
      ? { op: 'create', ...thing, data: value, ...rest }
      : { op: 'update', ...thing, expectedVersion, set: value, ...rest }
  const result = { ...thing, version: to, token: `o1.s.e.${seq}`, changed: true }
  return {
    key: `w${to}-${sentUs}`,
    operations: [how],
    sentUs,
    heardUs,
    isRepeated: false,
    answer:
      heardUs === undefined
        ? { as: 'unknown', why: 'cut' }
        : { as: 'acknowledged', results: [result] },
  }
}

function saw([sentUs, heardUs]: readonly [number, number], version: number): Read {
  const record = { version, lifecycle: 'active', data: { summary: `v${version}` } }
  return { ...thing, sentUs, heardUs, record: version === 0 ? null : record }
}

const sound: readonly (readonly [string, readonly Write[], readonly Read[]])[] = [
  [
    'one after the other',
    [wrote([1, 2], { to: 1 }), wrote([3, 4], { to: 2, expectedVersion: 1 })],
    [saw([5, 6], 2)],
  ],
  [
    'a read during a write that sees the state before it',
    [wrote([1, 2], { to: 1 }), wrote([3, 9], { to: 2, expectedVersion: 1 })],
    [saw([4, 5], 1), saw([6, 7], 2)],
  ],
  [
    'two writes at once that were answered in the other order',
    [wrote([1, 9], { to: 1 }), wrote([2, 3], { to: 2, expectedVersion: 1 })],
    [],
  ],
  [
    'a write that nobody heard of again, and that happened',
    [wrote([1, 2], { to: 1 }), wrote([3, undefined], { to: 2, expectedVersion: 1 })],
    [saw([4, 5], 1), saw([8, 9], 2)],
  ],
  [
    'a write that nobody heard of again, and that never happened',
    [wrote([1, 2], { to: 1 }), wrote([3, undefined], { to: 2, expectedVersion: 1 })],
    [saw([8, 9], 1)],
  ],
  ['a record that is not there yet', [wrote([3, 6], { to: 1 })], [saw([1, 2], 0), saw([4, 5], 0)]],
]
for (const [what, writes, reads] of sound) {
  test(`a history passes with ${what}`, () => {
    assert.deepEqual([...registerProblems(writes, reads), ...orderProblems(writes)], [])
  })
}

const impossible: readonly (readonly [string, readonly Write[], readonly Read[]])[] = [
  [
    'a lost update: two writers changed the same version',
    [
      wrote([1, 2], { to: 1 }),
      wrote([3, 4], { to: 2, expectedVersion: 1 }),
      wrote([5, 6], { to: 2, expectedVersion: 1 }),
    ],
    [],
  ],
  [
    'a stale read: a write had been answered before it began',
    [wrote([1, 2], { to: 1 }), wrote([3, 4], { to: 2, expectedVersion: 1 })],
    [saw([5, 6], 1)],
  ],
  [
    'a read that goes back behind another',
    [wrote([1, 2], { to: 1 }), wrote([3, 9], { to: 2, expectedVersion: 1 })],
    [saw([4, 5], 2), saw([6, 7], 1)],
  ],
  [
    'a version that is used again',
    [
      wrote([1, 2], { to: 1 }),
      wrote([3, 4], { to: 2, expectedVersion: 1 }),
      wrote([5, 6], { to: 2, expectedVersion: 2 }),
    ],
    [],
  ],
  [
    'a read from the future: what it saw was written later',
    [wrote([1, 2], { to: 1 }), wrote([5, 6], { to: 2, expectedVersion: 1 })],
    [saw([3, 4], 2)],
  ],
  ['a read of what nobody wrote', [wrote([1, 2], { to: 1 })], [saw([3, 4], 2)]],
  ['an acknowledged write that is gone', [wrote([1, 2], { to: 1 })], [saw([3, 4], 0)]],
  [
    'a version that was left out',
    [wrote([1, 2], { to: 1 }), wrote([3, 4], { to: 3, expectedVersion: 1 })],
    [],
  ],
]
for (const [what, writes, reads] of impossible) {
  test(`a history is rejected for ${what}`, () => {
    assert.match(registerProblems(writes, reads).join(), /not linearizable: Thing\/a/)
  })
}

test('a lost race that names a record which was not there is rejected', () => {
  const lost = (version: number): Write => ({
    ...wrote([5, 6], { to: 9, expectedVersion: 1 }),
    answer: {
      as: 'refused',
      kind: 'conflict',
      current: { version, lifecycle: 'active', data: { summary: `v${version}` } },
    },
  })
  const before = [wrote([1, 2], { to: 1 }), wrote([3, 4], { to: 2, expectedVersion: 1 })]
  assert.deepEqual(registerProblems([...before, lost(2)], []), [])
  for (const version of [1, 3]) {
    assert.equal(registerProblems([...before, lost(version)], []).length, 1)
  }
})

test('a log whose order is not that of what happened is rejected', () => {
  const one = wrote([1, 2], { to: 1, seq: 5 })
  const other = { ...wrote([3, 4], { to: 1, seq: 4 }), key: 'other' }
  assert.match(orderProblems([one, other]).join(), /out of order: other was sent after w1-1/)
  assert.deepEqual(orderProblems([{ ...one, heardUs: 4 }, other]), [])
})

test('random histories of a real register pass, and fail when one of their reads is falsified', () => {
  const actions = fc.array(fc.record({ writes: fc.boolean(), late: fc.nat(6), early: fc.nat(6) }), {
    minLength: 3,
    maxLength: 60,
  })
  fc.assert(
    fc.property(actions, (chosen) => {
      const writes: Write[] = [wrote([0, 1], { to: 1 })]
      const reads: Read[] = []
      let version = 1
      for (const [index, { writes: isWrite, early, late }] of chosen.entries()) {
        // Each takes effect at its moment, and seems to take longer.
        const moment = 20 + index * 2
        const span = [moment - early, moment + 1 + late] as const
        if (isWrite) {
          writes.push(wrote(span, { to: version + 1, expectedVersion: version }))
          version += 1
        } else reads.push(saw(span, version))
      }
      assert.deepEqual(registerProblems(writes, reads), [])
      assert.deepEqual(orderProblems(writes), [])
      const after = [saw([1_000, 1_001], version + 1)]
      assert.equal(registerProblems(writes, [...reads, ...after]).length, 1)
    }),
    { numRuns: 200 },
  )
})

test('a long history of many writers at once is judged soon', () => {
  const writes: Write[] = [wrote([0, 1], { to: 1 })]
  const reads: Read[] = []
  for (let version = 2; version < 2_000; version++) {
    const at = version * 10
    writes.push(wrote([at - 60, at + 60], { to: version, expectedVersion: version - 1 }))
    for (let n = 0; n < 3; n++) reads.push(saw([at - 30 + n, at + 40], version))
  }
  assert.deepEqual(registerProblems(writes, reads), [])
})

test('the search goes back from a choice that turned out wrong', () => {
  // Two that nobody heard of: only one of them explains what was read afterwards.
  const step = (from: string, to: string) => (state: string) => (state === from ? to : undefined)
  const history = [
    { calledAt: 1, returnedAt: Number.POSITIVE_INFINITY, step: step('', 'wrong'), told: 'wrong' },
    { calledAt: 2, returnedAt: Number.POSITIVE_INFINITY, step: step('', 'right'), told: 'right' },
    { calledAt: 5, returnedAt: 6, step: step('right', 'right'), told: 'read' },
  ]
  const model = { initial: '', name: (state: string) => state }
  assert.equal(findDisorder(history, model), undefined)
  const [, , read] = history
  assert.ok(read)
  assert.deepEqual(findDisorder([read], model), { after: 0, candidates: ['read'] })
})
