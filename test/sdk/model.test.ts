import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatToken,
  hasControlCharacter,
  idMaxBytes,
  idProblem,
  parseToken,
} from '../../sdk/model.ts'

const name = fc.stringMatching(/^[a-z0-9]{4,32}$/)

test('a token gives back the position it was made of', () => {
  fc.assert(
    fc.property(name, name, fc.maxSafeNat(), (storeId, epoch, seq) => {
      assert.deepEqual(parseToken(formatToken({ storeId, epoch, seq })), { storeId, epoch, seq })
    }),
  )
})

const noTokens = [
  '',
  'o1',
  'o1.abcd.abcd',
  'o1.abcd.abcd.',
  'o1.abcd.abcd.-1',
  'o1.abcd.abcd.01',
  'o1.abcd.abcd.1.5',
  'o1.abcd.abcd.1e3',
  'o1.abcd.abcd.9007199254740992',
  'o1.abcd.abcd.99999999999999999',
  'o1.abc.abcd.1',
  'o1.ABCD.abcd.1',
  `o1.${'a'.repeat(33)}.abcd.1`,
  'o2.abcd.abcd.1',
  ' o1.abcd.abcd.1',
  'o1.abcd.abcd.1\n',
]
for (const text of noTokens) {
  test(`${JSON.stringify(text)} is no token`, () => assert.equal(parseToken(text), undefined))
}

const ids = ['a', ' a ', '0', 'SRV-E2E-001', '저장소', 'a/b.c', '\u{1f600}', 'e\u0301', '__proto__']
for (const id of [...ids, 'a'.repeat(idMaxBytes), '저'.repeat(idMaxBytes / 3)]) {
  test(`${JSON.stringify(id.slice(0, 20))} (${id.length}) can be an id`, () => {
    assert.equal(idProblem(id), undefined)
  })
}

const noIds: readonly (readonly [id: string, problem: RegExp])[] = [
  ['', /empty/],
  ['a'.repeat(idMaxBytes + 1), /256 bytes/],
  ['저'.repeat(idMaxBytes / 3 + 1), /258 bytes/],
  ['a\0', /control/],
  ['a\nb', /control/],
  ['\u007f', /control/],
  ['\u0085', /control/],
  ['\ud83d', /surrogate/],
]
for (const [id, problem] of noIds) {
  test(`${JSON.stringify(id.slice(0, 20))} (${id.length}) can't be an id`, () => {
    assert.match(idProblem(id) ?? '', problem)
  })
}

test('control characters are those of Unicode', () => {
  for (let code = 0; code < 0x300; code++) {
    const character = String.fromCharCode(code)
    assert.equal(hasControlCharacter(`a${character}b`), /\p{Cc}/u.test(character), String(code))
  }
})
