/** The daemon, killed and troubled while programs use it; and whether what is planted to break it is noticed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { faultNames } from '../../scripts/planting/faults.ts'
import { plantFault } from '../../scripts/planting/planted-program.ts'
import { program } from '../cli/orion-process.ts'
import { runTorture } from './torture-run.ts'

const isLong = process.env.ORION_LONG === '1'
const kills = isLong ? 100 : 8
// Of one file alone nobody knows whether the built program is of the present sources.
const runsSources = process.env.ORION_TESTED_PROGRAM !== 'built'

test(`${kills} kills lose nothing that was answered, invent nothing, and tear nothing`, async (t) => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`again: npm run torture -- --kills ${kills} --lives ${kills} --seed ${seed}`)
  const place = { directory: shortDirectory(t), program, runsSources }
  const { totals, findings } = await runTorture({ ...place, seed, kills, lifeMaxMs: 800 })
  t.diagnostic(JSON.stringify(totals))
  assert.deepEqual(findings, [])
  assert.ok((totals.kills ?? 0) >= kills)
  for (const what of ['acknowledged writes', 'reads', 'events told']) {
    assert.ok((totals[what] ?? 0) > 0, `too little happened: no ${what}`)
  }
})

/** What a finding of each says. */
const said: { readonly [fault: string]: RegExp } = {
  'answer-before-sync': /lost: |leaked: |hole|is gone|not what it was|ended by itself/,
  'dropped-event': /dropped: /,
  'version-reused': /version \d+ of .* was given twice|not linearizable/,
}
for (const fault of isLong ? faultNames : (['answer-before-sync'] as const)) {
  test(`a daemon with the fault ${fault} is found out`, async (t) => {
    const directory = shortDirectory(t)
    const planted = await plantFault(fault, directory)
    const run = join(directory, 'run')
    const { findings } = await runTorture({ directory: run, program: planted, seed: 7, kills: 40 })
    assert.match(findings.join('\n'), said[fault] ?? /never/)
  })
}

/** A socket's path has to be short. */
function shortDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'orion-t-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}
