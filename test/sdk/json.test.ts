import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canonicalJson,
  compareCodePoints,
  isJsonObject,
  type Json,
  jsonEqual,
  jsonKind,
} from '../../sdk/json.ts'

const wellFormed = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('a', '\0', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  }),
)

test('texts are compared as their UTF-8 bytes are', () => {
  fc.assert(
    fc.property(wellFormed, wellFormed, (left, right) => {
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right))
      assert.equal(Math.sign(compareCodePoints(left, right)), bytes)
    }),
    { numRuns: 5000 },
  )
})

test('the order of texts is total, lone surrogates included', () => {
  const unit = fc.constantFrom('a', '\ud800', '\udfff', '\ue000', '\u{1f600}')
  const text = fc.array(unit, { maxLength: 3 }).map((units) => units.join(''))
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      assert.ok(Math.sign(compareCodePoints(a, b)) + Math.sign(compareCodePoints(b, a)) === 0)
      assert.equal(compareCodePoints(a, b) === 0, a === b)
      if (compareCodePoints(a, b) <= 0 && compareCodePoints(b, c) <= 0) {
        assert.ok(compareCodePoints(a, c) <= 0)
      }
    }),
    { numRuns: 5000 },
  )
})

const json = fc.jsonValue().map((value) => value as Json)

/** The same value with the members of every object in another order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  )
}

test('a canonical text is JSON of an equal value, whatever the order of its members', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value)
      assert.ok(jsonEqual(JSON.parse(text), value))
      assert.equal(canonicalJson(reversed(value)), text)
      assert.equal(canonicalJson(JSON.parse(text)), text)
    }),
  )
})

test('two values are equal exactly when their canonical texts are', () => {
  const small = fc.jsonValue({ maxDepth: 1, depthSize: 'xsmall' }).map((value) => value as Json)
  fc.assert(
    fc.property(small, small, (left, right) => {
      assert.equal(jsonEqual(left, right), canonicalJson(left) === canonicalJson(right))
      assert.ok(jsonEqual(left, reversed(left)))
    }),
    { numRuns: 2000 },
  )
})

const canonical: readonly (readonly [json: string, text: string])[] = [
  ['{"b": 1, "a": [1, {"d": null, "c": true}]}', '{"a":[1,{"c":true,"d":null}],"b":1}'],
  ['{"\\ud83d\\ude00": 1, "\\ufffd": 2}', '{"\ufffd":2,"\u{1f600}":1}'],
  ['-0', '0'],
  ['[-0]', '[0]'],
  ['1e2', '100'],
  ['{"__proto__": {"a": 1}}', '{"__proto__":{"a":1}}'],
  ['"\\ud800"', '"\\ud800"'],
]
for (const [source, text] of canonical) {
  test(`the canonical text of ${source} is ${text}`, () => {
    assert.equal(canonicalJson(JSON.parse(source)), text)
  })
}

const different: readonly (readonly [left: string, right: string])[] = [
  ['[]', '{}'],
  ['[null]', '[]'],
  ['{"a": null}', '{}'],
  ['{"a": null}', '{"b": null}'],
  ['{"__proto__": 1}', '{}'],
  ['{"toString": 1}', '{"a": 1}'],
  ['1', '"1"'],
  ['null', 'false'],
  ['[1, 2]', '[2, 1]'],
]
for (const [left, right] of different) {
  test(`${left} and ${right} are different`, () => {
    assert.equal(jsonEqual(JSON.parse(left), JSON.parse(right)), false)
    assert.equal(jsonEqual(JSON.parse(right), JSON.parse(left)), false)
  })
}

test('what is absent equals nothing but what is absent', () => {
  assert.equal(jsonEqual(undefined, undefined), true)
  assert.equal(jsonEqual(undefined, null), false)
})

test('every value has a name for messages', () => {
  const told = [null, [], {}, '', 0, true].map(jsonKind)
  assert.deepEqual(told, ['null', 'a list', 'an object', 'a text', 'a number', 'a boolean'])
})
