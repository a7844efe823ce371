import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineNames } from '../../../daemon/store/engine/load-engine.ts'
import { testEngineName } from '../../support/engine.ts'
import { runCrashes } from './crash/crash-run.ts'
import { problemOf } from './crash/crash-state.ts'
import { temporaryDirectory } from './temporary-directory.ts'

// Each starts a process. What is not of a build of SQLite itself was killed on the default one.
const killsInShort = testEngineName() === engineNames[0] ? 6 : 3
const kills = process.env.ORION_LONG === '1' ? 100 : killsInShort

for (const [syncMode, batch] of [
  ['grouped', 5],
  ['full', 1],
] as const) {
  test(`killed at ${kills} random moments in ${syncMode} mode, it loses nothing`, async (t) => {
    const directory = temporaryDirectory(t)
    const report = await runCrashes({ directory, syncMode, batch, kills })
    assert.deepEqual(report.problems, [])
    assert.equal(report.logsLeft, kills)
    assert.ok(report.acknowledgements >= kills)
  })
}

test('a lost, a torn and a corrupt state are told apart from a sound one', () => {
  const sound = { integrity: 'ok', events: 7, seq: 7, versions: 7 }
  assert.equal(problemOf(sound, 7), undefined)
  assert.match(problemOf(sound, 8) ?? '', /lost: seq 7, acknowledged was 8/)
  assert.match(problemOf({ ...sound, versions: 6 }, 7) ?? '', /a part of a transaction/)
  assert.match(problemOf({ ...sound, events: 6 }, 7) ?? '', /a part of a transaction/)
  assert.match(problemOf({ ...sound, integrity: 'row 3 missing' }, 7) ?? '', /row 3 missing/)
  assert.match(problemOf({ ...sound, seq: Number.NaN }, 7) ?? '', /a part of a transaction/)
})
