import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runRestoreKills } from '../test/e2e/crash/restore-run.ts'

/**
 * The long form of the test that kills during a restore: `tsx scripts/crash-restore.ts [KILLS] [SEED]`, by default 100
 * kills. Prints one line for each, and ends with 1 if a store was mixed, lost, or in a wrong epoch.
 */
async function main(kills: number, seed: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-k-'))
  console.log(JSON.stringify({ kills, seed, directory }))
  const report = await runRestoreKills({
    directory,
    kills,
    seed,
    programEvery: 2,
    onRound: (soFar) => console.log(JSON.stringify(soFar)),
  })
  console.log(JSON.stringify(report, undefined, 2))
  if (report.problems.length === 0) rmSync(directory, { recursive: true, force: true })
  process.exitCode = report.problems.length === 0 ? 0 : 1
}

await main(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? Date.now() % 1_000_000))
