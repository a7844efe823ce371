/** What the extension makes of texts that others wrote: labels, addresses, documents, and what is edited. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OrionInsight, Proposal } from '../../plugins/orion/record-types.ts'
import {
  editDocument,
  newDocument,
  parseEdit,
  rebased,
} from '../../plugins/vscode/src/model/edit-document.ts'
import { jsonText, parseJsonc } from '../../plugins/vscode/src/model/jsonc-text.ts'
import { conflictsOf, mergedDocument } from '../../plugins/vscode/src/model/merge-data.ts'
import { problemOf } from '../../plugins/vscode/src/model/problem.ts'
import { questionText } from '../../plugins/vscode/src/model/proposal-document.ts'
import { addressParts, parseAddress } from '../../plugins/vscode/src/model/record-address.ts'
import { recordDocument, valueMaxLength } from '../../plugins/vscode/src/model/record-document.ts'
import { logRow, proposalRow } from '../../plugins/vscode/src/model/record-rows.ts'
import { hitItem } from '../../plugins/vscode/src/model/search-hit.ts'
import { statusText } from '../../plugins/vscode/src/model/status-text.ts'
import { plainLine, visibleLine, visibleText } from '../../plugins/vscode/src/model/visible-text.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import type { Record, Token, Version } from '../../sdk/model.ts'

/** Everything that could do something in an editor or on a terminal. */
const hostile = [
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;https://example.org\u0007link\u001b]8;;\u0007',
  'abc\u202egnp.exe',
  '\u2066hidden\u2069',
  'zero\u200bwidth\ufeff',
  'tag\u{e0041}\u{e0042}',
  'line\u2028separator',
  'nul\u0000bell\u0007',
  'half \ud800 of a pair',
].join('\n')
const actedOn =
  /[^\P{Cc}\n\t]|[\u200b\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029\u{e0000}-\u{e007f}\ud800]/u

test('what nobody can see is shown as its code, and what people write stays', () => {
  const shown = visibleText(hostile)
  assert.doesNotMatch(shown, actedOn)
  assert.match(shown, /\\u001b\[31mred/)
  assert.match(shown, /abc\\u202egnp\.exe/)
  assert.match(shown, /tag\\u\{e0041\}/)
  assert.equal(visibleText('a\tb\r\nc 한국어 👩‍💻 é'), 'a\tb\nc 한국어 👩‍💻 é')
})

test('a label is one line of bounded length, whatever it is made of', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 1, max: 80 }),
      (text, max) => {
        const line = visibleLine(text, max)
        assert.doesNotMatch(line, actedOn)
        assert.doesNotMatch(line, /[\n\t]/)
        assert.ok([...line].length <= max, line)
      },
    ),
  )
  assert.equal(visibleLine(`${'x'.repeat(1_000_000)}\u202e`, 10), `${'x'.repeat(9)}…`)
  assert.equal(visibleLine(' a \n b '), 'a ⏎ b')
})

test('no text becomes an icon, a link or a command where the editor knows them', () => {
  const text = '$(zap) [run](command:workbench.action.quit) $(sync~spin)'
  for (const shown of [
    plainLine(text),
    problemOf(new OrionError('invalid_request', text, {})).message,
    problemOf(new LaunchError('start_failed', text, { remedy: text })).remedy,
    hitItem({ record: recordOf({ summary: text }), score: 1 }).label,
  ]) {
    assert.doesNotMatch(shown, /\$\(|\]\(/, shown)
  }
})

test('an address leads back to the record it was made of', () => {
  const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(
      id,
      fc.option(fc.integer({ min: 1, max: 1e9 }), { nil: undefined }),
      (text, version) => {
        const address = {
          store: 'k',
          type: 'OrionInsight',
          id: text,
          ...(version === undefined ? {} : { version }),
        }
        const parts = addressParts(address, '.orion')
        assert.deepEqual(parseAddress(parts, '.orion'), address)
        assert.equal(parts.path.split('/').length, 3)
      },
    ),
  )
  for (const odd of ['..', '.', 'a/b', 'a\\b', 'A', 'a', 'x@3', '%2e%2e', '~2e', 'a?b#c'])
    assert.equal(
      parseAddress(addressParts({ store: 'k', type: 'T', id: odd }, '.o'), '.o')?.id,
      odd,
    )
})

test('what is no address of a record is taken for none', () => {
  const bad = [
    { path: '/OrionInsight/a/b.orion', query: 'store=k' },
    { path: '/orionInsight/a.orion', query: 'store=k' },
    { path: '/OrionInsight/a.txt', query: 'store=k' },
    { path: '/OrionInsight/.orion', query: 'store=k' },
    { path: '/OrionInsight/a.orion', query: '' },
    { path: '/OrionInsight/a@x.orion', query: 'store=k&version=x' },
    { path: '/OrionInsight/~ff.orion', query: 'store=k' },
    { path: 'OrionInsight/a.orion', query: 'store=k' },
  ]
  for (const parts of bad) assert.equal(parseAddress(parts, '.orion'), undefined, parts.path)
})

