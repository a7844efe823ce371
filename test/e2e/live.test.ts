/** Whatever happens to daemon and connections, everybody who reads sees what was, at each position. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkRuns } from './live/property.ts'

test('live queries and folded subscriptions equal the store at their positions, over kills, cuts and compactions', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'orion-l-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  const seed = Number(process.env.ORION_SEED ?? Date.now() % 1_000_000)
  const size =
    process.env.ORION_LONG === '1' ? { runs: 50, actionsMax: 120 } : { runs: 3, actionsMax: 50 }
  const { observations, ...report } = await checkRuns({ directory, seed, ...size })
  t.diagnostic(JSON.stringify({ seed, observations, ...report }))
  assert.ok(observations > 100)
})
