/** What a torture finds wrong between clients, subscribers and the disk, each in a case of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { additionProblems, ClientAccount } from './check/client-account.ts'
import type { Found, Logged, Stored } from './check/disk.ts'
import { StoreAccount } from './check/store-account.ts'
import { StreamAccount } from './check/stream-account.ts'
import type { Answer, JournalLine, Operation, Told } from './journal.ts'

function row(seq: number, id: string, version: number, more: Partial<Logged> = {}): Logged {
  const isFirst = version === 1
  return {
    ...{ seq, txn: seq, topic: null, type: 'Thing', id, version, lifecycle: 'active' },
    ...{ op: isFirst ? 'created' : 'updated', previous: isFirst ? null : version - 1 },
    ...{ reason: `k${seq}`, data: { summary: `k${seq}` } },
    ...more,
  }
}

const log: readonly Logged[] = [
  row(1, 'a', 1),
  row(2, 'a', 2),
  row(3, 'b', 1),
  row(4, 'c', 1, { txn: 3, reason: 'k3' }),
]

const stored = (type: string, id: string, of: Logged, more: Partial<Stored> = {}): Stored => {
  const { version, lifecycle, data, seq } = of
  return {
    type,
    id,
    version: version ?? 0,
    lifecycle: lifecycle ?? '',
    seq,
    data: data ?? {},
    ...more,
  }
}

function found(more: Partial<Found> = {}): Found {
  const none = new Map<string, number>()
  const identity = { storeId: 's', epoch: 'e', floorSeq: 0, tombstones: none }
  return { ...identity, log, records: records(), integrity: 'ok', ...more }
}

function records(): Stored[] {
  return log.slice(1).map((of) => stored('Thing', String(of.id), of))
}

function alter(index: number, more: Partial<Logged>): Logged[] {
  return log.map((one, at) => (at === index ? { ...one, ...more } : one))
}

test('a store in which everything is right has no problem', () => {
  const account = new StoreAccount()
  assert.deepEqual([...account.take(found()), ...account.takeWhole(found())], [])
})

const wrongStores: readonly (readonly [string, Partial<Found>, RegExp])[] = [
  ['a hole in the log', { log: alter(3, { seq: 5 }) }, /a hole in the log: expected seq 4, got 5/],
  ['a transaction in two places', { log: alter(3, { txn: 2 }) }, /seq 4 is of transaction 2/],
  [
    'a version that is given twice',
    { log: alter(1, { version: 1 }) },
    /version 1 of Thing\/a was given twice/,
  ],
  [
    'a version that is skipped',
    { log: alter(1, { version: 3 }) },
    /version 3 of Thing\/a follows version 1/,
  ],
  [
    'an event that follows another than it says',
    { log: alter(1, { previous: 7 }) },
    /seq 2 says that it follows 7/,
  ],
  [
    'a record that its events do not explain',
    { records: [stored('Thing', 'a', row(2, 'a', 3))] },
    /record Thing\/a is .*"version":3/,
  ],
  [
    'a record with other data',
    { records: [stored('Thing', 'b', row(3, 'b', 1, { data: {} }))] },
    /record Thing\/b is/,
  ],
  [
    'a record without an event',
    { records: [stored('Thing', 'z', row(9, 'z', 1))] },
    /its events say nothing/,
  ],
  ['a damaged file', { integrity: 'page 3 is never used' }, /SQLite says: page 3/],
]
for (const [what, more, said] of wrongStores) {
  test(`a store with ${what} is found out`, () => {
    assert.match(new StoreAccount().take(found(more)).join('\n'), said)
  })
}

test('what changes from one life to the next is found out', () => {
  const whole = (more: Partial<Found>): string => {
    const account = new StoreAccount()
    account.take(found())
    return [
      ...account.take(found({ log: [], records: [], ...more })),
      ...account.takeWhole(found(more)),
    ].join('\n')
  }
  assert.match(whole({ log: log.slice(0, 3) }), /the log is not what it was/)
  assert.match(whole({ epoch: 'other' }), /is s other without a restore/)
  assert.match(whole({ records: records().slice(1) }), /record Thing\/a is gone/)
})

const create = (id: string, key: string): Operation => {
  return { op: 'create', type: 'Thing', id, data: { summary: key } }
}
const acknowledged = (id: string, version: number, seq: number, replayed?: true): Answer => ({
  as: 'acknowledged',
  results: [
    {
      type: 'Thing',
      id,
      version,
      token: `o1.s.e.${seq}`,
      changed: true,
      ...(replayed && { replayed }),
    },
  ],
})

/** Judges what one client did, with the log as it is given. */
function judged(lines: readonly JournalLine[], rows: readonly Logged[]): string {
  const account = new ClientAccount()
  const problems = lines.flatMap((line) => account.take(line))
  account.takeLog(rows)
  return [...problems, ...account.judge('all')].join('\n')
}
const sent = (key: string, write: Operation[]): JournalLine => ({
  line: 'sent',
  key,
  atUs: 1,
  write,
})
const heard = (key: string, answer: Answer): JournalLine => ({
  line: 'heard',
  key,
  atUs: 2,
  answer,
})
const one = row(1, 'a', 1)
const wrote = sent('k1', [create('a', 'k1')])

test('a client whose writes are as they were answered has no problem', () => {
  const unknown: Answer = { as: 'unknown', why: 'cut' }
  const again = heard('k1', acknowledged('a', 1, 1, true))
  assert.equal(judged([wrote, heard('k1', acknowledged('a', 1, 1)), wrote, again], [one]), '')
  assert.equal(judged([wrote, heard('k1', unknown)], [one]), '')
  assert.equal(judged([wrote, heard('k1', unknown)], []), '')
  assert.equal(judged([wrote, heard('k1', { as: 'refused', kind: 'conflict' })], []), '')
})

