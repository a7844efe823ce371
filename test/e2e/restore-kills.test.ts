/** `kill -9` at random moments of a restore, and whether the checks that find nothing could find something. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LoggedEvent } from './crash/history.ts'
import { type RestoredState, restoreProblems, type StoreState } from './crash/restore-history.ts'
import { runRestoreKills } from './crash/restore-run.ts'

const long = process.env.ORION_LONG === '1'
const kills = long ? 100 : 8

test(`${kills} kills during a restore leave the old store or the restored one, whole`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'orion-k-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const report = await runRestoreKills({ directory, kills, seed, programEvery: long ? 2 : 4 })
  t.diagnostic(JSON.stringify(report))
  assert.deepEqual(report.problems, [])
  const { decided, finished } = report.outcomes
  assert.ok(report.kills >= kills && report.acknowledged > 0, 'too little happened')
  assert.equal(decided.old + finished.old, 0, 'what was decided happens')
  assert.ok(decided.restored + finished.restored > 0, 'none was decided')
})

const backup = state('one', ['a'])
const before = state('two', ['a', 'b'])

/** A store that is as it should be: first the old one with writes since, then the restored one. */
const old: RestoredState = {
  before,
  backup,
  after: state('two', ['a', 'b', 'c']),
  attempted: new Set(['c', 'd']),
  acknowledged: new Set(['c']),
  wasAnswered: false,
  epochs: new Set(['one', 'two']),
}
const restored: RestoredState = { ...old, after: state('three', ['a']), wasAnswered: true }

test('an old store with its writes and a restored one have no problem', () => {
  assert.deepEqual(restoreProblems(old), [])
  assert.deepEqual(restoreProblems(restored), [])
  assert.deepEqual(restoreProblems({ ...restored, wasAnswered: false }), [])
})

/** What can't be true of a restore, and what is said about it. */
const wrong: readonly (readonly [what: string, found: RestoredState, said: RegExp])[] = [
  ['is the restored one in the old epoch', { ...old, after: state('two', ['a']) }, /expected 2/],
  ['is the old one in a new epoch', { ...old, after: state('three', ['a', 'b']) }, /expected 1/],
  ['is in an epoch of before', { ...restored, after: state('one', ['a']) }, /second time/],
  ['has lost a write', { ...old, after: before }, /c was answered, and is lost/],
  ['has a write of nobody', { ...old, after: state('two', ['a', 'b', 'c', 'x']) }, /wrote x/],
  ['is another one', { ...old, after: { ...old.after, storeId: 'other' } }, /the store other/],
  ['is the old one after an answer', { ...old, wasAnswered: true }, /the epoch is the old one/],
  ['has another event', { ...restored, after: state('three', ['z']) }, /event 1 about/],
  [
    'has lost a record',
    { ...old, after: { ...old.after, records: new Map([['T/a', null]]) } },
    /T\/a/,
  ],
]
for (const [what, found, said] of wrong) {
  test(`a store that ${what} is found out`, () => {
    assert.match(restoreProblems(found).join('\n'), said)
  })
}

function state(epoch: string, ids: readonly string[]): StoreState {
  const events = ids.map(
    (id, at): LoggedEvent => ({
      seq: at + 1,
      txn: at + 1,
      topic: 'T.created',
      id,
      version: 1,
      token: `${epoch}-${at}`,
      record: { version: 1, data: { id } },
    }),
  )
  return {
    storeId: 's',
    epoch,
    events,
    records: new Map(events.map((e) => [`T/${e.id}`, e.record])),
  }
}
