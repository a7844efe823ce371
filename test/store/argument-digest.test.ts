/** The digest that tells a repeated write from another one under the same key. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from '../../daemon/store/argument-digest.ts'
import { isJsonObject, type Json, jsonEqual } from '../../sdk/json.ts'

const json = fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value)))

function reversed(value: Json): Json {
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([name, member]) => [name, reversed(member)] as const)
    return Object.fromEntries(members.reverse())
  }
  return Array.isArray(value) ? value.map(reversed) : value
}

test('the order of members does not matter', () => {
  fc.assert(fc.property(json, (value) => digestOf(value) === digestOf(reversed(value))))
})

test('values that differ have different digests', () => {
  fc.assert(
    fc.property(json, json, (left, right) => {
      assert.equal(digestOf(left) === digestOf(right), jsonEqual(left, right))
    }),
    { numRuns: 2000 },
  )
})

const twins: readonly [Json, Json][] = [
  [
    { a: 'b', c: 'd' },
    { a: 'd', c: 'b' },
  ],
  [{ a: { b: 1 } }, { b: { a: 1 } }],
  [{ ab: 'c' }, { a: 'bc' }],
  [
    ['ab', 'c'],
    ['a', 'bc'],
  ],
  [
    [[1], 2],
    [1, [2]],
  ],
  [
    [1, 2],
    [2, 1],
  ],
  ['1', 1],
  [1, 1.0000000001],
  [null, false],
  [0, false],
  ['', null],
  [[], {}],
  [[[]], []],
  [{ a: null }, {}],
  ['\u0000', ''],
  ['a\u0000', 'a'],
  [4294967296, 0],
  [2 ** 53, 2 ** 53 - 1],
]
for (const [left, right] of twins) {
  test(`${JSON.stringify(left)} and ${JSON.stringify(right)} are kept apart`, () => {
    assert.notEqual(digestOf(left), digestOf(right))
  })
}

test('0 and -0 are one number, as in JSON text', () => {
  assert.equal(digestOf({ n: 0 }), digestOf({ n: -0 }))
})

test('a hundred thousand like values have no digest in common', () => {
  const seen = new Set<string>()
  for (let n = 0; n < 50_000; n++) {
    seen.add(digestOf({ type: 'Note', id: `id-${n}`, set: { title: 'the same', count: 1 } }))
    seen.add(digestOf({ type: 'Note', id: 'id', set: { title: 'the same', count: n } }))
  }
  assert.equal(seen.size, 100_000)
})
