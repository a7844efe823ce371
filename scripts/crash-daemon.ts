import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCrashes } from '../test/e2e/crash/crash-run.ts'

/**
 * The long form of the daemon's crash test: `tsx scripts/crash-daemon.ts [KILLS] [SEED]`, by default 100 kills.
 * Prints one line for each life, and ends with 1 if anything was lost, doubled, torn or invented.
 */
async function main(kills: number, seed: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-k-'))
  console.log(JSON.stringify({ kills, seed, directory }))
  const report = await runCrashes({
    directory,
    kills,
    seed,
    onLife: (soFar) => console.log(JSON.stringify(soFar)),
  })
  console.log(JSON.stringify(report, undefined, 2))
  if (report.problems.length === 0) rmSync(directory, { recursive: true, force: true })
  process.exitCode = report.problems.length === 0 ? 0 : 1
}

await main(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? Date.now() % 1_000_000))
