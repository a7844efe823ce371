import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nestsDeeper, readRequestId } from '../../sdk/transport/nesting.ts'

/** Depth by the plainest recursion. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

test('nesting is that of the parsed value, for any JSON', { timeout: 120_000 }, () => {
  const text = fc.string({ unit: fc.constantFrom('[', '{', ']', '}', '"', '\\', 'a') })
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'large', withCrossShrink: true },
      text,
      fc.integer(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(text, tie('value'), { maxKeys: 3 }),
    ),
  })).value
  fc.assert(
    fc.property(json, fc.nat({ max: 6 }), (value, maxLevels) => {
      assert.equal(nestsDeeper(JSON.stringify(value), maxLevels), depthOf(value) > maxLevels)
    }),
    { numRuns: process.env.ORION_LONG ? 20_000 : 500 },
  )
})

test('any text gets an answer, JSON or not', { timeout: 120_000 }, () => {
  const text = fc.string({
    unit: fc.constantFrom('[', '{', ']', '}', '"', '\\', ':', 'id', ',', '1'),
  })
  fc.assert(
    fc.property(text, (any) => {
      assert.equal(typeof nestsDeeper(any, 2), 'boolean')
      const id = readRequestId(any)
      assert.ok(id === null || typeof id === 'string' || typeof id === 'number')
    }),
  )
})

const deep = '[[[[]]]]'
const ids: readonly { readonly text: string; readonly id: string | number | null }[] = [
  { text: `{"id":1,"method":"a","params":${deep}}`, id: 1 },
  { text: `{"params":${deep},"method":"a","id":"x"}`, id: 'x' },
  { text: `{ "method" : "a" , "id" : -3 , "params":${deep} }`, id: -3 },
  { text: `{"params":{"id":5},"method":"a","id":6,"x":${deep}}`, id: 6 },
  { text: `{"method":"a","id":"a\\"b\\u00fc","params":${deep}}`, id: 'a"bü' },
  { text: `{"method":"a","id":1,"id":2,"params":${deep}}`, id: 2 },
  { text: `{"method":"a","x":"\\"id\\":9","params":${deep}}`, id: null },
  { text: `{"method":"a","x":"id","id":3,"params":${deep}}`, id: 3 },
  { text: `{"method":"a","id":null,"params":${deep}}`, id: null },
  { text: `{"method":"a","id":1.5,"params":${deep}}`, id: null },
  { text: `{"method":"a","id":[1],"params":${deep}}`, id: null },
  { text: `{"method":"a","id":9999999999999999,"params":${deep}}`, id: null },
  { text: `{"id":1,"result":${deep}}`, id: null },
  { text: `{"id":1,"params":{"method":"a"}}`, id: null },
  { text: `[{"id":1,"method":"a"}]`, id: null },
  { text: `{"method":"a","id":"\\x","params":${deep}}`, id: null },
]

for (const { text, id } of ids) {
  test(`the id of ${text} is ${JSON.stringify(id)}`, () => {
    assert.equal(readRequestId(text), id)
  })
}
