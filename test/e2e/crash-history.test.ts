/** Whether the checks of logs and records that find nothing could find something. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LoggedEvent, logProblems, recordProblems } from './crash/history.ts'

/** A log of four events: two creations, an update, and a transaction of two. */
const log: readonly LoggedEvent[] = [
  event({ seq: 1, id: 'a', version: 1 }),
  event({ seq: 2, id: 'a', version: 2, previousVersion: 1 }),
  event({ seq: 3, id: 'b', version: 1 }),
  event({ seq: 4, txn: 3, id: 'c', version: 1 }),
]

test('a history in which everything is right has no problem', () => {
  assert.deepEqual(logProblems(log), [])
  assert.deepEqual(recordProblems(log, new Map([['Thing/a', { version: 2, data: { n: 2 } }]])), [])
})

/** Logs that can't be true, and what is said about them. */
const falseLogs: readonly (readonly [what: string, log: readonly LoggedEvent[], said: RegExp])[] = [
  ['a seq is left out', alter(3, { seq: 5 }), /expected seq 4, got 5/],
  ['a transaction goes on after another', alter(3, { txn: 2 }), /belongs to transaction 2/],
  ['a version is left out', alter(1, { version: 3 }), /expected version 2 of Thing\/a, got 3/],
  ['a version comes twice', alter(1, { version: 1 }), /expected version 2 of Thing\/a, got 1/],
  ['a version follows another', alter(1, { previousVersion: 7 }), /a 2 says it follows 7/],
]
for (const [what, events, said] of falseLogs) {
  test(`a history in which ${what} is found out`, () => {
    assert.match(logProblems(events).join('\n'), said)
  })
}

test('a record that is not as the log left it is found out', () => {
  for (const record of [{ version: 1, data: { n: 2 } }, { version: 2, data: { n: 1 } }, null]) {
    assert.equal(recordProblems(log, new Map([['Thing/a', record]])).length, 1)
  }
})

function event(more: Partial<LoggedEvent> & Pick<LoggedEvent, 'seq'>): LoggedEvent {
  const { seq, version = 1 } = more
  const record = { version, data: { n: version } }
  return { txn: seq, topic: 'Thing.changed', token: `at-${seq}`, record, ...more }
}

function alter(index: number, more: Partial<LoggedEvent>): LoggedEvent[] {
  return log.map((event, at) => (at === index ? { ...event, ...more } : event))
}
