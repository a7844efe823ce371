import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrangeArguments } from '../../plugins/cli/arrange-arguments.ts'
import { coloursFor } from '../../plugins/cli/colours.ts'
import { parseDuration, parseOrder, parseWait } from '../../plugins/cli/parse-flags.ts'
import { cellText, cut, displayWidth } from '../../plugins/cli/present/cell.ts'
import { explain } from '../../plugins/cli/present/explain.ts'
import { recordText } from '../../plugins/cli/present/record.ts'
import { recordTable } from '../../plugins/cli/present/record-table.ts'
import { safeText } from '../../plugins/cli/present/safe-text.ts'
import { drawTable } from '../../plugins/cli/present/table.ts'
import { age, bytes, duration } from '../../plugins/cli/present/time.ts'
import { describeError } from '../../plugins/cli/told-error.ts'
import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import { formatToken, type Record } from '../../sdk/model.ts'
import { record as recordSchema } from '../../sdk/protocol/schemas.ts'

const colours = coloursFor({}, { NO_COLOR: '1' })
const now = Date.parse('2026-11-22T10:00:00Z')
const style = { colours, columns: undefined, now }
const token = formatToken({ storeId: 'aaaa', epoch: 'bbbb', seq: 7 })

function record(data: Record['data'], more: object = {}): Record {
  return recordSchema.parse({
    type: 'OrionInsight',
    id: 'a',
    version: 3,
    createdAt: '2026-11-22T09:00:00.000000Z',
    createdBy: 'owner',
    updatedAt: '2026-11-22T09:58:00.000000Z',
    updatedBy: 'agent:claude',
    lifecycle: 'active',
    token,
    data,
    ...more,
  })
}

test('text from a store can not move the cursor or hide itself', () => {
  assert.equal(safeText('a\u001b[2Jb\u0007\u202ec\n'), 'a\\u001b[2Jb\\u0007\\u202ec⏎')
  assert.equal(safeText('two\nlines', { lines: true }), 'two\nlines')
  assert.equal(safeText('a \u202e b'), 'a \\u202e b')
})

test('a cell shows a value on one line, and is cut by columns, not by letters', () => {
  assert.equal(cellText(['a', 'b']), 'a, b')
  assert.equal(cellText({ a: [1] }), '{"a":[1]}')
  assert.equal(cellText(null), '')
  assert.equal(displayWidth('저장소'), 6)
  assert.equal(cut('저장소에서', 7), '저장소…')
  assert.equal(cut('abc', 3), 'abc')
  assert.equal(displayWidth('e\u0301'), 1)
})

test('a table is as wide as the terminal, and says that values are cut', () => {
  const parts = { head: ['a', 'b'], rows: [['x'.repeat(60), 'y'.repeat(30)]] }
  const narrow = drawTable(parts, { colours, columns: 40 })
  assert.ok(narrow.cut)
  assert.ok(narrow.text.split('\n').every((line) => displayWidth(line) <= 40))
  assert.match(narrow.text, /^a +b\nx+… +y+…?\n$/)
  assert.ok(!drawTable(parts, { colours, columns: 120 }).cut)
})

test('a list shows the columns that suit its type, and how to see more', () => {
  const records = [
    record({ summary: 's'.repeat(300), domain: 'build', confidenceScore: 0.9, tags: ['ci', 'x'] }),
    record({ summary: 'gone', domain: 'build' }, { id: 'b', lifecycle: 'deleted' }),
  ]
  const page = recordTable(
    {
      type: 'OrionInsight',
      page: { records, next: 'CURSOR', token: token },
      fields: undefined,
    },
    style,
  )
  assert.match(page, /^id +v +summary +domain +confidence +tags +updated\n/)
  assert.match(page, /^a +3 +s+… +build +0\.9 +ci, x +2 min\n/m)
  assert.match(page, /^b .*2 min \(deleted\)\n/m)
  assert.match(page, /Long values are cut: `orion get OrionInsight ID`/)
  assert.match(page, /--after CURSOR\n$/)
})

test('a list of a type nobody here knows shows its first simple fields', () => {
  const records = [record({ one: 1, nested: { a: 1 }, two: 'x', list: ['l'] }, { type: 'Other' })]
  const page = recordTable(
    { type: 'Other', page: { records, token: token }, fields: undefined },
    style,
  )
  assert.match(page, /^id +v +one +two +list +updated\n/)
})

