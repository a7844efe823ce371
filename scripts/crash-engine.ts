import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCrashes } from '../test/store/engine/crash/crash-run.ts'

/**
 * The long form of the crash suite: `tsx scripts/crash-engine.ts [KILLS]`, by default 200 for each
 * combination of sync mode and batch size. Ends with 1 if anything was lost or corrupt.
 * `ORION_ENGINE` names the engine.
 */
async function main(kills: number): Promise<void> {
  let failures = 0
  for (const syncMode of ['grouped', 'full'] as const) {
    for (const batch of [1, 7, 60]) {
      const directory = mkdtempSync(join(tmpdir(), 'orion-crash-'))
      try {
        const report = await runCrashes({ directory, syncMode, batch, kills })
        failures += report.problems.length
        console.log(JSON.stringify({ syncMode, batch, ...report }))
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    }
  }
  process.exitCode = failures === 0 ? 0 : 1
}

await main(Number(process.argv[2] ?? 200))
