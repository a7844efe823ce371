import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantFromMicros, instantMicros, parseInstant } from '../../sdk/instant.ts'

const read: readonly (readonly [text: string, instant: string])[] = [
  ['2026-11-22T09:30:12.482913Z', '2026-11-22T09:30:12.482913Z'],
  ['2026-11-22T09:30:12Z', '2026-11-22T09:30:12.000000Z'],
  ['2026-11-22t09:30:12z', '2026-11-22T09:30:12.000000Z'],
  ['2026-11-22 09:30:12.5Z', '2026-11-22T09:30:12.500000Z'],
  ['2026-11-22T09:30:12.4829139Z', '2026-11-22T09:30:12.482913Z'],
  ['2026-11-22T09:30:12.999999999999Z', '2026-11-22T09:30:12.999999Z'],
  ['2026-11-22T09:30:12+09:00', '2026-11-22T00:30:12.000000Z'],
  ['2026-11-22T00:30:12+09:00', '2026-11-21T15:30:12.000000Z'],
  ['2026-12-31T23:59:59-0030', '2027-01-01T00:29:59.000000Z'],
  ['2026-11-22T09:30:12-00:00', '2026-11-22T09:30:12.000000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000000Z'],
  ['0050-06-01T00:00:00Z', '0050-06-01T00:00:00.000000Z'],
  ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
]
for (const [text, instant] of read) {
  test(`${text} is ${instant}`, () => assert.equal(parseInstant(text), instant))
}

const refused = [
  '',
  'now',
  '2026-11-22',
  '2026-11-22T09:30:12',
  '2026-11-22T09:30Z',
  '2026-11-22T09:30:12.Z',
  '2026-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-31T00:00:00Z',
  '2026-11-22T24:00:00Z',
  '2026-11-22T23:59:60Z',
  '2026-11-22T09:30:12+24:00',
  '2026-11-22T09:30:12+99:99',
  '2026-11-22T09:30:12+09:60',
  '2026-11-22T09:30:12+9',
  '0000-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-01:00',
  '12026-11-22T09:30:12Z',
  ' 2026-11-22T09:30:12Z',
  '2026-11-22T09:30:12Z\n',
  '٢٠٢٦-11-22T09:30:12Z',
]
for (const text of refused) {
  test(`${JSON.stringify(text)} is no instant`, () => assert.equal(parseInstant(text), undefined))
}

const micros = fc.integer({
  min: Date.parse('1684-12-01T00:00:00Z') * 1000,
  max: Date.parse('2255-06-01T00:00:00Z') * 1000,
})

test('an instant and its microseconds are each made from the other', () => {
  fc.assert(
    fc.property(micros, (count) => {
      const instant = instantFromMicros(count)
      assert.equal(instant.length, 27)
      assert.equal(instantMicros(instant), count)
      assert.equal(parseInstant(instant), instant)
    }),
  )
})

test('the order of texts is the order in time', () => {
  fc.assert(
    fc.property(micros, micros, (left, right) => {
      assert.equal(instantFromMicros(left) < instantFromMicros(right), left < right)
    }),
  )
})

test('any text gives an instant in canonical form or nothing, and never throws', () => {
  const digits = fc.stringMatching(
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)$/,
  )
  fc.assert(
    fc.property(fc.oneof(digits, fc.string()), (text) => {
      const instant = parseInstant(text)
      assert.ok(instant === undefined || parseInstant(instant) === instant)
    }),
    { numRuns: 2000 },
  )
})
