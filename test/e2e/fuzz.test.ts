/** Odd input of every kind at a live daemon, beside a client that must not notice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryDamagedFiles } from '../legacy/damaged-files.ts'
import { type FuzzReport, runFuzz } from './fuzz/fuzz-run.ts'
import { fileSeedsToRepeat, seedsToRepeat } from './fuzz/seeds.ts'

const inputs = process.env.ORION_LONG === '1' ? 500_000 : 6_000

function assertSound(report: FuzzReport): void {
  const again = `again: npm run fuzz -- --seed ${report.seed} --inputs ${report.inputs}`
  assert.deepEqual(report.problems, [], again)
}

test(`${inputs} odd inputs hurt neither the daemon nor the client beside them`, async (t) => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const report = await runFuzz(t, { seed, inputs })
  t.diagnostic(JSON.stringify(report))
  assertSound(report)
  assert.ok(report.inputs >= inputs && report.written > 0, 'too little happened')
  // The inputs are of every kind: served, refused for their shape, for what they say, and for their frame.
  for (const code of [0, -32700, -32602, -32601, -32600, 40000, 40400, 40401]) {
    assert.ok((report.codes[code] ?? 0) > 0, `nothing was answered with ${code}`)
  }
})

for (const { seed, inputs: count } of seedsToRepeat) {
  test(`seed ${seed} finds nothing any more`, async (t) => {
    assertSound(await runFuzz(t, { seed, inputs: count }))
  })
}

test('damaged files of the earlier system are read as far as they can be, or refused with what to do', async (t) => {
  const seed = Date.now() % 1_000_000
  const fresh = { seed, files: 60 }
  t.diagnostic(JSON.stringify(fresh))
  for (const { seed, files } of [fresh, ...fileSeedsToRepeat]) {
    const { problems } = await tryDamagedFiles(seed, files)
    assert.deepEqual(problems, [])
  }
})
