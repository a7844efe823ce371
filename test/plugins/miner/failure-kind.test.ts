/** Which failures are of one kind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { commonReason, failureKind } from '../../../plugins/miner/failure-kind.ts'

const alike: readonly (readonly [reason: string, ...errors: readonly string[]])[] = [
  [
    'connect ECONNREFUSED <n>:<n>',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'connect  ECONNREFUSED 10.0.0.7:80\n  at x',
  ],
  [
    "ENOENT: no such file, open 'settings.json'",
    "ENOENT: no such file, open '/home/a/b-1/settings.json'",
    "ENOENT: no such file, open 'C:\\Users\\b\\settings.json'",
  ],
  [
    'no insight <id>',
    'no insight 0199f3c2-1111-7abc-8def-0123456789ab',
    'no insight ABCDEF01-1111-7abc-8def-0123456789ab',
  ],
  ['<time> it broke', '2026-11-22T09:30:12.482913Z it broke', '2025-01-02 03:04:05+0100 it broke'],
  ['object <hex> at <hex>', 'object deadbeef0 at 0x7ffe12', 'object 00112233445566 at 0xA'],
  ['GET <address> failed', 'GET https://a.example/x?y=1 failed', 'GET http://b.example failed'],
  ['red alert', '\u001b[31mred\u001b[0m alert'],
  [
    'KeyError: name',
    'Traceback (most recent call last):\n  File "/a/b.py", line 3, in <module>\n    f()\nKeyError: name\n',
  ],
  ['took <n> ms', 'took 12.5 ms', 'took 9 ms', '\n\n took 7 ms \r\n'],
  ['no reason was given', '', ' \n\t'],
]

for (const [reason, ...errors] of alike) {
  test(`errors are of one kind: ${reason}`, () => {
    assert.deepEqual(
      errors.map(commonReason),
      errors.map(() => reason),
    )
  })
}

test('the id of a kind is the same in every process', () => {
  const { id } = failureKind('memory.save_insight', 'is known already: insight 17')
  assert.equal(id, failureKind('memory.save_insight', 'is known already: insight 4').id)
  // Written out: insights in stores are known by it, so that it must never change.
  assert.equal(id, 'mined-f2ac56736bebfd52a3db96bcb7ca26ff')
})

test('failures of other actions, or for other reasons, are of other kinds', () => {
  const kinds = [
    failureKind('a', 'x'),
    failureKind('b', 'x'),
    failureKind('a', 'y'),
    failureKind('a', undefined),
    failureKind('a,x', ''),
  ]
  assert.equal(new Set(kinds.map(({ id }) => id)).size, kinds.length)
})

test('what is left of a text is one short line without numbers, and never empty', () => {
  const pieces = fc.constantFrom(
    ...' \n/\\09af-é<n>',
    '\u001b[1m',
    'Traceback (',
    '2026-01-01T00:00',
    'http://',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (error) => {
      assert.match(commonReason(error), /^[^\d\n\r]{1,300}$/)
    }),
    { numRuns: 2000 },
  )
})

test('no text takes long, however it is made', () => {
  // Each would take longer than a test has, if its length came in with more than its first power.
  for (const piece of [
    '/',
    '/a',
    '\\\\',
    '1.',
    'a0',
    'deadbeef',
    '0x',
    '2026-01-01',
    ' ',
    '-',
    'http://',
    'ab',
  ]) {
    commonReason(piece.repeat(1_000_000))
  }
})
