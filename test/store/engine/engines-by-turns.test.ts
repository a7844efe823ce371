import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCrashes } from './crash/crash-run.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const kills = process.env.ORION_LONG === '1' ? 100 : 4

test(`engines that take turns at one file, each killed, lose nothing in ${kills} turns`, async (t) => {
  const report = await runCrashes({
    directory: temporaryDirectory(t),
    syncMode: 'grouped',
    batch: 5,
    kills,
    engines: ['sql.js', 'sqlite-wasm'],
  })
  assert.deepEqual(report.problems, [])
  assert.equal(report.logsLeft, kills)
})
