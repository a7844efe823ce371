import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TopicPatterns } from '../../daemon/events/topic-pattern.ts'
import { isOrionError } from '../../sdk/errors.ts'

const patterns = new TopicPatterns({ patternMaxLength: 256 })
const matches = (pattern: string, topic: string): boolean =>
  patterns.compile(pattern).matches(topic)

const fitting: readonly (readonly [pattern: string, topic: string])[] = [
  ['*', 'OrionInsight.created'],
  ['*', '.hidden.topic'],
  ['Proposal.*', 'Proposal.created'],
  ['Proposal.*', 'Proposal.a.b'],
  ['Proposal*', 'Proposal'],
  ['*.created', 'OrionInsight.created'],
  ['*.created', '.created'],
  ['**', 'a.b'],
  ['a**b', 'ab'],
  ['P*', 'Proposal.created'],
  ['Job?esult.created', 'JobResult.created'],
  ['?.x', '語.x'],
  ['?.x', '😀.x'],
  ['[JP]*.created', 'Proposal.created'],
  ['[!J]*.created', 'Proposal.created'],
  ['[a-c].x', 'b.x'],
  ['{OrionInsight,Proposal}.{created,updated}', 'Proposal.updated'],
  ['{a,b{c,d}}.x', 'bd.x'],
  ['a{,b}.x', 'a.x'],
  ['{Proposal}.created', 'Proposal.created'],
  ['Build/finished.*', 'Build/finished.ok'],
  ['Build*finished.ok', 'Build/finished.ok'],
  ['a?b.x', 'a/b.x'],
  ['a[/]b.x', 'a/b.x'],
  ['#a.*', '#a.b'],
  ['+(a).b', '+(a).b'],
  ['@(a|b).c', '@(a|b).c'],
  [`a\${b,c}.x`, 'a$c.x'],
  ['a.?', 'a.-'],
]

for (const [pattern, topic] of fitting) {
  test(`${pattern} matches ${topic}`, () => assert.equal(matches(pattern, topic), true))
}

const unfitting: readonly (readonly [pattern: string, topic: string])[] = [
  ['Proposal.*', 'Proposal'],
  ['Proposal.*', 'proposal.created'],
  ['*.created', 'OrionInsight.createdLater'],
  ['?', 'ab'],
  ['[!J]obResult.created', 'JobResult.created'],
  ['{a,b}.x', 'c.x'],
  ['a/b.*', 'a.b.c'],
  ['+(a).b', 'aa.b'],
  ['@(a|b).c', 'a.c'],
  [`a\${b,c}.x`, `a\${b,c}.x`],
  ['Build.finished', 'Build.finished.x'],
]

for (const [pattern, topic] of unfitting) {
  test(`${pattern} does not match ${topic}`, () => assert.equal(matches(pattern, topic), false))
}

const refused: readonly (readonly [pattern: string, reason: RegExp])[] = [
  ['', /empty/],
  ['x'.repeat(257), /at most 256 characters, got 257/],
  ['a b.*', /never holds/],
  ['a\\*.x', /never holds/],
  ['a\u0001.x', /never holds/],
  ['\ud800.x', /never holds/],
  ['!a.*', /not negated/],
  ['[abc.x', /] for each \[/],
  ['abc].x', /\[ before ]/],
  ['[].x', /at least one character/],
  ['[[:alpha:]].x', /never holds \[/],
  ['{a,b.x', /} for each {/],
  ['a,b.x', /between { and }/],
  ['a}.x', /{ before }/],
  ['{1..9}.x', /ranges/],
  ['{a,b}'.repeat(9), /at most 256 alternatives/],
  ['{'.repeat(200), /} for each {/],
  [`${'{a,'.repeat(60)}b${'}'.repeat(60)}${'{a,b}'.repeat(3)}`, /at most 256 alternatives/],
]

for (const [pattern, reason] of refused) {
  test(`the pattern ${JSON.stringify(pattern.slice(0, 24))} is refused with its reason`, () => {
    assert.throws(
      () => patterns.compile(pattern),
      (error) => isOrionError(error, 'invalid_request') && reason.test(error.message),
    )
  })
}

test('patterns with thousands of braces are refused without expanding them', () => {
  const wide = new TopicPatterns({ patternMaxLength: 100_000 })
  const startedMs = performance.now()
  for (const pattern of ['{a,b}'.repeat(20_000), `${'{a,'.repeat(9_000)}b`, '{'.repeat(90_000)]) {
    assert.throws(() => wide.compile(pattern))
  }
  assert.ok(performance.now() - startedMs < 2_000)
})

test('a pattern of many stars is matched in time that its length bounds', () => {
  const costly = [`${'*a'.repeat(127)}*b`, `${'?*'.repeat(120)}b`, `${'{*a*,*b*}'.repeat(8)}c`]
  const startedMs = performance.now()
  for (const pattern of costly) assert.equal(matches(pattern, `${'ab'.repeat(127)}a`), false)
  assert.ok(performance.now() - startedMs < 2_000)
})

test('the cache of compiled patterns is bounded', () => {
  const few = new TopicPatterns({ patternMaxLength: 256, cachedMax: 2 })
  const first = few.compile('a.*')
  assert.equal(few.compile('a.*'), first)
  few.compile('b.*')
  few.compile('c.*')
  assert.notEqual(few.compile('a.*'), first)
})

test('any pattern matches as the plain meaning of its parts says', () => {
  const letters = fc.constantFrom('a', 'b', '.', '/', '$', '#', '(', ')', '+', '@', '-', '|')
  const word = fc.string({ unit: letters, maxLength: 4 })
  const { pattern } = fc.letrec<{ pattern: string; part: string; braces: string }>((tie) => ({
    pattern: fc.array(tie('part'), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
    part: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      word,
      fc.constantFrom('*', '?', '**', '[ab]', '[!ab]', '[/.]', '[a$]'),
      tie('braces'),
    ),
    braces: fc
      .array(tie('pattern'), { minLength: 1, maxLength: 3 })
      .map((alternatives) => `{${alternatives.join(',')}}`),
  }))
  const topic = fc.string({ unit: letters, minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(pattern, topic, (text, subject) => {
      fc.pre(isReadable(text) && isTopic(subject))
      assert.equal(matches(text, subject), reference(text).test(subject))
    }),
    { numRuns: process.env.ORION_LONG ? 200_000 : 3_000 },
  )
})

function isReadable(pattern: string): boolean {
  try {
    patterns.compile(pattern)
    return true
  } catch {
    return false
  }
}

/** No topic has an empty part, so these two never come; the matcher would take them for directories. */
function isTopic(text: string): boolean {
  return text !== '.' && text !== '..'
}

/** The same pattern as a regular expression, made part by part. */
function reference(pattern: string): RegExp {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (character === '*') source += '[^]*'
    else if (character === '?') source += '[^]'
    else if (character === '{') source += '(?:'
    else if (character === '}') source += ')'
    else if (character === ',') source += '|'
    else if (character === '[') {
      const end = pattern.indexOf(']', at)
      source += pattern
        .slice(at, end + 1)
        .replace('[!', '[^')
        .replaceAll('/', '\\/')
      at = end
    } else source += character.replace(/[.$()+|/\\^]/g, '\\$&')
  }
  return new RegExp(`^(?:${source})$`, 'u')
}
