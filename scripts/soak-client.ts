import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkRuns } from '../test/e2e/live/property.ts'

/**
 * The long form of the test of live queries and subscriptions: `tsx scripts/soak-client.ts [RUNS] [SEED]`, by default 100
 * runs of up to 150 actions. Prints one line for each run, and ends with 1 if anybody saw what was not.
 */
async function main(runs: number, seed: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-l-'))
  console.log(JSON.stringify({ runs, seed, directory }))
  try {
    const onRun = (soFar: object): void => console.log(JSON.stringify(soFar))
    await checkRuns({ directory, runs, seed, actionsMax: 150, onRun })
    rmSync(directory, { recursive: true, force: true })
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
}

await main(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? Date.now() % 1_000_000))