test('a record is shown whole, with who changed it last', () => {
  const text = recordText(
    record({ summary: 'two\nlines', tags: ['a', 'b'], more: { x: 1 } }),
    style,
  )
  assert.match(text, /^OrionInsight a {2}version 3\n/)
  assert.match(text, /updated 2026-11-22T09:58:00\.000000Z by agent:claude \(2 min ago\)/)
  assert.match(text, /^summary {2}two\n {9}lines\ntags {5}a, b\n/m)
})

test('a record that does not fit its type is shown with why, and with what is stored', () => {
  const raw = { state: 'odd\u001b[2J', bytes: { base64: 'AA==' } }
  const quarantined = { reason: 'state: expected one of "new", got "odd"', raw }
  const text = recordText({ ...record({ summary: 's' }), quarantined }, style)
  assert.match(
    text,
    /^quarantined: state: expected one of "new", got "odd"\nas stored:\nstate +odd/m,
  )
  assert.equal(text.includes('\u001b'), false)
})

test('a conflict explains itself: who, when, which fields, what is there now, what to do', () => {
  const error = new OrionError('conflict', 'lost', {
    reason: 'version',
    type: 'OrionInsight',
    id: 'a',
    expectedVersion: 2,
    changedFields: ['domain'],
    changedBy: 'agent:claude',
    changedAt: instantFromMicros((now - 5_000) * 1000),
    current: record({ summary: 's', domain: 'ci' }),
  })
  assert.equal(
    explain(error, describeError(error), style),
    [
      'conflict: OrionInsight a is at version 3, you expected version 2',
      '  agent:claude changed it 5 s ago: domain',
      '  there now:',
      '    * domain   ci',
      '      summary  s',
      '  what to do: look at what is there now and decide again; then repeat with --expected-version 3',
      '',
    ].join('\n'),
  )
})

test('spans and sizes are told in the unit that fits', () => {
  assert.deepEqual(
    [0, 840, 12_400, 185_000, 7_800_000, 1e9].map((ms) => duration(ms)),
    ['0 ms', '840 ms', '12.4 s', '3 min 5 s', '2 h 10 min', '11 d'],
  )
  assert.equal(age(instantFromMicros(now * 1000), now), 'now')
  assert.equal(age(instantFromMicros((now - 3_700_000) * 1000), now), '1 h')
  assert.deepEqual([812, 4_200, 1.3e9].map(bytes), ['812 B', '4.1 KiB', '1.2 GiB'])
})

test('flags are read as they are written', () => {
  assert.deepEqual(
    ['500ms', '30s', '10m', '2h', '5d'].map(parseDuration),
    [500, 30_000, 600_000, 7_200_000, 432_000_000],
  )
  for (const text of ['', 'm', '-1s', '1 w', '1e3']) assert.throws(() => parseDuration(text), text)
  assert.deepEqual(['30', '0.5', '2m'].map(parseWait), [30_000, 500, 120_000])
  assert.throws(() => parseDuration('30'), /expected a unit after the number: 30s, .* or 30d$/)
  assert.deepEqual(parseOrder('a.b:desc'), { field: 'a.b', direction: 'desc' })
  assert.deepEqual(parseOrder('a'), { field: 'a', direction: 'asc' })
  assert.throws(() => parseOrder('a:up'))
})

for (const [line, arranged] of [
  ['list X', 'list X'],
  ['--json list X', 'list X --json'],
  ['--store D --json list X --limit 1', 'list X --limit 1 --store D --json'],
  ['--store=D types show X', 'types show X --store=D'],
  ['run npm test --json', 'run -- npm test --json'],
  ['run --job j npm test -- x', 'run --job j -- npm test -- x'],
  ['run --job=j -- npm test', 'run --job=j -- npm test'],
  ['--json run --artifact g npm', 'run --json --artifact g -- npm'],
  ['run --nosuch npm', 'run --nosuch npm'],
  ['create X -- --json', 'create X -- --json'],
  ['--help', '--help'],
  ['', ''],
] as const) {
  test(`the command line "${line}" is arranged as "${arranged}"`, () => {
    const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')
    assert.deepEqual(arrangeArguments(words(line)), words(arranged))
  })
}

for (const [stream, env, coloured] of [
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { NO_COLOR: '1' }, false],
  [{ isTTY: true }, { TERM: 'dumb' }, false],
  [{}, {}, false],
  [{}, { CI: '1' }, false],
  [{}, { FORCE_COLOR: '1' }, true],
] as const) {
  test(`a stream ${JSON.stringify(stream)} with ${JSON.stringify(env)} has ${coloured ? '' : 'no '}colours`, () => {
    assert.equal(coloursFor(stream, env).red('x') !== 'x', coloured)
  })
}
