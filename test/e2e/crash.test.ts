/** `kill -9` of a real daemon at random moments, and whether the checks that find nothing could find something. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type CrashReport, runCrashes } from './crash/crash-run.ts'
import {
  effectProblems,
  type Ledger,
  type LoggedEvent,
  logProblems,
  type Outcome,
  recordProblems,
  repeatProblems,
} from './crash/history.ts'
import { storeDirectory } from './crash/mortal-daemon.ts'

const kills = process.env.ORION_LONG === '1' ? 100 : 8

test(`${kills} kills lose nothing that was answered, double nothing and tear nothing`, async (t) => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const report = await runCrashes({ directory: shortDirectory(t), kills, seed })
  t.diagnostic(JSON.stringify(report))
  assert.deepEqual(report.problems, [])
  assert.ok(
    report.kills >= kills && report.acknowledged > 0 && report.cut > 0,
    'too little happened',
  )
  assert.ok(report.integrity === 'ok' || !process.env.CI, 'sqlite3 has to be there in CI')
})

test('kills of a store whose write-ahead log is emptied afterwards are found out', async (t) => {
  const directory = shortDirectory(t)
  let report: CrashReport | undefined
  try {
    report = await runCrashes({ directory, kills: 4, seed: 7, sabotage: emptyLog })
  } catch (error) {
    // Better still: the daemon notices by itself, and does not serve such a store.
    assert.match(String(error), /did not start/)
    return
  }
  assert.notDeepEqual(report.problems, [])
})

/** All of it: the file is written over from its start, so that its second half may hold nothing that counts. */
function emptyLog(directory: string): void {
  truncateSync(join(storeDirectory(directory), 'store.sqlite-wal'), 0)
}

/** A socket's path has to be short. */
function shortDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'orion-k-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

/** A log of four events: two creations, an update, and a transaction of two. */
const log: readonly LoggedEvent[] = [
  event({ seq: 1, id: 'a', version: 1, reason: 'k1' }),
  event({ seq: 2, id: 'a', version: 2, previousVersion: 1, reason: 'k2' }),
  event({ seq: 3, id: 'b', version: 1, reason: 'k3' }),
  event({ seq: 4, txn: 3, id: 'c', version: 1, reason: 'k3' }),
]

const ledger: Ledger = new Map([
  entry('k1', [['a', 1, 'at-1']]),
  entry('k2', [['a', 2, 'at-2']]),
  entry('k3', [
    ['b', 1, 'at-4'],
    ['c', 1, 'at-4'],
  ]),
  ['k4', { attempt: attempt('k4', ['a']), outcome: { tag: 'refused', why: '40900 late' } }],
  ['k5', { attempt: attempt('k5', ['d']), outcome: { tag: 'unknown' } }],
])

test('a history in which everything is as it was answered has no problem', () => {
  assert.deepEqual([...logProblems(log), ...effectProblems(ledger, log)], [])
  assert.deepEqual(recordProblems(log, new Map([['Thing/a', { version: 2, data: { n: 2 } }]])), [])
})

/** Logs that can't be true, and what is said about them. */
const falseLogs: readonly (readonly [what: string, log: readonly LoggedEvent[], said: RegExp])[] = [
  ['an acknowledged write is missing', log.slice(0, 1), /k2 was acknowledged as a 2, and is lost/],
  ['the last of a transaction is missing', log.slice(0, 3), /k3 wrote b in 3 rather than b, c/],
  ['a transaction is in two places', alter(3, { txn: 4 }), /k3 wrote b in 3, c in 4/],
  ['a seq is left out', alter(3, { seq: 5 }), /expected seq 4, got 5/],
  ['a transaction goes on after another', alter(3, { txn: 2 }), /belongs to transaction 2/],
  ['a version is left out', alter(1, { version: 3 }), /expected version 2 of Thing\/a, got 3/],
  ['a version comes twice', alter(1, { version: 1 }), /expected version 2 of Thing\/a, got 1/],
  ['a version follows another', alter(1, { previousVersion: 7 }), /a 2 says it follows 7/],
  [
    'a write happened twice',
    again({ id: 'a', version: 3, previousVersion: 2, reason: 'k2' }),
    /k2 wrote a in 2, a in 5/,
  ],
  [
    'a refused write happened',
    again({ id: 'a', version: 3, previousVersion: 2, reason: 'k4' }),
    /k4 was refused/,
  ],
  [
    'an event has no writer',
    again({ id: 'z', version: 1, reason: 'k9' }),
    /nobody wrote the event 5/,
  ],
  [
    'a write went elsewhere',
    again({ id: 'z', version: 1, reason: 'k5' }),
    /k5 wrote z in 5 rather than d/,
  ],
  ['an answer names another position', alter(1, { token: 'at-9' }), /k2 was acknowledged at at-2/],
]
for (const [what, events, said] of falseLogs) {
  test(`a history in which ${what} is found out`, () => {
    assert.match([...logProblems(events), ...effectProblems(ledger, events)].join('\n'), said)
  })
}

test('a write that was refused for anything but a lost race is found out', () => {
  const outcome: Outcome = { tag: 'refused', why: '40400 gone' }
  const full: Ledger = new Map([['k1', { attempt: attempt('k1', ['a']), outcome }]])
  assert.match(effectProblems(full, []).join(), /not because it lost a race: 40400 gone/)
})

test('a record that is not as the log left it is found out', () => {
  for (const record of [{ version: 1, data: { n: 2 } }, { version: 2, data: { n: 1 } }, null]) {
    assert.equal(recordProblems(log, new Map([['Thing/a', record]])).length, 1)
  }
})

test('a repeated key that is answered otherwise than before is found out', () => {
  const first = acknowledged([['a', 1, 'at-1']])
  const same = acknowledged([['a', 1, 'at-1']], true)
  assert.deepEqual(repeatProblems(first, same), [])
  const wrong: readonly Outcome[] = [
    { tag: 'refused', why: 'exists' },
    { tag: 'unknown' },
    first,
    acknowledged([['a', 2, 'at-1']], true),
    acknowledged([['a', 1, 'at-5']], true),
  ]
  for (const outcome of wrong) assert.equal(repeatProblems(first, outcome).length, 1)
})

type Place = readonly [id: string, version: number, token: string]

function event(more: Partial<LoggedEvent> & Pick<LoggedEvent, 'seq'>): LoggedEvent {
  const { seq, version = 1 } = more
  const record = { version, data: { n: version } }
  return { txn: seq, topic: 'Thing.changed', token: `at-${seq}`, record, ...more }
}

function alter(index: number, more: Partial<LoggedEvent>): LoggedEvent[] {
  return log.map((event, at) => (at === index ? { ...event, ...more } : event))
}

function again(more: Partial<LoggedEvent>): LoggedEvent[] {
  return [...log, event({ seq: 5, ...more })]
}

function attempt(key: string, ids: readonly string[]) {
  return { key, method: 'record/create', params: {}, ids }
}

function entry(key: string, places: readonly Place[]) {
  const ids = places.map(([id]) => id)
  return [key, { attempt: attempt(key, ids), outcome: acknowledged(places) }] as const
}

function acknowledged(places: readonly Place[], replayed?: true): Outcome {
  const results = places.map(([id, version, token]) => ({ id, version, token }))
  return {
    tag: 'acknowledged',
    results: results.map((one) => (replayed === undefined ? one : { ...one, replayed })),
  }
}