test('a repeated write that nobody could look for stays open, and what it did before is no phantom', () => {
  const refused = (kind: string) => heard('k1', { as: 'refused', kind })
  const lost = heard('k1', { as: 'unknown', why: 'cut' })
  assert.equal(judged([wrote, lost, wrote, refused('storage_failed')], [one]), '')
  assert.match(judged([wrote, refused('storage_failed')], [one]), /phantom: k1/)
  assert.match(judged([wrote, lost, wrote, refused('conflict')], [one]), /phantom: k1/)
})

const wrongClients: readonly (readonly [
  string,
  readonly JournalLine[],
  readonly Logged[],
  RegExp,
])[] = [
  [
    'an acknowledged write that is lost',
    [wrote, heard('k1', acknowledged('a', 1, 1))],
    [],
    /lost: k1 was acknowledged/,
  ],
  [
    'an acknowledgement of another version',
    [wrote, heard('k1', acknowledged('a', 2, 1))],
    [one],
    /lost: k1 .* a 2/,
  ],
  [
    'an acknowledgement of another place',
    [wrote, heard('k1', acknowledged('a', 1, 9))],
    [one],
    /acknowledged at 9, and is elsewhere/,
  ],
  [
    'a refused write that is there',
    [wrote, heard('k1', { as: 'refused', kind: 'conflict' })],
    [one],
    /phantom: k1 was refused/,
  ],
  ['an event that nobody wrote', [], [one], /phantom: nobody wrote the event 1/],
  [
    'an effect that is doubled',
    [wrote],
    [one, row(2, 'a', 2, { reason: 'k1' })],
    /doubled or torn: k1/,
  ],
  [
    'a transaction that is torn',
    [sent('k3', [create('b', 'k3'), create('c', 'k3')])],
    [row(3, 'b', 1)],
    /doubled or torn: k3/,
  ],
  [
    'other data than was sent',
    [wrote],
    [row(1, 'a', 1, { data: { summary: 'x' } })],
    /k1 sent another summary of a/,
  ],
  [
    'a refusal that nothing explains',
    [wrote, heard('k1', { as: 'refused', kind: 'internal' })],
    [],
    /k1 was refused as internal/,
  ],
  [
    'a key that is answered anew when it is repeated',
    [wrote, heard('k1', acknowledged('a', 1, 1)), wrote, heard('k1', acknowledged('a', 1, 1))],
    [one],
    /k1 was answered a 1, and .* when repeated/,
  ],
]
for (const [what, lines, rows, said] of wrongClients) {
  test(`a client with ${what} is found out`, () => assert.match(judged(lines, rows), said))
}

test('additions that do not add up are found out', () => {
  const apply = [{ field: 'frequencyCount', op: 'increment', value: 1 }]
  const add: Operation = { op: 'update', type: 'Thing', id: 't', apply }
  const account = new ClientAccount()
  for (const key of ['k1', 'k2'])
    account.take(sent(key, key === 'k1' ? [create('t', 'k1')] : [add]))
  const counted = (second: number): Logged[] => [
    row(1, 't', 1, { data: { frequencyCount: 0 } }),
    row(2, 't', 2, { data: { frequencyCount: second } }),
  ]
  assert.deepEqual(additionProblems(account.writes, counted(1)), [])
  assert.match(additionProblems(account.writes, counted(2)).join(), /Thing\/t 2 rather than 1/)
})

const opened: JournalLine = { line: 'opened', subscription: 's', pattern: '*', afterSeq: 1 }
const told = (...rows: readonly Logged[]): JournalLine => ({
  line: 'told',
  subscription: 's',
  events: rows.map((one) => ({ ...toldOf(one) })),
})
function toldOf({ seq, txn, type, op, id, version, reason, data }: Logged): Told {
  const topic = `${type}.${op}`
  return {
    seq,
    txn,
    topic,
    id: id ?? '',
    version: version ?? 0,
    reason: reason ?? '',
    data: data ?? {},
  }
}
function streamed(lines: readonly JournalLine[], rows: readonly Logged[]): string {
  const account = new StreamAccount()
  const problems = lines.flatMap((line) => account.take(line))
  return [...problems, ...account.judge(rows)].join('\n')
}

test('a subscriber who is told everything once and in order has no problem', () => {
  assert.equal(streamed([opened, told(...log.slice(1, 3)), told(...log.slice(3))], log), '')
})

const wrongStreams: readonly (readonly [string, readonly JournalLine[], RegExp])[] = [
  [
    'an event that was dropped',
    [opened, told(...log.slice(2))],
    /dropped: s was told 3, and not 2/,
  ],
  [
    'an event that came twice',
    [opened, told(...log.slice(1, 2), ...log.slice(1, 3))],
    /told 2 after 2/,
  ],
  [
    'an event of what is not on disk',
    [opened, told(...log.slice(1), row(5, 'd', 1))],
    /leaked: s was told 5/,
  ],
  [
    'an event that is not what was logged',
    [opened, told(row(2, 'a', 7))],
    /s was told .*"version":7/,
  ],
  ['a gap', [opened, { line: 'gap', subscription: 's', reason: 'epoch' }], /told of a gap: epoch/],
]
for (const [what, lines, said] of wrongStreams) {
  test(`a subscriber with ${what} is found out`, () => assert.match(streamed(lines, log), said))
}
