import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { depthKept, readJson } from '../../plugins/legacy/decode/json-text.ts'

test('what JSON can say is read as JavaScript reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      // Python writes the integers that it means; JavaScript writes large ones in a shorter form that is another integer.
      fc.pre(!/\d{16}/.test(text))
      const reading = readJson(` ${text}\n`)
      assert.deepEqual(reading.outcome === 'value' && reading.value, JSON.parse(text))
      assert.deepEqual(reading.outcome === 'value' && reading.notes, [])
    }),
  )
})

test('what is cut off or has something behind it is malformed, as for JavaScript', () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom('', '}', ',', ' x'),
      (text, at, more) => {
        const cut = `${text.slice(0, at % (text.length + 1))}${more}`
        let valid = true
        try {
          JSON.parse(cut)
        } catch {
          valid = false
        }
        assert.equal(readJson(cut).outcome === 'value', valid, cut)
      },
    ),
  )
})

test('nothing of any text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      assert.ok(['value', 'malformed'].includes(readJson(text).outcome))
    }),
  )
})

for (const [text, value, kind] of [
  ['9007199254740993', '9007199254740993', 'big_integer'],
  ['1e999', '1e999', 'non_finite_number'],
  ['NaN', 'NaN', 'non_finite_number'],
  ['-Infinity', '-Infinity', 'non_finite_number'],
  ['{"a":1,"a":2}', { a: 2 }, 'duplicate_key'],
  ['"\\ud83d!"', '\\ud83d!', 'lone_surrogate'],
  ['{"a\\u0000":1}', { 'a\\u0000': 1 }, 'unstorable_key'],
] as const) {
  test(`${text} is kept as ${JSON.stringify(value)}, and noted as ${kind}`, () => {
    const reading = readJson(text)
    assert.ok(reading.outcome === 'value')
    assert.deepEqual(reading.value, value)
    assert.deepEqual(
      reading.notes.map((note) => note.kind),
      [kind],
    )
  })
}

test('what lies too deep is kept as its text, and far too deep it is malformed', () => {
  const deep = `${'['.repeat(depthKept + 3)}7${']'.repeat(depthKept + 3)}`
  const reading = readJson(deep)
  assert.ok(reading.outcome === 'value')
  let value: unknown = reading.value
  while (Array.isArray(value)) value = value[0]
  assert.equal(value, '[[[7]]]')
  assert.deepEqual(
    reading.notes.map(({ kind }) => kind),
    ['too_deep'],
  )
  assert.equal(readJson('['.repeat(100_000)).outcome, 'malformed')
})