test('the document of a record shows its values as text, and its versions by line', () => {
  const record = recordOf({ summary: hostile, tags: ['a', 'b'], confidenceScore: 0.5 })
  const document = recordDocument({
    record,
    fields: ['confidenceScore', 'summary'],
    history: [
      { ...versionOf(2), op: 'updated', changedFields: ['tags'], reason: hostile },
      versionOf(1),
    ],
  })
  assert.doesNotMatch(document.text, actedOn)
  const lines = document.text.split('\n')
  assert.match(lines[0] ?? '', /^OrionInsight {2}i-1$/)
  assert.ok(lines.indexOf('tags                      a, b') > 0)
  const [newest, oldest] = document.versions
  assert.match(lines[newest?.line ?? 0] ?? '', /^ {5}2 {2}.*updated {3}agent:x \(test\) {2}tags/)
  assert.deepEqual([newest?.version, newest?.before], [2, 1])
  assert.deepEqual([oldest?.version, oldest?.before], [1, undefined])
})

test('a record that is too large is cut, with a line that says so', () => {
  const one = recordDocument({ record: recordOf({ summary: 'x'.repeat(900_000) }) })
  assert.ok(one.text.length < valueMaxLength * 2)
  assert.match(one.text, /^ {2}! Cut here: .* further characters; `orion get` prints all\.$/m)
  const fields = Object.fromEntries(
    [...Array(40).keys()].map((n) => [`f${n}`, 'y '.repeat(20_000)]),
  )
  const many = recordDocument({ record: recordOf(fields) })
  assert.ok(many.text.length < 1024 * 1024)
  assert.match(many.text, /^! Cut here: the record is too large to show\. \d+ further fields/m)
})

test('a record that does not fit its type says so first', () => {
  const quarantined = { reason: `no number\u001b[0m` }
  const { text } = recordDocument({ record: { ...recordOf({ summary: 'a' }), quarantined } })
  assert.match(text, /^! This record does not fit its type: no number\\u001b\[0m$/m)
})

test('what is edited reads back as it was, with its version', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (data) => {
      const json: JsonObject = JSON.parse(JSON.stringify(data))
      const text = editDocument({ type: 'T', id: 'i', version: 7 }, json)
      assert.doesNotMatch(text, actedOn)
      assert.deepEqual(parseEdit(text), { version: 7, data: json })
    }),
  )
})

test('an id can not pass itself off as the version that is edited', () => {
  const head = { type: 'T', id: 'x, version 9. Saving changes', version: 4 }
  assert.equal(parseEdit(editDocument(head, {})).version, 4)
  assert.equal(parseEdit(rebased(editDocument(head, { a: 1 }), 12)).version, 12)
})

test('comments and commas at the end are taken, and texts with both stay', () => {
  const text = '{ // one\n "a": "// no, /* no */ ,}", /* two\n */ "b": [1, 2, ], // three\n}'
  assert.deepEqual(parseJsonc(text), { a: '// no, /* no */ ,}', b: [1, 2] })
})

const unreadable: readonly (readonly [text: string, said: RegExp])[] = [
  ['{}', /the first line/],
  ['// T i, version 3. Saving \n{ "a": }', /JSON/],
  ['// T i, version 3. Saving \n[1]', /object in braces/],
  ['// T i, version 3. Saving \n', /got nothing/],
  [
    '// T i, version 3. Saving \n{\n<<<<<<< Mine\n"a": 1\n=======\n"a": 2\n>>>>>>> x\n}',
    /both sides of a conflict/,
  ],
]
for (const [text, said] of unreadable) {
  test(`a text that can not be saved says what to mend: ${said.source}`, () => {
    assert.throws(() => parseEdit(text), said)
  })
}

test('a new record begins with what it needs, and shows what it may have', () => {
  const text = newDocument('OrionInsight', 'i-9', OrionInsight.definition.fields)
  const { version, data } = parseEdit(text)
  assert.equal(version, 0)
  assert.deepEqual(Object.keys(data), ['summary', 'domain'])
  assert.match(text, /^ {2}\/\/ "tags": \[\],$/m)
  const managed = newDocument('Proposal', 'p', Proposal.definition.fields)
  assert.doesNotMatch(managed, /"digest"|"status"/)
})

test('changes of different fields merge, and those of the same one are left to choose from', () => {
  const base = { a: 1, b: 1, c: 1, d: 1, e: 1 }
  const mine = { a: 2, b: 1, c: 3, d: 1, f: 9 }
  const theirs = { a: 1, b: 5, c: 4, e: 1 }
  assert.deepEqual(conflictsOf({ base, mine, theirs }), ['c'])
  const head = { type: 'T', id: 'i', version: 8 }
  const text = mergedDocument(head, { base, mine, theirs }, 'Theirs')
  assert.throws(() => parseEdit(text), /both sides of a conflict/)
  const chosen = text.replace(/<<<<<<< Mine\n([\s\S]*?)=======\n[\s\S]*?>>>>>>> .*\n/g, '$1')
  assert.deepEqual(parseEdit(chosen), { version: 8, data: { a: 2, b: 5, c: 3, f: 9 } })
})

test('a merger has every change that one side alone has made', () => {
  const side = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 2 }))
  fc.assert(
    fc.property(side, side, (base, mine) => {
      const ways = { base, mine, theirs: base }
      assert.deepEqual(conflictsOf(ways), [])
      const text = mergedDocument({ type: 'T', id: 'i', version: 2 }, ways, 'Theirs')
      assert.deepEqual(parseEdit(text).data, { ...mine })
    }),
  )
})

test('without the version that both began with nothing is merged by guessing', () => {
  assert.deepEqual(conflictsOf({ base: undefined, mine: { a: 1, b: 1 }, theirs: { a: 2, b: 1 } }), [
    'a',
  ])
})

test('what a screen reader says of a row has its state in words', () => {
  const now = new Date('2026-01-01T00:00:00Z')
  const log = logRow(
    recordOf({ actionType: 'run', status: 'FAILURE', error: 'boom', agentId: 'a' }),
    now,
  )
  assert.match(log.spoken ?? '', /^run, failure, .*boom/)
  const proposal = proposalRow(
    recordOf({ status: 'pending', reason: 'tidy', actionType: 'x', priority: 'high' }),
    'waiting',
    { principal: 'owner', now },
  )
  assert.match(proposal.spoken ?? '', /^tidy, pending, high/)
  assert.equal(proposal.context, 'record.proposal.pending')
})

test('the question before an approval says what would be done, and that there is more', () => {
  const operations = [...Array(30).keys()].map((n) => ({
    op: 'update' as const,
    type: 'OrionInsight',
    id: `i-${n}\u202e`,
    base: 1,
    current: 1,
    fields: [{ field: 'summary', before: 'a', after: 'b' }],
  }))
  const text = questionText({
    id: 'p',
    version: version(2),
    status: 'pending',
    actionType: 'record.transact',
    createdBy: 'agent:x',
    digest: 'f'.repeat(64),
    approvals: 0,
    quorum: 1,
    approver: false,
    operations,
    moved: [],
  })
  assert.match(text, /• update OrionInsight i-0\\u202e \(summary\)/)
  assert.match(text, /and 18 further operations: look at all of them/)
  assert.ok(text.split('\n').length < 25)
})

test('the status bar tells a lost connection from failures', () => {
  const store = { name: 'app', directory: '/r/.orion', running: 0 }
  const fine = statusText(
    'ready',
    [{ ...store, state: { kind: 'ready' }, failing: ['t', 'u'], waiting: 1 }],
    undefined,
  )
  assert.equal(fine.text, '$(pulse) $(error) 2 $(git-pull-request) 1')
  assert.equal(fine.spoken, 'Orion: connected, 2 jobs fail, 1 proposal to review')
  const lost = statusText(
    'ready',
    [{ ...store, state: { kind: 'lost', since: new Date() }, failing: [], waiting: 0 }],
    undefined,
  )
  assert.equal(lost.level, 'warning')
  assert.match(lost.spoken, /reconnecting/)
})

function recordOf(data: JsonObject): Record {
  return {
    type: 'OrionInsight',
    id: 'i-1',
    version: version(2),
    createdAt: '2026-01-01T00:00:00.000000Z',
    createdBy: 'agent:x',
    updatedAt: '2026-01-01T00:00:00.000000Z',
    updatedBy: 'owner',
    lifecycle: 'active',
    token: token(),
    data,
  }
}

function versionOf(number: number) {
  const actor = { principal: 'agent:x', client: 'test' }
  const at = '2026-01-01T00:00:00.000000Z'
  return {
    version: version(number),
    op: 'created' as const,
    at,
    actor,
    changedFields: [],
    token: token(),
  }
}

function version(number: number): Version {
  return number as Version
}

function token(): Token {
  return 'o1.aaaa.bbbb.1' as Token
}

test('what is written as JSON for an editor is the same JSON', () => {
  const value = { 'a\u202e': ['\u200b', '\u{e0041}', '"\\', '한'] }
  assert.deepEqual(JSON.parse(jsonText(value)), value)
})
